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
    planned, target, owner = _parts(gateway, run.id, save)
    if staging.adoptable(gateway, target, owner):
        return {"state": "copying"}
    disk = _disk(planned)
    lifetime = copy_deadline(disk.size_bytes)
    note = {"diskId": disk.id, "vm": planned.vm}
    folder.store_json(gateway, run.id, folder.grant_document(disk.id), note)
    source = gateway.disks.grant_read(disk.id, lifetime)
    staging.start(gateway, source, target, owner, None)
    if folder.stopped(gateway, run.id):  # meanwhile: granting takes up to a minute, and nobody may look here again
        folder.store_json(gateway, run.id, folder.grant_document(disk.id), note)
        _undo(gateway, run.id, save)
        return {"state": "cancelled"}
    return {"state": "copying"}


def check_export(gateway: Gateway, run: Run, save: int, scale: float) -> dict[str, Any]:
    """Where the export is: `copying` with the real seconds it will go on, `finished`, `failed` or `cancelled`."""
    _, target, _ = _parts(gateway, run.id, save)
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
    planned, target, owner = _parts(gateway, run.id, save)
    state = gateway.vhds.state(target)
    if state is None or not staging.is_ours(state, owner):
        message = f"The VHD of {planned.vm} was removed before its record was written. Run again."
        return {"state": "failed", "code": "copy-vanished", "message": message}
    record = record_of(planned, run)
    gateway.vhds.write_record(planned.record_id or "", record)
    return {"state": "saved"}


def release_disk(gateway: Gateway, run: Run, note: SaveNote) -> dict[str, Any]:
    """Ends what the save was granted, on success, failure and cancel alike, and keeps what became of it.

    An unfinished VHD of ours is removed: without a record it is no image. The stop marker does not hold this back.
    """
    ended = note.model_copy(update={"ended_at": gateway.clock.now()})
    folder.store(gateway, run.id, f"{folder.JOURNAL}saves/{note.save:05}.json", ended)
    if note.state == "saved":
        planned, _, _ = _parts(gateway, run.id, note.save)
        release(gateway, run.id, folder.grant_document(_disk(planned).id))
    else:
        _undo(gateway, run.id, note.save)
    return {"state": "released"}


def _undo(gateway: Gateway, run_id: str, save: int) -> None:
    planned, _, _ = _parts(gateway, run_id, save)
    try:
        release(gateway, run_id, folder.grant_document(_disk(planned).id))
    finally:  # a disk that does not let go keeps no VHD in the image storage
        remove_unfinished(gateway, run_id, save)


def remove_unfinished(gateway: Gateway, run_id: str, save: int) -> None:
    """Removes the VHD of a save that has no record; with one it is an image, whatever the run was told of it."""
    planned, target, owner = _parts(gateway, run_id, save)
    if gateway.vhds.state(gateway.vhds.image_storage(f"{planned.record_id}.json")) is None:
        staging.remove(gateway, target, owner)


def release(gateway: Gateway, run_id: str, document: str) -> None:
    """Revokes the access that a note of this run names and takes the note away; no note, no effect."""
    note = folder.load_json(gateway, run_id, document)
    if note is not None:
        gateway.disks.revoke(note["diskId"])
        gateway.documents.delete(folder.path(run_id, document))


def _parts(gateway: Gateway, run_id: str, save: int) -> tuple[PlannedSave, BlobRef, CopyOwner]:
    planned = folder.saves_of(gateway, run_id).saves[save]
    record_id = planned.record_id or ""
    owner = CopyOwner(factory=gateway.labs.factory().id, run_id=run_id, source=record_id)
    return planned, gateway.vhds.image_storage(vhd_name(record_id)), owner


def _disk(planned: PlannedSave) -> SourceDisk:
    if planned.disk is None:
        raise LookupError(f"the plan saves {planned.vm} without a disk")
    return planned.disk
