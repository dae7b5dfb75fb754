"""What the caller may do: role definitions in Azure's own JSON, assigned at scopes. Nothing here knows the network.

A world that assigns no roles lets the caller do everything; an empty list lets it do nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from local.cloud.errors import WorldEntryError

_SCOPE = re.compile(r"(/[^/\s]+)+|/")
_DEFINITION = ("Name", "Description", "IsCustom", "Actions", "NotActions", "DataActions", "NotDataActions")
_PUBLISHED = ("AssignableScopes", "Id", "roleName", "roleType", "type", "permissions")


@dataclass(frozen=True, slots=True)
class RoleAssignment:
    """Actions that are allowed, less those that are not, at and below some scopes; all without regard to case."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    scopes: tuple[str, ...]

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Read `{"role": <definition>, "scopes": [...]}`; raises WorldEntryError naming the key.

        The definition has the form that `az role definition create` takes (`Actions`, `AssignableScopes`), or the one
        that Resource Manager shows (`properties.permissions[].actions`). Without `scopes` its assignable ones count.
        """
        for key in entry:
            if key not in ("role", "scopes"):
                raise WorldEntryError(key, "unknown; known are role, scopes")
        role = entry.get("role")
        if not isinstance(role, Mapping):
            raise WorldEntryError("role", "must be a role definition: an object with Actions or properties.permissions")
        definition = _plain(role)
        scopes = _texts(entry, "scopes", "scopes") or _texts(definition, "assignablescopes", "role.AssignableScopes")
        if not scopes:
            raise WorldEntryError("scopes", "say where the role is assigned; the definition names no assignable scope")
        for number, scope in enumerate(scopes):
            if not _SCOPE.fullmatch(scope):
                raise WorldEntryError(f"scopes[{number}]", "must be a path such as /subscriptions/<id>")
        return cls(
            actions=_texts(definition, "actions", "role.Actions"),
            not_actions=_texts(definition, "notactions", "role.NotActions"),
            scopes=tuple(scope.rstrip("/").lower() for scope in scopes),
        )

    def allows(self, action: str, scope: str) -> bool:
        """Whether it allows an action, such as `Microsoft.DevTestLab/labs/read`, at a scope."""
        where = scope.rstrip("/").lower()
        if not any(where == own or where.startswith(own + "/") for own in self.scopes):
            return False
        return _among(action, self.actions) and not _among(action, self.not_actions)

    def touches(self, scope: str) -> bool:
        """Whether it is assigned above, at or below a scope."""
        where = scope.rstrip("/").lower()
        return any(f"{where}/".startswith(f"{own}/") or own.startswith(f"{where}/") for own in self.scopes)


class Roles:
    """The role assignments of the caller; None: it may do everything."""

    def __init__(self, assignments: Sequence[RoleAssignment] | None = None) -> None:
        self.assignments = assignments

    def allow(self, action: str, scope: str) -> bool:
        """Whether the caller may do this there."""
        return self.assignments is None or any(one.allows(action, scope) for one in self.assignments)

    def touch(self, scope: str) -> bool:
        """Whether the caller has any role that concerns this scope: then it is shown to it in lists."""
        return self.assignments is None or any(one.touches(scope) for one in self.assignments)


def _plain(role: Mapping[str, Any]) -> dict[str, Any]:
    """A definition in either form, with lower-case keys."""
    members = role.get("properties", role)
    if not isinstance(members, Mapping):
        raise WorldEntryError("role.properties", "must be an object")
    plain = {key.lower(): value for key, value in members.items()}
    known = {key.lower() for key in (*_DEFINITION, *_PUBLISHED)}
    for key in members:
        if role is members and key.lower() not in known:
            raise WorldEntryError(f"role.{key}", f"unknown; known are {', '.join(_DEFINITION + _PUBLISHED)}")
    permissions = plain.pop("permissions", [])
    if not isinstance(permissions, list) or not all(isinstance(one, Mapping) for one in permissions):
        raise WorldEntryError("role.permissions", "must be a list of objects")
    for key in ("actions", "notActions"):
        for number, one in enumerate(permissions):
            place = f"role.permissions[{number}].{key}"
            plain[key.lower()] = [*_texts(plain, key.lower(), key), *_texts(one, key, place)]
    return plain


def _texts(entry: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    values = entry.get(key)
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise WorldEntryError(place, "must be a list of texts")
    return tuple(values)


def _among(action: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern meets the action; `*` stands for any number of any characters, slashes too."""
    return any(
        re.fullmatch(".*".join(re.escape(part) for part in pattern.split("*")), action, re.IGNORECASE)
        for pattern in patterns
    )
