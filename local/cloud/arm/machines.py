"""The calls on the virtual machines of a lab: listed, tagged, started, stopped and deleted."""

from collections.abc import Callable

from local.cloud.arm import errors, operations
from local.cloud.arm.bodies import lab_vm_body
from local.cloud.arm.calls import Answer, Call, Handler, Route
from local.cloud.arm.exports import DiskExports
from local.cloud.arm.images import tags_in
from local.cloud.arm.listing import Listing, expanded, selected
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.operations import Operations, Output, Wait
from local.cloud.arm.resources import Machine
from local.cloud.speeds import Speeds

_LABS = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DevTestLab/labs"
_MACHINES = f"{_LABS}/{{lab}}/virtualMachines"


class LabMachines:
    """Answers the calls on lab VMs; a started or deleted one takes its compute VM and its disks with it."""

    def __init__(
        self, lookup: Lookup, listing: Listing, exports: DiskExports, speeds: Speeds, running: Operations
    ) -> None:
        self._lookup = lookup
        self._listing = listing
        self._exports = exports
        self._speeds = speeds
        self._operations = running

    def routes(self) -> list[Route]:
        """Every call that is answered; the Compute provider has operations of the same published names."""
        machine = f"{_MACHINES}/{{name}}"
        return [
            _route("LabVirtualMachines_List", "GET", _MACHINES, self._list),
            _route("LabVirtualMachines_Get", "GET", machine, self._get),
            _route("LabVirtualMachines_Update", "PATCH", machine, self._patch),
            _route("LabVirtualMachines_Delete", "DELETE", machine, self._delete),
            _route("LabVirtualMachines_Start", "POST", f"{machine}/start", self._start),
            _route("LabVirtualMachines_Stop", "POST", f"{machine}/stop", self._stop),
        ]

    async def _list(self, call: Call) -> Answer:
        machines = self._lookup.machines_of(self._lookup.lab(call))
        return self._listing.answer(call, (lab_vm_body(machine, expanded(call)) for machine in machines))

    async def _get(self, call: Call) -> Answer:
        await self._operations.look(self._operations.running_on(self._lookup.lab_machine(call).id))
        machine = self._lookup.lab_machine(call)
        return Answer(200, selected(call, lab_vm_body(machine, expanded(call))))

    async def _patch(self, call: Call) -> Answer:
        machine, body = self._lookup.lab_machine(call), call.json()
        if "tags" in body:
            machine.tags = tags_in(body)
        return Answer(200, lab_vm_body(machine))

    async def _start(self, call: Call) -> Answer:
        machine = self._lookup.lab_machine(call)
        if granted := self._exports.granted(machine):
            raise errors.conflict(
                f"There is an active shared access signature outstanding for disk {granted}. "
                "Call EndGetAccess on the disk before attaching or starting the VM."
            )
        return self._begin(call, machine, "starting", self._speeds.start_vm_seconds, machine.start)

    async def _stop(self, call: Call) -> Answer:
        machine = self._lookup.lab_machine(call)
        return self._begin(call, machine, "deallocating", self._speeds.stop_vm_seconds, machine.deallocate)

    async def _delete(self, call: Call) -> Answer:
        try:
            machine = self._lookup.lab_machine(call)
        except errors.Refused as error:
            if error.code != "ResourceNotFound" or "/virtualMachines/" not in error.message:
                raise
            return Answer(204)

        def deleted() -> None:
            for disk in machine.disks:
                self._exports.revoke(disk)
            self._lookup.remove(machine)

        answer = self._begin(call, machine, machine.power, self._speeds.delete_vm_seconds, deleted)
        machine.state = "Deleting"
        return answer

    def _begin(
        self, call: Call, machine: Machine, meanwhile: str, seconds: float, effect: Callable[[], None]
    ) -> Answer:
        """Start an operation on a machine; `meanwhile` is its power until the end. A second one is a conflict."""
        if self._operations.running_on(machine.id) is not None:
            raise errors.concurrent()

        async def work(wait: Wait) -> Output:
            await wait(seconds)
            effect()
            return None

        machine.power = meanwhile
        lab = machine.lab.facts
        operation = self._operations.begin(lab.subscription_id, lab.location, machine.id, work)
        return operations.accepted(call.base_url, operation)


def _route(operation: str, method: str, template: str, handler: Handler) -> Route:
    return Route(operation, method, template, "devtestlab", handler)
