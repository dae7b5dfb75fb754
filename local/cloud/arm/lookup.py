"""Finds the resource that a call names, without regard to case, or raises the service's own kind of 404."""

import re
from collections.abc import Iterator

from local.cloud.arm import errors
from local.cloud.arm.calls import Call
from local.cloud.arm.operations import Operation, Operations
from local.cloud.arm.resources import CustomImage, Disk, LabState, Machine, Resources

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Lookup:
    """Looks into the resources of one emulated Azure."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def subscription(self, call: Call) -> str:
        """The call's subscription in lower case."""
        subscription = call.names["subscription"].lower()
        if not _GUID.fullmatch(subscription):
            message = f"The provided subscription identifier '{subscription}' is malformed or invalid."
            raise errors.Refused(400, "InvalidSubscriptionId", message)
        if subscription not in self._resources.subscriptions:
            message = f"The subscription '{subscription}' could not be found."
            raise errors.Refused(404, "SubscriptionNotFound", message)
        return subscription

    def subscriptions(self) -> tuple[str, ...]:
        """All subscriptions."""
        return self._resources.subscriptions

    def labs(self, call: Call) -> Iterator[LabState]:
        """The labs of the call's subscription, and of its resource group if it names one."""
        subscription = self.subscription(call)
        group = call.names.get("group", "").lower()
        labs = [lab for lab in self._resources.labs.values() if lab.facts.subscription_id.lower() == subscription]
        found = [lab for lab in labs if not group or lab.facts.resource_group.lower() == group]
        if group and not found:
            message = f"Resource group '{call.names['group']}' could not be found."
            raise errors.Refused(404, "ResourceGroupNotFound", message)
        return iter(found)

    def lab(self, call: Call) -> LabState:
        """The lab that the call is about."""
        group = f"/subscriptions/{call.names['subscription']}/resourceGroups/{call.names['group']}"
        lab = self._resources.labs.get(f"{group}/providers/Microsoft.DevTestLab/labs/{call.names['lab']}".lower())
        if lab is not None:
            return lab
        self.labs(call)
        raise errors.resource_not_found(f"Microsoft.DevTestLab/labs/{call.names['lab']}", call.names["group"])

    def image(self, lab: LabState, call: Call) -> CustomImage:
        """The custom image that the call is about."""
        image = lab.images.get(call.names["name"].lower())
        if image is None:
            raise errors.child_not_found(f"{call.names['lab']}/{call.names['name']}", call.names["group"])
        return image

    def machines_of(self, lab: LabState) -> Iterator[Machine]:
        """The machines of a lab."""
        return (machine for machine in self._resources.machines if machine.lab is lab)

    def lab_machine(self, call: Call) -> Machine:
        """The lab VM that the call is about."""
        for machine in self.machines_of(self.lab(call)):
            if machine.facts.name.lower() == call.names["name"].lower():
                return machine
        resource = f"Microsoft.DevTestLab/labs/{call.names['lab']}/virtualMachines/{call.names['name']}"
        raise errors.resource_not_found(resource, call.names["group"])

    def remove(self, machine: Machine) -> None:
        """Forget a machine and its disks."""
        self._resources.machines.remove(machine)

    def account(self, call: Call) -> LabState:
        """The lab whose storage account the call is about."""
        for lab in self.labs(call):
            if lab.facts.artifacts_account == call.names["name"].lower():
                return lab
        raise errors.resource_not_found(f"Microsoft.Storage/storageAccounts/{call.names['name']}", call.names["group"])

    def machine(self, call: Call) -> Machine:
        """The compute VM that the call is about."""
        self.subscription(call)
        group, name = call.names["group"], call.names["name"]
        for machine in self._resources.machines:
            if machine.compute_id.lower() == _compute_id(call, "virtualMachines"):
                return machine
        raise errors.resource_not_found(f"Microsoft.Compute/virtualMachines/{name}", group)

    def disk(self, call: Call) -> Disk:
        """The managed disk that the call is about."""
        self.subscription(call)
        for disk in self._resources.disks():
            if disk.id.lower() == _compute_id(call, "disks"):
                return disk
        raise errors.resource_not_found(f"Microsoft.Compute/disks/{call.names['name']}", call.names["group"])

    def operation(self, operations: Operations, call: Call) -> Operation:
        """The operation that the call asks for."""
        operation = operations.find(self.subscription(call), call.names["name"])
        if operation is None:
            message = f"The operation '{call.names['name']}' was not found."
            raise errors.Refused(404, "OperationNotFound", message)
        return operation


def _compute_id(call: Call, collection: str) -> str:
    group = f"/subscriptions/{call.names['subscription']}/resourceGroups/{call.names['group']}"
    return f"{group}/providers/Microsoft.Compute/{collection}/{call.names['name']}".lower()
