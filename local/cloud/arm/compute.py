"""The calls of Microsoft.Compute: virtual machines, managed disks, access to disks and its operations."""

from collections.abc import Callable

from local.cloud.arm import errors, operations
from local.cloud.arm.calls import Answer, Call, Handler, Route
from local.cloud.arm.compute_bodies import disk_body, instance_view, machine_body
from local.cloud.arm.exports import LONGEST_SECONDS, DiskExports
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.operations import Operation, Operations, Output, Wait
from local.cloud.arm.resources import Disk, Machine
from local.cloud.arm.storage import Storage
from local.cloud.speeds import Speeds

_COMPUTE = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"


class Compute:
    """Answers the calls of the Compute provider."""

    def __init__(
        self, lookup: Lookup, exports: DiskExports, storage: Storage, speeds: Speeds, running: Operations
    ) -> None:
        self._lookup = lookup
        self._exports = exports
        self._storage = storage
        self._speeds = speeds
        self._operations = running

    def routes(self) -> list[Route]:
        """Every call that is answered, by its operation's name in the published API."""
        machine, disk = f"{_COMPUTE}/virtualMachines/{{name}}", f"{_COMPUTE}/disks/{{name}}"
        operation = (
            "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/DiskOperations/{name}"
        )
        return [
            _route("VirtualMachines_Get", "GET", machine, self._get_machine),
            _route("VirtualMachines_InstanceView", "GET", f"{machine}/instanceView", self._get_view),
            _route("Disks_Get", "GET", disk, self._get_disk),
            _route("Disks_GrantAccess", "POST", f"{disk}/beginGetAccess", self._grant),
            _route("Disks_RevokeAccess", "POST", f"{disk}/endGetAccess", self._revoke),
            _route("DiskOperations_Get", "GET", operation, self._get_operation),
        ]

    async def _get_machine(self, call: Call) -> Answer:
        with_view = "instanceview" in call.query.get("$expand", "").lower()
        return Answer(200, machine_body(await self._machine(call), with_view=with_view))

    async def _get_view(self, call: Call) -> Answer:
        return Answer(200, instance_view(await self._machine(call)))

    async def _machine(self, call: Call) -> Machine:
        machine = self._lookup.machine(call)
        await self._operations.look(self._operations.running_on(machine.id))
        # What was being done to it may have ended with its deletion.
        return self._lookup.machine(call)

    async def _get_disk(self, call: Call) -> Answer:
        disk = self._lookup.disk(call)
        await self._operations.look(self._operations.running_on(disk.id))
        return Answer(200, disk_body(disk, self._exports.state(disk)))

    async def _grant(self, call: Call) -> Answer:
        disk = self._lookup.disk(call)
        seconds = _asked_seconds(call)
        machine = disk.machine
        if machine.power != "deallocated":
            raise errors.conflict(
                f"Access not permitted because disk {disk.name} is currently attached to running VM "
                f"{machine.compute_id}."
            )

        def granted() -> Output:
            return {"accessSAS": self._storage.blob_endpoint + self._exports.grant(disk, seconds)}

        return self._begin(call, disk, self._speeds.grant_seconds, granted)

    async def _revoke(self, call: Call) -> Answer:
        disk = self._lookup.disk(call)

        def revoked() -> Output:
            self._exports.revoke(disk)
            return None

        return self._begin(call, disk, self._speeds.revoke_seconds, revoked)

    def _begin(self, call: Call, disk: Disk, seconds: float, effect: Callable[[], Output]) -> Answer:
        """Start an operation on a disk; a second one meanwhile is a conflict."""
        if self._operations.running_on(disk.id) is not None:
            raise errors.concurrent()

        async def work(wait: Wait) -> Output:
            await wait(seconds)
            return effect()

        operation = self._operations.begin(call.names["subscription"], disk.region, disk.id, work)
        status = operations.disk_url(call.base_url, operation, call.api_version)
        location = operations.disk_url(call.base_url, operation, call.api_version, monitor=True)
        return Answer(202, headers={"Azure-AsyncOperation": status, "Location": location})

    async def _get_operation(self, call: Call) -> Answer:
        operation = self._lookup.operation(self._operations, call)
        await self._operations.look(operation)
        if call.query.get("monitor") != "true":
            return Answer(200, operations.compute_status(operation))
        return _monitored(call, operation)


def _monitored(call: Call, operation: Operation) -> Answer:
    """What the Location of an operation says: 202 until it ends, then what the operation gave."""
    if operation.status == "Running":
        return Answer(202, headers={"Location": call.base_url + call.raw_path})
    if operation.error is not None:
        raise operation.error
    return Answer(200, operation.output)


def _route(operation: str, method: str, template: str, handler: Handler) -> Route:
    return Route(operation, method, template, "compute", handler)


def _asked_seconds(call: Call) -> int:
    """Check what access a call asks for, and return for how many seconds."""
    body = call.json()
    access, seconds = body.get("access"), body.get("durationInSeconds")
    if access not in ("None", "Read", "Write"):
        raise _invalid("access", "must be None, Read or Write")
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise _invalid("durationInSeconds", "must be a whole number")
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise _invalid("durationInSeconds", f"must be between 1 and {LONGEST_SECONDS}, which are 60 days")
    if access != "Read" or body.get("fileFormat", "VHD") != "VHD" or body.get("getSecureVMGuestStateSAS"):
        raise errors.NotEmulated("Disks_GrantAccess for anything but reading a VHD")
    return seconds


def _invalid(parameter: str, reason: str) -> errors.Refused:
    return errors.Refused(400, "InvalidParameter", f"The value of parameter {parameter} is invalid: it {reason}.")
