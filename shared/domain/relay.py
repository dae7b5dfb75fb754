"""Which copies of a region to start next, and from which holder: section 5 of the design as one pure function.

Totally ordered: it iterates over no set and depends on nothing but the shape and the state, so replay repeats it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from shared.domain.region_shape import FACTORY, CopyOrder, RegionShape, pair_of, pair_target
from shared.domain.region_state import RegionState
from shared.domain.tries import MAX_CROSSINGS


@dataclass
class _Front:
    """One image with waiting pairs, as this pass sees it."""

    image: int
    bytes: int
    relaying: int  # waiting pairs that may serve others
    others: int  # waiting pairs that may not
    sources: list[str]  # finished copies that may be read in this region
    coming: int  # copies in flight that will be sources

    @property
    def waiting(self) -> int:
        return self.relaying + self.others

    @property
    def seconds(self) -> float:
        """A measure of the time until all are served if no more sources are made."""
        return self.waiting * self.bytes / max(1, len(self.sources) + self.coming)


def next_copies(shape: RegionShape, state: RegionState) -> list[CopyOrder]:
    """The copies to start now, in order: never more than the region's share, nor than `per_source` from one source."""
    room = shape.share - len(state.flights)
    if room <= 0 or state.cancelled:
        return []
    readers = Counter((shape.image_of(target), source) for target, source in state.flights.items())
    fronts = _fronts(shape, state)
    fair = _fair(shape, state, fronts)
    orders: list[CopyOrder] = []
    for front in sorted(fronts, key=lambda front: _urgency(front, fair)):
        copies = _serve(shape, state, front, readers, fair) if front.sources else _cross(shape, state, front, readers)
        orders += islice(copies, room - len(orders))
    return orders


def _fronts(shape: RegionShape, state: RegionState) -> list[_Front]:
    coming = Counter(shape.image_of(target) for target in state.flights if shape.may_relay(target))
    fronts = []
    for image, each in enumerate(shape.images):
        relaying, others = state.pairs.waiting_counts(image)
        if relaying + others:
            sources = [FACTORY] * shape.home + state.holders(image)
            fronts.append(_Front(image, max(1, each.bytes), relaying, others, sources, coming[image]))
    return fronts


def _fair(shape: RegionShape, state: RegionState, fronts: list[_Front]) -> float:
    """A measure of the time until the region is served if its share is always full; copies in flight are half done."""
    waiting = sum(front.waiting * front.bytes for front in fronts)
    flying = sum(shape.images[shape.image_of(target)].bytes for target in state.flights) / 2
    return (waiting + flying) * shape.per_source / shape.share


def _urgency(front: _Front, fair: float) -> tuple[float, int]:
    """Images that would outlast the region come first, the longest before all; the others one after another."""
    return (-front.seconds if front.seconds > fair else 0.0, front.image)


def _cross(
    shape: RegionShape, state: RegionState, front: _Front, readers: Counter[tuple[int, str]]
) -> Iterator[CopyOrder]:
    """Brings an image into the region: one crossing at a time, except where nobody in the region may serve others."""
    if front.coming or state.misses(front.image) >= MAX_CROSSINGS:
        return
    if shape.hub:
        yield CopyOrder(next(state.hubs.free_names(front.image)), FACTORY)
    elif front.relaying:
        yield CopyOrder(pair_target(next(state.pairs.waiting(front.image))), FACTORY)
    else:
        free = shape.per_source - readers[front.image, FACTORY]
        yield from (
            CopyOrder(pair_target(pair), FACTORY) for pair in islice(state.pairs.waiting(front.image), max(0, free))
        )


def _serve(
    shape: RegionShape, state: RegionState, front: _Front, readers: Counter[tuple[int, str]], fair: float
) -> Iterator[CopyOrder]:
    """Lets every free source serve a waiting lab or, where that shortens the whole, be doubled in the hub."""
    pairs, hub_names = state.pairs.waiting(front.image), state.hubs.free_names(front.image)
    for source in _free_sources(shape, front, readers):
        if not front.waiting:
            return
        if _is_worth_doubling(shape, state, front, source, fair):
            yield CopyOrder(next(hub_names), source)
            front.coming += 1
            continue
        yield CopyOrder(pair_target(next(pairs)), source, state.etag(source))
        if front.relaying:
            front.relaying -= 1
            front.coming += 1
        else:
            front.others -= 1


def _free_sources(shape: RegionShape, front: _Front, readers: Counter[tuple[int, str]]) -> list[str]:
    """Each source once for every reader that it may still get, those with the fewest readers first."""
    return [
        source for busy in range(shape.per_source) for source in front.sources if readers[front.image, source] <= busy
    ]


def _is_worth_doubling(shape: RegionShape, state: RegionState, front: _Front, source: str, fair: float) -> bool:
    """Whether a further hub copy shortens the whole: with more than two rounds to go, and if the image is the slowest.

    A lab that may relay doubles the sources and is served too, so it goes first. Only the factory's own copies are
    doubled: a hub's copy is read without an ETag.
    """
    if not shape.replicates or front.relaying or pair_of(source) is not None:
        return False
    if state.misses(front.image) >= MAX_CROSSINGS or front.seconds <= fair:
        return False
    return front.waiting > max(3, 2 * (len(front.sources) + front.coming))
