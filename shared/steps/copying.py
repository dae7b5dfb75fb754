"""copy_image, check_copies, discard_copies: the staged copies of one region. It does not decide which is next."""

from collections.abc import Sequence
from typing import Any

from shared.domain.deadlines import copy_deadline, remaining
from shared.domain.errors import GatewayError
from shared.domain.models import SavedImage
from shared.domain.region_shape import FACTORY
from shared.domain.storage import BlobRef
from shared.domain.tries import NOT_OURS
from shared.domain.work import CopyNote, ImageNote, Pass, RegionWork
from shared.gateway.port import Gateway
from shared.steps import folder, staging
from shared.steps.side_by_side import side_by_side
from shared.steps.staged_copies import image_of, owner_of, remove_staged, staged_blob


def copy_image(gateway: Gateway, work: RegionWork, target: str, source: str, source_etag: str | None) -> dict[str, Any]:
    """Starts or adopts one copy and returns at once: `started`, `later`, `failed` or `cancelled`, keyed by target."""
    key = {"target": target, "source": source}
    if folder.stopped(gateway, work.run_id):
        return {**key, "state": "cancelled"}
    image = image_of(work, target)
    try:
        lifetime = copy_deadline(image.size_bytes)
        url = gateway.vhds.read_url(_source_blob(gateway, work, image, source), lifetime)
        staging.start(gateway, url, staged_blob(work, target), owner_of(work, image), source_etag)
        if folder.stopped(gateway, work.run_id):  # meanwhile: the clean-up may have missed this copy
            remove_staged(gateway, work, target)
            return {**key, "state": "cancelled"}
    except GatewayError as error:
        return {**key, **staging.failure(error)}
    return {**key, "state": "started"}


def check_copies(gateway: Gateway, work: RegionWork, targets: Sequence[str], scale: float) -> dict[str, Any]:
    """Looks at all pending copies of the region: those that ended, the bytes so far, the real seconds to the next end.

    What no answer tells of is `unseen`. After a stop every pending copy is aborted and ends `cancelled`.
    """
    cancelled = folder.stopped(gateway, work.run_id)
    looks = side_by_side(lambda target: _look(gateway, work, target, scale, cancelled=cancelled), targets)
    found = [_told(target, look) for target, look in zip(targets, looks, strict=True)]
    copying = [each for each in found if each["state"] == "copying"]
    left = [remaining(each["bytes"], each["total"], each["seconds"]) for each in copying]
    return {
        "ended": [each for each in found if each["state"] not in ("copying", "later")],
        "unseen": [each for each in found if each["state"] == "later"],
        "copied": sum(each["bytes"] for each in copying),
        "remaining": min((each for each in left if each is not None), default=None),
        "cancelled": cancelled,
    }


def _look(gateway: Gateway, work: RegionWork, target: str, scale: float, *, cancelled: bool) -> dict[str, Any]:
    blob, owner = staged_blob(work, target), owner_of(work, image_of(work, target))
    state = gateway.vhds.state(blob)
    if state is not None and not staging.is_ours(state, owner):
        message = f"The copy to the account {blob.account} was replaced by somebody else; {blob.name} is left as it is."
        return {"state": "failed", "code": NOT_OURS, "message": f"{message} Remove it and run again."}
    found = staging.verdict(gateway, blob, state, scale)
    if state is not None and found.get("code") == staging.CHANGED:
        gateway.vhds.delete(blob, state.etag)  # the next try would adopt it
    if found["state"] == "copying" and cancelled:
        gateway.vhds.abort_copy(blob, state.copy_id if state and state.copy_id else "")
        return {**found, "state": "cancelled"}
    return found


def _told(target: str, look: dict[str, Any] | GatewayError) -> dict[str, Any]:
    return {"target": target, **(staging.failure(look) if isinstance(look, GatewayError) else look)}


def discard_copies(
    gateway: Gateway,
    work: RegionWork,
    sequence: int,
    targets: Sequence[str],
    copies: Sequence[CopyNote],
    images: Sequence[ImageNote],
) -> dict[str, Any]:
    """Keeps what became of copies and images in the journal, then deletes staged copies that nobody needs any more.

    Returns the targets that are dealt with; one whose storage does not answer is left for the next pass.
    """
    if copies or images:
        notes = Pass(at=gateway.clock.now(), copies=tuple(copies), images=tuple(images))
        folder.store(gateway, work.run_id, f"{folder.JOURNAL}{work.region}/{sequence:06}.json", notes)
    removals = side_by_side(lambda target: remove_staged(gateway, work, target), targets)
    # What is not ours to force is left: the next run finds and reports it.
    return {"discarded": [t for t, end in zip(targets, removals, strict=True) if not staging.is_put_off(end)]}


def _source_blob(gateway: Gateway, work: RegionWork, image: SavedImage, source: str) -> BlobRef:
    return gateway.vhds.image_storage(image.record.vhd_file_name) if source == FACTORY else staged_blob(work, source)
