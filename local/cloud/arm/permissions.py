"""What a call needs: the action and the scope that Resource Manager checks before it passes the call on."""

from typing import NamedTuple

_VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


class Permission(NamedTuple):
    """An action, such as `Microsoft.DevTestLab/labs/listVhds/action`, and the scope at which it is needed."""

    action: str
    scope: str


def needed_by(method: str, template: str, path: str) -> Permission | None:
    """Return what a call needs, or None where a token is enough.

    `template` gives the action its published spelling; the scope is as it was asked. A list needs its action at the
    parent, a POST at the resource that it acts on. The operation of a long-running call is open to whoever was given
    its address: built-in roles, such as Disk Backup Reader, have no action for it either.
    """
    kinds, parts = template.strip("/").split("/"), path.strip("/").split("/")
    if kinds[0] != "subscriptions" or len(kinds) == 1 or kinds[-2].lower().endswith("operations"):
        return None
    verb = _VERBS.get(method, "action")
    if "providers" not in kinds:
        return Permission(f"Microsoft.Resources/{'/'.join(kinds[::2])}/{verb}", "/" + "/".join(parts))
    below = kinds.index("providers") + 2
    action = "/".join([kinds[below - 1], *kinds[below::2], verb])
    if len(kinds[below:]) % 2:
        parts = parts[:-1]
        # A list of a whole subscription is checked there, one of a resource group at the provider within it.
        parts = parts[:2] if len(parts) == below and below == 4 else parts
    return Permission(action, "/" + "/".join(parts))
