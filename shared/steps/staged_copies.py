"""The staged copies of a region: which blob a copy's target is, whose it is, and its removal. It starts no copy."""

from collections import Counter

from shared.domain.image_names import staged_name
from shared.domain.models import SavedImage
from shared.domain.region_shape import hub_copy_of, hub_target, pair_of, pair_target
from shared.domain.storage import BlobRef, CopyOwner
from shared.domain.tries import MAX_CROSSINGS
from shared.domain.work import RegionWork
from shared.gateway.port import Gateway
from shared.steps import staging

STAGING = "imagefactory-staging"


def staged_blob(work: RegionWork, target: str) -> BlobRef:
    """Where the staged copy of a target lies: in the account of the pair's lab, or of the region's hub."""
    number, image = pair_of(target), image_of(work, target)
    if number is not None:
        pair = work.pairs[number]
        return BlobRef(account=pair.account, container=STAGING, name=staged_name(image.id, pair.lab_id))
    if work.hub is None:
        raise LookupError(f"the region {work.region} has no hub for {target}")
    holder = f"{work.hub}/{hub_copy_of(target)[1]}"
    return BlobRef(account=work.hub, container=STAGING, name=staged_name(image.id, holder))


def image_of(work: RegionWork, target: str) -> SavedImage:
    """The saved image that a target is a copy of."""
    pair = pair_of(target)
    if pair is None:
        return work.images[hub_copy_of(target)[0]]
    return next(image for image in work.images if image.id == work.pairs[pair].record_id)


def owner_of(work: RegionWork, image: SavedImage) -> CopyOwner:
    """Whose the staged copies of an image are."""
    return CopyOwner(factory=work.factory, run_id=work.run_id, source=image.id)


def remove_staged(gateway: Gateway, work: RegionWork, target: str) -> bool:
    """Deletes the staged copy of a target if it is this run's; False where something else has its place."""
    return staging.remove(gateway, staged_blob(work, target), owner_of(work, image_of(work, target)))


def possible_targets(work: RegionWork) -> list[str]:
    """Every target that the region may have staged: its pairs, and as many hub copies as an image may come to have.

    The relay doubles an image only while labs wait for it, so it makes fewer copies than there are labs; each that
    fails may take a further name.
    """
    targets = [pair_target(pair) for pair in range(len(work.pairs))]
    if work.hub is None:
        return targets
    labs = Counter(pair.record_id for pair in work.pairs)
    numbered = [(index, labs[image.id] + MAX_CROSSINGS) for index, image in enumerate(work.images)]
    return targets + [hub_target(index, number) for index, count in numbered for number in range(count)]
