"""The shape of one region's work, small enough to travel in an orchestration's input, and the names of its copies.

A copy's target is `p<pair>` (a lab's staged copy) or `h<image>.<k>` (the hub's copy number k of an image); its source
is `factory` (the saved image) or such a target. Pairs of one image are contiguous, those that may serve others first.
"""

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from shared.domain.models import Record

FACTORY = "factory"


class ImageShape(Record):
    """One image of a region: its size, how many labs want it, and how many of the first of them may serve others."""

    bytes: int
    pairs: int
    relaying: int = 0


class RegionShape(Record):
    """One region's work. `share` limits all its copies in flight, `per_source` those that read one source."""

    home: bool
    hub: bool
    share: int
    per_source: int
    images: tuple[ImageShape, ...]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The first pair of each image, and after them the number of all pairs."""
        return tuple(accumulate((image.pairs for image in self.images), initial=0))

    @property
    def pairs(self) -> int:
        """How many lab and image pairs the region has."""
        return self.starts[-1]

    @property
    def replicates(self) -> bool:
        """Whether copies can be kept in an account of the factory's own: the hub's, or in its home region itself."""
        return self.home or self.hub

    def image_of(self, target: str) -> int:
        """The image that a copy's target holds."""
        pair = pair_of(target)
        return hub_copy_of(target)[0] if pair is None else bisect_right(self.starts, pair) - 1

    def may_relay(self, target: str) -> bool:
        """Whether a copy, once finished, may serve others."""
        pair, image = pair_of(target), self.image_of(target)
        return pair is None or pair - self.starts[image] < self.images[image].relaying

    def is_crossing(self, source: str) -> bool:
        """Whether a copy from this source crosses into the region."""
        return source == FACTORY and not self.home


class CopyOrder(NamedTuple):
    """A copy to start. `source_etag` is set where the source is a lab's copy: it must still be that version."""

    target: str
    source: str
    source_etag: str | None = None


def pair_target(pair: int) -> str:
    """The name of a lab's staged copy."""
    return f"p{pair}"


def hub_target(image: int, number: int) -> str:
    """The name of one of the hub's copies of an image."""
    return f"h{image}.{number}"


def pair_of(target: str) -> int | None:
    """The pair of a lab's staged copy; None for a hub's copy and for the factory."""
    return int(target[1:]) if target.startswith("p") else None


def hub_copy_of(target: str) -> tuple[int, int]:
    """The image and number of a hub's copy."""
    image, _, number = target[1:].partition(".")
    return int(image), int(number)
