"""What a plan costs before it is carried out: bytes within and between regions, time and egress, and what it assumes.

An estimate and no promise: nothing decides by it.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from math import ceil, log2

from shared.domain.models import Limits, Plan, PlannedDelivery, Record, RegionPlan
from shared.domain.saving import VHD_FOOTER

RATE = 60 * 1024 * 1024  # bytes per second that one source blob serves in all
IMAGE_SECONDS = 300  # DevTest Labs making one custom image; all of them are made side by side
USD_PER_GB = 0.02  # between regions of one continent, as Azure lists it for North America and Europe


class RegionEstimate(Record):
    """One region's part: copies into it (`between_bytes`) and inside it (`within_bytes`)."""

    region: str
    deliveries: int
    within_bytes: int
    between_bytes: int
    seconds: int


class Estimate(Record):
    """The whole of a plan. `within_bytes` counts the saves too; `assumptions` are to be shown with the numbers."""

    within_bytes: int
    between_bytes: int
    seconds: int
    egress_usd: float
    regions: tuple[RegionEstimate, ...] = ()
    assumptions: tuple[str, ...] = ()


def of(plan: Plan, limits: Limits) -> Estimate:
    """What carrying out this plan would take."""
    saves = [save.disk.size_bytes + VHD_FOOTER for save in plan.saves if save.action == "save" and save.disk]
    groups = [(region, _by_image(plan, region)) for region in plan.regions]
    readers = Counter(labs[0].record_id for _, images in groups for labs in images)
    regions = tuple(_region(region, images, readers) for region, images in groups)
    between = sum(each.between_bytes for each in regions)
    waiting = max((each.seconds for each in regions), default=0)
    return Estimate(
        within_bytes=sum(saves) + sum(each.within_bytes for each in regions),
        between_bytes=between,
        seconds=ceil(max(saves, default=0) / RATE) + waiting,
        egress_usd=round(between / 1e9 * USD_PER_GB, 2),
        regions=regions,
        assumptions=_assumptions(limits),
    )


def _by_image(plan: Plan, region: RegionPlan) -> list[list[PlannedDelivery]]:
    """The deliveries of a region, image by image; a region's pairs stand in that order."""
    pairs = (plan.deliveries[index] for index in region.pairs)
    return [list(group) for _, group in groupby(pairs, key=lambda pair: pair.record_id)]


def _region(region: RegionPlan, images: Sequence[Sequence[PlannedDelivery]], readers: Counter[str]) -> RegionEstimate:
    within = between = 0
    crossing = longest = total = 0.0
    for labs in images:
        size, seconds = labs[0].size_bytes, labs[0].size_bytes / RATE
        # The saved image itself is read for every region at once, and its rate is shared.
        first = seconds * readers[labs[0].record_id]
        across, inside = _copies(region, labs)
        between += size * across
        within += size * inside
        crossing = max(crossing, first * across)
        longest = max(longest, seconds * ceil(log2(inside + 1)))
        total += seconds * inside
    copying = crossing + max(longest, total / region.share)
    return RegionEstimate(
        region=region.region,
        deliveries=len(region.pairs),
        within_bytes=within,
        between_bytes=between,
        seconds=ceil(copying) + IMAGE_SECONDS,
    )


def _copies(region: RegionPlan, labs: Sequence[PlannedDelivery]) -> tuple[int, int]:
    """How often an image crosses into a region, and how many copies of it are made inside."""
    if region.home:
        return 0, len(labs)
    if region.hub:
        return 1, len(labs)
    # Without a hub the first lab that may serve others is served across, and the others from it.
    return (1, len(labs) - 1) if any(lab.relay for lab in labs) else (len(labs), 0)


def _assumptions(limits: Limits) -> tuple[str, ...]:
    cap = f"At most {limits.max_concurrent_copies} copies at once (MAX_CONCURRENT_COPIES)"
    source = f"{limits.copies_per_source} per source (COPIES_PER_SOURCE)"
    return (
        f"One source blob serves {RATE // 1024**2} MiB/s in all; holders of an image double until its labs are served.",
        f"{cap}, {source}; hub replicas and retries are not counted.",
        f"Azure makes a custom image in {IMAGE_SECONDS // 60} minutes.",
        f"Egress costs {USD_PER_GB} USD per GB between regions; yours may differ, see Azure's prices of bandwidth.",
    )
