"""start_export, check_export, record_image, release_disk: one VM becomes a VHD with its record, and is let go."""

from typing import Any

from shared.domain.deadlines import copy_deadline, remaining
from shared.domain.image_names import vhd_name
from shared.domain.models import PlannedSave, Run, SourceDisk
from shared.domain.saving import record_of
from shared.domain.storage import BlobRef, CopyOwner
from shared.domain.work import SaveNote
from shared.gateway.port import Gateway
from shared.steps import folder, staging


def start_export(gateway: Gateway, run: Run, save: int) -> dict[str, Any]:
    """Grants read access to the disk and starts the server-side copy, in one: the SAS never leaves this call."""
    if folder.stopped(gateway, run.id):
        return {"state": "cancelled"}
    planned, target, owner = _parts(gateway, run, save)
    if staging.adoptable(gateway, target, owner):
        return {"state": "copying"}
    disk = _disk(planned)
    lifetime = copy_deadline(disk.size_bytes)
    note = {"diskId": disk.id, "vm": planned.vm}
    folder.store_json(gateway, run.id, folder.grant_document(disk.id), note)
    source = gateway.disks.grant_read(disk.id, lifetime)
    staging.start(gateway, source, target, owner, None)
    return {"state": "copying"}


def check_export(gateway: Gateway, run: Run, save: int, scale: float) -> dict[str, Any]:
    """Where the export is: `copying` with the real seconds it will go on, `finished`, `failed` or `cancelled`."""
    _, target, _ = _parts(gateway, run, save)
    state = gateway.vhds.state(target)
    if folder.stopped(gateway, run.id):
        return {"state": "cancelled"}
    found = staging.verdict(gateway, target, state, scale)
    if found["state"] == "copying":
        found["remaining"] = remaining(found["bytes"], found["total"], found["seconds"])
    return found


def record_image(gateway: Gateway, run: Run, save: int) -> dict[str, Any]:
    """Writes the record beside the finished VHD, last: from now on the image is in the catalogue."""
    if folder.stopped(gateway, run.id):
        return {"state": "cancelled"}
    planned, _, _ = _parts(gateway, run, save)
    record = record_of(planned, run)
    gateway.vhds.write_record(planned.record_id or "", record)
    return {"state": "saved"}


def release_disk(gateway: Gateway, run: Run, note: SaveNote) -> dict[str, Any]:
    """Ends what the save was granted, on success, failure and cancel alike, and keeps what became of it.

    An unfinished VHD of ours is removed: without a record it is no image. The stop marker does not hold this back.
    """
    planned, target, owner = _parts(gateway, run, note.save)
    ended = note.model_copy(update={"ended_at": gateway.clock.now()})
    folder.store(gateway, run.id, f"{folder.JOURNAL}saves/{note.save:05}.json", ended)
    release(gateway, run.id, folder.grant_document(_disk(planned).id))
    if note.state != "saved":
        staging.remove(gateway, target, owner)
    return {"state": "released"}


def release(gateway: Gateway, run_id: str, document: str) -> None:
    """Revokes the access that a note of this run names and takes the note away; no note, no effect."""
    note = folder.load_json(gateway, run_id, document)
    if note is not None:
        gateway.disks.revoke(note["diskId"])
        gateway.documents.delete(folder.path(run_id, document))


def _parts(gateway: Gateway, run: Run, save: int) -> tuple[PlannedSave, BlobRef, CopyOwner]:
    plan = folder.load(gateway, run.id, folder.SAVES, folder.SavePlan)
    if plan is None:
        raise LookupError(f"the run folder of {run.id} has no {folder.SAVES}")
    planned = plan.saves[save]
    record_id = planned.record_id or ""
    owner = CopyOwner(factory=gateway.labs.factory().id, run_id=run.id, source=record_id)
    return planned, gateway.vhds.image_storage(vhd_name(record_id)), owner


def _disk(planned: PlannedSave) -> SourceDisk:
    if planned.disk is None:
        raise LookupError(f"the plan saves {planned.vm} without a disk")
    return planned.disk
