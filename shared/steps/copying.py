"""copy_image, check_copies, discard_copies: the staged copies of one region. It does not decide which is next."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.domain.deadlines import copy_deadline, remaining
from shared.domain.errors import GatewayError, Throttled, Unavailable
from shared.domain.image_names import staged_name
from shared.domain.models import BlobRef, CopyNote, CopyOwner, ImageNote, RegionWork, SavedImage
from shared.gateway.port import Gateway
from shared.steps import folder, staging

STAGING = "imagefactory-staging"
FACTORY = "factory"
SIDE_BY_SIDE = 16  # staged copies that are deleted at once


def copy_image(gateway: Gateway, work: RegionWork, target: str, source: str, source_etag: str | None) -> dict[str, Any]:
    """Starts or adopts one copy and returns at once: `started`, `later`, `failed` or `cancelled`, keyed by target."""
    key = {"target": target, "source": source}
    if folder.stopped(gateway, work.run_id):
        return {**key, "state": "cancelled"}
    image = image_of(work, target)
    try:
        lifetime = copy_deadline(image.size_bytes)
        url = gateway.vhds.read_url(_source_blob(gateway, work, image, source), lifetime)
        staging.start(gateway, url, staged_blob(work, target), _owner(work, image), source_etag)
    except GatewayError as error:
        return {**key, **staging.failure(error)}
    return {**key, "state": "started"}


def check_copies(gateway: Gateway, work: RegionWork, targets: Sequence[str], scale: float) -> dict[str, Any]:
    """Looks at all pending copies of the region: those that ended, the bytes so far, the real seconds to the next end.

    After a stop every pending copy is aborted and ends `cancelled`.
    """
    cancelled = folder.stopped(gateway, work.run_id)
    blobs = [staged_blob(work, target) for target in targets]
    ended, soonest, copied = [], None, 0
    for target, blob, state in zip(targets, blobs, gateway.vhds.states(blobs), strict=True):
        found = staging.verdict(gateway, blob, state, scale)
        if found["state"] != "copying":
            ended.append({"target": target, **found})
            continue
        copied += found["bytes"]
        if cancelled:
            gateway.vhds.abort_copy(blob, state.copy_id if state and state.copy_id else "")
            ended.append({"target": target, **found, "state": "cancelled"})
        else:
            left = remaining(found["bytes"], found["total"], found["seconds"])
            soonest = left if soonest is None or (left is not None and left < soonest) else soonest
    return {"ended": ended, "copied": copied, "remaining": soonest, "cancelled": cancelled}


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
        notes = {"copies": [note.to_json() for note in copies], "images": [note.to_json() for note in images]}
        folder.store_json(gateway, work.run_id, f"{folder.JOURNAL}{work.region}/{sequence:06}.json", notes)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        dealt_with = pool.map(lambda target: _discarded(gateway, work, target), targets)
        return {"discarded": [target for target, done in zip(targets, dealt_with, strict=True) if done]}


def staged_blob(work: RegionWork, target: str) -> BlobRef:
    """Where the staged copy of a target lies: `p<pair>` in the lab's account, `h<image>.<copy>` in the hub's."""
    image = image_of(work, target)
    if target.startswith("p"):
        pair = work.pairs[int(target[1:])]
        return BlobRef(account=pair.account, container=STAGING, name=staged_name(image.id, pair.lab_id))
    if work.hub is None:
        raise LookupError(f"the region {work.region} has no hub for {target}")
    holder = f"{work.hub}/{target.partition('.')[2]}"
    return BlobRef(account=work.hub, container=STAGING, name=staged_name(image.id, holder))


def image_of(work: RegionWork, target: str) -> SavedImage:
    """The saved image that a target is a copy of."""
    if target.startswith("h"):
        return work.images[int(target[1:].partition(".")[0])]
    wanted = work.pairs[int(target[1:])].record_id
    return next(image for image in work.images if image.id == wanted)


def _source_blob(gateway: Gateway, work: RegionWork, image: SavedImage, source: str) -> BlobRef:
    return gateway.vhds.image_storage(image.record.vhd_file_name) if source == FACTORY else staged_blob(work, source)


def _owner(work: RegionWork, image: SavedImage) -> CopyOwner:
    return CopyOwner(factory=work.factory, run_id=work.run_id, source=image.id)


def _discarded(gateway: Gateway, work: RegionWork, target: str) -> bool:
    try:
        staging.remove(gateway, staged_blob(work, target), _owner(work, image_of(work, target)))
    except (Throttled, Unavailable):
        return False
    except GatewayError:
        return True  # it is not ours to force; the next run finds and reports it
    return True
