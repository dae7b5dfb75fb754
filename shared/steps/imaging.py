"""create_image and check_images: staged VHDs become custom images. An image of anybody else is never overwritten."""

from collections.abc import Sequence
from typing import Any

from shared.domain.deadlines import IMAGE_DEADLINE
from shared.domain.errors import Conflict, GatewayError, Refused
from shared.domain.models import CustomImage, Lab, PlannedDelivery
from shared.domain.storage import NewImage
from shared.domain.work import RegionWork
from shared.gateway.port import Gateway
from shared.steps import folder, staging
from shared.steps.side_by_side import side_by_side
from shared.steps.staged_copies import image_of, staged_blob

REPAIR_WAIT = 30.0  # seconds: deleting an image takes half a minute to a minute
_ALIVE = ("creating", "succeeded")


def create_image(gateway: Gateway, work: RegionWork, pair: int, scale: float) -> dict[str, Any]:
    """Begins one custom image and returns at once: `creating`, `later`, `failed` or `cancelled`, keyed by pair."""
    if folder.stopped(gateway, work.run_id):
        return {"pair": pair, "state": "cancelled"}
    planned = work.pairs[pair]
    try:
        if planned.repair and not _cleared(gateway, planned):
            return {"pair": pair, "state": "later", "retryAfter": REPAIR_WAIT / scale}
        return {"pair": pair, "state": _created(gateway, work, pair)}
    except GatewayError as error:
        return {"pair": pair, **staging.failure(error)}


def check_images(gateway: Gateway, work: RegionWork, pairs: Sequence[int], scale: float) -> dict[str, Any]:
    """Looks at the images being made, one listing per lab: those that ended, and those that no answer tells of."""
    labs = {work.pairs[pair].lab_id: lab_of(work.pairs[pair]) for pair in pairs}
    found = side_by_side(lambda lab: _listing(gateway, lab), list(labs.values()))
    listings = dict(zip(labs, found, strict=True))
    verdicts = {pair: _verdict(gateway, work.pairs[pair], listings[work.pairs[pair].lab_id], scale) for pair in pairs}
    told = [{"pair": pair, **verdict} for pair, verdict in verdicts.items() if verdict is not None]
    return {
        "ended": [each for each in told if each["state"] != "later"],
        "unseen": [each for each in told if each["state"] == "later"],
    }


def lab_of(planned: PlannedDelivery) -> Lab:
    """The target lab of a planned delivery."""
    return Lab(
        id=planned.lab_id,
        subscription_id=planned.subscription_id,
        resource_group=planned.resource_group,
        name=planned.lab,
        region=planned.region,
        account=planned.account,
    )


def _created(gateway: Gateway, work: RegionWork, pair: int) -> str:
    planned, target = work.pairs[pair], f"p{pair}"
    image = image_of(work, target)
    wanted = NewImage(
        name=planned.image_name,
        image_path=planned.image_path,
        record_id=planned.record_id,
        run_id=work.run_id,
        vhd=staged_blob(work, target),
        os_type=image.record.os_type,
        os_state=image.record.os_state,
        description=image.record.description,
    )
    try:
        gateway.labs.create_image(lab_of(planned), wanted)
    except (Conflict, Refused):
        there = gateway.labs.custom_image(lab_of(planned), planned.image_name)
        if not _ours(there, planned) or there is None or there.provisioning_state.lower() not in _ALIVE:
            raise
    return "creating"


def _cleared(gateway: Gateway, planned: PlannedDelivery) -> bool:
    """Whether the broken image that a repair replaces is gone; begins its deletion where it is ours and failed."""
    there = gateway.labs.custom_image(lab_of(planned), planned.image_name)
    if there is None or (_ours(there, planned) and there.provisioning_state.lower() in _ALIVE):
        return True
    if there.provisioning_state.lower() == "deleting":
        return False
    if there.record_id is None or there.provisioning_state.lower() != "failed":
        raise Conflict(
            "name-taken",
            f"The lab {planned.lab} has an image {planned.image_name} that this factory did not make. "
            "It is never overwritten: rename or delete it in the lab.",
        )
    gateway.labs.delete_image(lab_of(planned), planned.image_name)
    return False


def _ours(there: CustomImage | None, planned: PlannedDelivery) -> bool:
    return there is not None and there.record_id == planned.record_id


def _listing(gateway: Gateway, lab: Lab) -> dict[str, CustomImage]:
    return {image.name.lower(): image for image in gateway.labs.custom_images(lab)}


def _verdict(
    gateway: Gateway, planned: PlannedDelivery, listing: dict[str, CustomImage] | GatewayError, scale: float
) -> dict[str, Any] | None:
    """How an image ended, or `later` where that could not be learned; None while it is being made."""
    if isinstance(listing, GatewayError):
        return staging.failure(listing)
    there = listing.get(planned.image_name.lower())
    if there is None or not _ours(there, planned):
        return _lost(planned)
    if there.provisioning_state.lower() == "failed":
        message = (
            f"DevTest Labs could not make {planned.image_name} in the lab {planned.lab}. "
            "Look at the lab's activity log; the next run repairs it."
        )
        return {"state": "failed", "code": "image-failed", "message": message}
    created = there.created_at
    seconds = max(0.0, (gateway.clock.now() - created).total_seconds()) if created else 0.0
    if there.provisioning_state.lower() == "succeeded":
        return {"state": "delivered", "seconds": seconds}
    return _overdue(planned, there) if seconds * scale >= IMAGE_DEADLINE else None


def _overdue(planned: PlannedDelivery, there: CustomImage) -> dict[str, Any]:
    message = (
        f"DevTest Labs has been making {planned.image_name} in the lab {planned.lab} for {IMAGE_DEADLINE // 3600} "
        f"hours (it says {there.provisioning_state}). Look at the lab's activity log; "
        "if it fails, the next run repairs it."
    )
    return {"state": "failed", "code": "image-deadline", "message": message}


def _lost(planned: PlannedDelivery) -> dict[str, Any]:
    message = (
        f"The image {planned.image_name} disappeared from the lab {planned.lab} while it was being made. "
        "The next run makes it again."
    )
    return {"state": "failed", "code": "image-vanished", "message": message}
