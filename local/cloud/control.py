"""The emulator's own calls under `/_emulator/`: what tests and benchmarks look at and change besides Azure's own calls.

It shows no signature of any disk access.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from local.cloud import local_only
from local.cloud.arm import times
from local.cloud.arm.bodies import custom_image_body
from local.cloud.arm.exports import DiskExports, content_of
from local.cloud.arm.resources import Disk, LabState, Machine, Resources
from local.cloud.arm.roles import RoleAssignment, Roles
from local.cloud.errors import EmulatorError, WorldEntryError
from local.cloud.faults import Fault, Faults
from local.cloud.ledger import Ledger

PREFIX = "/_emulator/"
CALLS = (
    "GET ledger",
    "GET state",
    "POST faults",
    "PUT roleAssignments",
    "POST vms/{lab}/{name}/start",
    "POST vms/{lab}/{name}/deallocate",
)


class Control:
    """Answers the emulator's own calls."""

    def __init__(
        self, resources: Resources, exports: DiskExports, ledger: Ledger, faults: Faults, roles: Roles
    ) -> None:
        self._roles = roles
        self._resources = resources
        self._exports = exports
        self._ledger = ledger
        self._faults = faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call; errors are `{"error": "<what to do>"}`."""
        if local_only.is_foreign(request):
            return _answer(403, {"error": "The emulator answers programs on this machine only."})
        parts = [unquote(part) for part in request.rel_url.raw_path.removeprefix(PREFIX).split("/")]
        match request.method, parts:
            case "GET", ["ledger"]:
                return _answer(200, self._ledger.snapshot())
            case "GET", ["state"]:
                return _answer(200, self._state())
            case "POST", ["faults"]:
                return self._add_faults(await request.text())
            case "PUT", ["roleAssignments"]:
                return self._assign_roles(await request.text())
            case "POST", ["vms", lab, name, "start" | "deallocate" as action]:
                return self._turn(lab, name, action)
        return _answer(404, {"error": f"There are {', '.join(CALLS)}."})

    def _state(self) -> dict[str, Any]:
        return {
            "labs": [_lab(lab) for lab in self._resources.labs.values()],
            "vms": [_vm(machine) for machine in self._resources.machines],
            "disks": [self._disk(disk) for disk in self._resources.disks()],
        }

    def _disk(self, disk: Disk) -> dict[str, Any]:
        content = content_of(disk)
        return {
            "id": disk.id,
            "diskState": self._exports.state(disk),
            "granted": self._exports.is_granted(disk),
            "uniqueId": disk.unique_id,
            "lastOwnershipUpdateTime": times.written(disk.last_ownership_update),
            "sizeBytes": content.size,
            "footerSha256": hashlib.sha256(content.read(content.size - 512, content.size)).hexdigest(),
        }

    def _add_faults(self, text: str) -> web.Response:
        """Add one fault or a list of them, all or none."""
        try:
            entries = json.loads(text)
            faults = [_fault(entry) for entry in (entries if isinstance(entries, list) else [entries])]
        except (ValueError, RecursionError, EmulatorError) as error:
            return _answer(400, {"error": str(error)})
        for fault in faults:
            self._faults.add(fault)
        return _answer(200, {"added": len(faults)})

    def _assign_roles(self, text: str) -> web.Response:
        """Replace all role assignments; null lets the caller do everything."""
        try:
            entries = json.loads(text)
            if entries is not None and not isinstance(entries, list):
                raise WorldEntryError("roleAssignments", "must be a list, or null")
            assignments = None if entries is None else [_assignment(entry) for entry in entries]
        except (ValueError, RecursionError, EmulatorError) as error:
            return _answer(400, {"error": str(error)})
        self._roles.assignments = assignments
        return _answer(200, {"assigned": None if assignments is None else len(assignments)})

    def _turn(self, lab: str, name: str, action: str) -> web.Response:
        for machine in self._resources.machines:
            names = (machine.lab.facts.name.lower(), machine.facts.name.lower())
            if names == (lab.lower(), name.lower()):
                return self._turn_machine(machine, action)
        return _answer(404, {"error": f"There is no VM {name!r} in a lab {lab!r}."})

    def _turn_machine(self, machine: Machine, action: str) -> web.Response:
        granted = self._exports.granted(machine)
        if action == "start" and granted:
            message = f"There is an active shared access signature outstanding for disk {granted}. Revoke it first."
            return _answer(409, {"error": message})
        change: Callable[[], None] = machine.start if action == "start" else machine.deallocate
        change()
        return _answer(200, _vm(machine))


def _fault(entry: Any) -> Fault:
    if not isinstance(entry, dict):
        raise WorldEntryError("faults", "must be an object")
    return Fault.from_json(entry)


def _assignment(entry: Any) -> RoleAssignment:
    if not isinstance(entry, dict):
        raise WorldEntryError("roleAssignments", "must be objects")
    return RoleAssignment.from_json(entry)


def _lab(lab: LabState) -> dict[str, Any]:
    images = [{**custom_image_body(lab, image), "source": image.source} for image in lab.images.values()]
    return {"id": lab.id, "name": lab.facts.name, "artifactsAccount": lab.facts.artifacts_account, "images": images}


def _vm(machine: Machine) -> dict[str, Any]:
    disks = [disk.id for disk in machine.disks]
    return {"lab": machine.lab.facts.name, "name": machine.facts.name, "power": machine.power, "disks": disks}


def _answer(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/json", charset="utf-8")
