"""A plan's deliveries region by region: in which order, from which hub, and with which share of the copies at once."""

import heapq
from collections.abc import Iterable, Sequence
from itertools import chain, groupby

from shared.domain.models import Finding, Lab, Limits, PlannedDelivery, RegionPlan, Severity
from shared.domain.region_shape import ImageShape, RegionShape


def normal(region: str) -> str:
    """A region's name as Azure compares it: `West Europe` is `westeurope`."""
    return region.replace(" ", "").lower()


def plan_regions(deliveries: Sequence[PlannedDelivery], factory: Lab, limits: Limits) -> tuple[RegionPlan, ...]:
    """The regions that deliveries go to, by name; pairs image by image, the biggest first, relaying labs first."""
    by_region: dict[str, list[int]] = {}
    for index, each in enumerate(deliveries):
        if each.action == "deliver":
            by_region.setdefault(each.region, []).append(index)
    hubs = {normal(region): account for region, account in limits.region_hubs.items()}
    names = sorted(by_region)
    loads = [(sum(deliveries[index].size_bytes for index in by_region[name]), len(by_region[name])) for name in names]
    shares = _shares(loads, limits.max_concurrent_copies)
    home = normal(factory.region)
    return tuple(
        RegionPlan(
            region=name,
            hub=factory.account if name == home else hubs.get(name),
            home=name == home,
            share=share,
            pairs=_in_order(deliveries, by_region[name]),
        )
        for name, share in zip(names, shares, strict=True)
    )


def shape_of(pairs: Iterable[PlannedDelivery], region: RegionPlan, limits: Limits) -> RegionShape:
    """The shape of a region's work; `pairs` in the region's order."""
    images = []
    for _, group in groupby(pairs, key=lambda pair: pair.record_id):
        labs = list(group)
        relaying = sum(lab.relay for lab in labs)
        images.append(ImageShape(bytes=labs[0].size_bytes, pairs=len(labs), relaying=relaying))
    return RegionShape(
        home=region.home,
        hub=region.hub is not None,
        share=region.share,
        per_source=limits.copies_per_source,
        images=tuple(images),
    )


def without_hub(
    deliveries: Sequence[PlannedDelivery], regions: Sequence[RegionPlan], limits: Limits
) -> tuple[Finding, ...]:
    """A finding for each region that has no hub, with the bytes that cross into it."""
    return tuple(
        _no_hub(region.region, shape_of((deliveries[index] for index in region.pairs), region, limits))
        for region in regions
        if region.hub is None
    )


def _no_hub(region: str, work: RegionShape) -> Finding:
    crossing = sum(image.bytes * (1 if image.relaying else image.pairs) for image in work.images)
    once = sum(image.bytes for image in work.images)
    message = (
        f"The region {region} has no hub: its labs are served across regions, {crossing:,} bytes for {work.pairs} "
        f"deliveries. With a hub in the setting REGION_HUBS they would be {once:,}."
    )
    return Finding(severity=Severity.WARNING, code="no-hub", message=message)


def _in_order(deliveries: Sequence[PlannedDelivery], pairs: Sequence[int]) -> tuple[int, ...]:
    """A region's pairs image by image, the biggest first, and of one image those that may serve others first."""
    of_image: dict[str, tuple[list[int], list[int]]] = {}
    for index in pairs:
        each = deliveries[index]
        relaying, others = of_image.setdefault(each.record_id, ([], []))
        (relaying if each.relay else others).append(index)

    def rank(record: str) -> tuple[int, str, str]:
        first = deliveries[next(chain(*of_image[record]))]
        return -first.size_bytes, first.image_path, record

    return tuple(index for record in sorted(of_image, key=rank) for index in chain(*of_image[record]))


def _shares(loads: Sequence[tuple[int, int]], cap: int) -> list[int]:
    """The cap in proportion to bytes: each further copy goes to the region that would take longest without it.

    Each region gets at least 1, even if there are more regions than copies allowed, and none more than it has pairs.
    """
    shares = [1] * len(loads)
    queue = [(-float(size), index) for index, (size, pairs) in enumerate(loads) if pairs > 1]
    heapq.heapify(queue)
    for _ in range(cap - len(loads)):
        if not queue:
            break
        _, index = heapq.heappop(queue)
        shares[index] += 1
        size, pairs = loads[index]
        if shares[index] < pairs:
            heapq.heappush(queue, (-size / shares[index], index))
    return shares
