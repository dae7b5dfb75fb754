"""How long delivering takes beside what bandwidth allows, in virtual time: at most 1.25 times as long."""

from collections.abc import Sequence
from math import ceil, log2

from benchmarks.virtual_regions import RATE, deliver, delivered
from shared.domain.region_shape import ImageShape, RegionShape

TARGET = 1.25
CAP = 200  # copies in flight in the whole run, as MAX_CONCURRENT_COPIES has it by default
GIB = 1024**3
DOUBLINGS = 12  # by then every source of the biggest factory has been made
IMAGE_SECONDS = 300  # DevTest Labs making a custom image


def main(*, big: bool = False) -> bool:
    """Prints virtual minutes and their bound for each shape of factory; whether all keep the target."""
    print("  virtual minutes                       pairs     took    bound  ratio   simple  ratio")
    kept = [_measure(name, shapes) for name, shapes in _shapes().items()]
    return all(kept)


def _shapes() -> dict[str, list[RegionShape]]:
    few = [30 * GIB] * 3
    many = [(20 + 5 * number) * GIB for number in range(20)]
    return {
        "home only, 3 images, 15 labs": [_region(few, 15, home=True)],
        "home only, 20 images, 100 labs": [_region(many, 100, home=True)],
        "hub, 3 images, 15 labs": [_region(few, 15, hub=True)],
        "hub, 20 images, 100 labs": [_region(many, 100, hub=True)],
        "relay on, 3 images, 15 labs": [_region(few, 15, relay=True)],
        "relay on, 20 images, 100 labs": [_region(many, 100, relay=True)],
        "home and 2 hubs, 20 images, 150 labs": [
            _region(many, 50, home=True, share=67),
            _region(many, 50, hub=True, share=66),
            _region(many, 50, hub=True, share=66),
        ],
    }


def _region(
    sizes: Sequence[int], labs: int, *, home: bool = False, hub: bool = False, relay: bool = False, share: int = CAP
) -> RegionShape:
    images = tuple(
        ImageShape(bytes=size, pairs=labs, relaying=labs if relay else 0) for size in sorted(sizes, reverse=True)
    )
    return RegionShape(home=home, hub=hub, share=share, per_source=1, images=images)


def simple_bound(shapes: Sequence[RegionShape]) -> float:
    """Seconds by the rule of thumb: all copies over the cap, or the biggest image doubled until its labs have it."""
    copies = [copy for shape in shapes for copy in _copies(shape)]
    doubling = max(ceil(log2(readers + 1)) for _, readers in copies) * max(seconds for seconds, _ in copies)
    return max(sum(seconds * readers for seconds, readers in copies) / CAP, doubling) + IMAGE_SECONDS


def bound(shapes: Sequence[RegionShape]) -> float:
    """Seconds that no order of copies can beat: the slowest image alone, or all copies while sources still double."""
    alone = max(_alone(shape, image) for shape in shapes for image in shape.images)
    return max(alone, _ramp(shapes)) + IMAGE_SECONDS


def _copies(shape: RegionShape) -> list[tuple[float, int]]:
    """Seconds of a copy and how many there must be, for each image. A hub is a reader too."""
    return [(image.bytes / RATE, image.pairs + (shape.hub and not shape.home)) for image in shape.images]


def _alone(shape: RegionShape, image: ImageShape) -> float:
    """One image with the machine to itself: sources are doubled for some rounds, and then serve all labs.

    Labs that relay are doubled sources and served in one. Into another region an image crosses once.
    """
    crossing = 0 if shape.home else 1
    if image.relaying:
        rounds = ceil(log2(image.pairs + 1)) if shape.home else 1 + ceil(log2(image.pairs))
    else:
        rounds = crossing + min(doubled + ceil(image.pairs / (1 << doubled)) for doubled in range(DOUBLINGS))
    return rounds * image.bytes / RATE


def _ramp(shapes: Sequence[RegionShape]) -> float:
    """All copies, when no more are in flight than there are sources, and sources at best double with each copy."""
    work = sum(seconds * readers for shape in shapes for seconds, readers in _copies(shape))
    sources = [(seconds, 0 if shape.home else 1) for shape in shapes for seconds, _ in _copies(shape)]
    steps = sorted({seconds * number for seconds, _ in sources for number in range(1, DOUBLINGS)})
    now = 0.0
    for step in steps:
        flying = min(CAP, sum(1 << max(0, int(now / seconds + 1e-9) - late) for seconds, late in sources))
        if work <= flying * (step - now):
            return now + work / flying
        work -= flying * (step - now)
        now = step
    return now + work / CAP


def _measure(name: str, shapes: Sequence[RegionShape]) -> bool:
    simple, least = simple_bound(shapes), bound(shapes)
    took, regions = deliver(shapes, IMAGE_SECONDS)
    pairs = sum(shape.pairs for shape in shapes)
    if sum(delivered(region) for region in regions) != pairs:
        raise RuntimeError(f"not every pair of {name!r} was delivered: the measurement is worthless")
    print(
        f"  {name:37}{pairs:6,} {took / 60:8.1f} {least / 60:8.1f} {took / least:6.2f} {simple / 60:8.1f}"
        f" {took / simple:6.2f}",
        flush=True,
    )
    return took / least <= TARGET
