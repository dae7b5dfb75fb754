"""Ids of Azure Resource Manager, whose letters come back in any case. It asks nobody."""

from typing import NamedTuple

from shared.domain.errors import Refused


class ArmId(NamedTuple):
    """What a call needs of an id: /subscriptions/<s>/resourceGroups/<g>/providers/<namespace>/<type>/<name>."""

    subscription_id: str
    resource_group: str
    name: str


def parsed(arm_id: str) -> ArmId:
    """The parts of an id. Raises Refused where it is none."""
    match arm_id.strip("/").split("/"):
        case [subscriptions, subscription_id, groups, group, providers, _, *_, name] if (
            subscriptions.lower(),
            groups.lower(),
            providers.lower(),
        ) == ("subscriptions", "resourcegroups", "providers"):
            return ArmId(subscription_id, group, name)
    raise Refused("not-an-id", f"'{arm_id}' is no id of an Azure resource.", what=arm_id)


def last_name(arm_id: str | None) -> str:
    """The last segment of an id, or an empty text: the name of a storage account is all that is wanted of its id."""
    return (arm_id or "").rstrip("/").rpartition("/")[2]
