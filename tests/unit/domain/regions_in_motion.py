"""A discrete-event simulation of one region: it carries out the relay's orders and holds them to the rules.

A copy takes as long as its image is big; a second reader of a source halves the first, as one page blob does.
"""

import heapq
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.domain.region_shape import FACTORY, CopyOrder, ImageShape, RegionShape, hub_copy_of, pair_of
from shared.domain.region_state import RegionState
from shared.domain.relay import next_copies
from shared.domain.tries import MAX_CROSSINGS
from shared.domain.work import CopyNote, ImageNote

ETAG = '"0x8DE2A5B1C3D4E5F"'


def a_shape(
    *images: tuple[int, int, int], home: bool = False, hub: bool = True, share: int = 200, per_source: int = 1
) -> RegionShape:
    """A region of images given as (bytes, pairs, relaying)."""
    made = tuple(ImageShape(bytes=size, pairs=pairs, relaying=relaying) for size, pairs, relaying in images)
    return RegionShape(home=home, hub=hub or home, share=share, per_source=per_source, images=made)


def never(_: CopyOrder) -> str | None:
    """A copy that does not fail."""
    return None


@dataclass
class Tally:
    """What a simulated region took."""

    makespan: float = 0
    crossings: Counter[int] = field(default_factory=Counter)  # finished, by image
    failed_crossings: Counter[int] = field(default_factory=Counter)
    hub_copies: int = 0
    largest_json: int = 0
    passes: int = 0
    counts: dict[str, int] = field(default_factory=dict)


@dataclass
class RegionInMotion:
    """One region on its way. `fault` says how a copy ends, `busy` whether it cannot be started just now."""

    shape: RegionShape
    fault: Callable[[CopyOrder], str | None] = never
    image_fault: Callable[[int], bool] = lambda _: False
    busy: Callable[[], bool] = lambda: False
    image_seconds: float = 0
    cancel_at: int | None = None
    measure_every: int = 1

    def __post_init__(self) -> None:
        self.state = RegionState.fresh(self.shape)
        self.now = 0.0
        self.tally = Tally()
        self._events: list[tuple[float, int, str, Any]] = []
        self._number = 0
        self._ended: dict[int, str] = {}
        self._stored: set[str] = set()  # staged blobs, as storage would list them
        self._readers: Counter[tuple[int, str]] = Counter()  # copies that read a source of an image now

    def run(self) -> Tally:
        """Goes on until the region is done; AssertionError where a rule is broken."""
        while not self.state.done:
            self._one_pass()
            if not self.state.done:
                self._move_on()
        assert not self._stored, f"left behind: {sorted(self._stored)}"
        self.tally.makespan = self.now
        self.tally.counts = counts = self.state.counts
        assert counts["delivered"] + counts["failed"] + counts["cancelled"] == self.shape.pairs, "a pair was lost"
        assert counts["delivered"] == list(self._ended.values()).count("delivered")
        return self.tally

    def _one_pass(self) -> None:
        self.tally.passes += 1
        if self.tally.passes == self.cancel_at:
            self._cancel()
        self._survive_a_restart()
        for order in next_copies(self.shape, self.state):
            self._start(order)
        for note in self.state.hopeless:
            self._end_pair(note)
        for pair in self.state.staged:
            self.state.image_begun(pair)
            if self.busy():
                self.state.image_put_off(pair)
                self._later(1, "wake", None)
            else:
                note = ImageNote(pair=pair, state="failed" if self.image_fault(pair) else "delivered")
                self._later(self.image_seconds, "image", note)
        self._discard()

    def _start(self, order: CopyOrder) -> None:
        self._check(order)
        self.state.copy_started(order.target, order.source)
        if self.busy():
            self.state.copy_put_off(order.target)
            self._later(1, "wake", None)
            return
        self._stored.add(order.target)
        image = self.shape.image_of(order.target)
        self._readers[image, order.source] += 1
        # A source that several read serves each of them so much slower.
        self._later(self.shape.images[image].bytes * self._readers[image, order.source], "copy", order)

    def _check(self, order: CopyOrder) -> None:
        image = self.shape.image_of(order.target)
        assert order.target not in self.state.flights
        assert len(self.state.flights) < self.shape.share, "over the share"
        assert self._readers[image, order.source] < self.shape.per_source, "too many readers of one source"
        if order.source != FACTORY:
            assert order.source in self._stored, "a source that is not there"
            assert self.shape.image_of(order.source) == image, "a source of another image"
            assert (order.source_etag == ETAG) == (pair_of(order.source) is not None), "a lab's copy read without ETag"
        if pair_of(order.source) is not None:
            assert self.shape.may_relay(order.source), "a lab that must not serve others"
            assert pair_of(order.target) is not None, "a hub's copy of a lab's copy"
        if pair_of(order.target) is None:
            most = self.shape.images[image].pairs + MAX_CROSSINGS
            assert hub_copy_of(order.target)[1] < most, "a hub's copy that recovery would not find"
        if self.shape.is_crossing(order.source) and self.shape.may_relay(order.target):
            assert not self._readers[image, FACTORY], "two crossings of one image at a time"

    def _move_on(self) -> None:
        assert self._events, f"stuck: {self.state.counts}"
        self.now = self._events[0][0]
        while self._events and self._events[0][0] == self.now:
            _, _, kind, value = heapq.heappop(self._events)
            if kind == "copy":
                self._end_copy(value)
            elif kind == "image":
                self._end_pair(value)

    def _end_copy(self, order: CopyOrder) -> None:
        code = self.fault(order)
        crossing = self.shape.is_crossing(order.source)
        image = self.shape.image_of(order.target)
        self._readers[image, order.source] -= 1
        self.tally.hub_copies += pair_of(order.target) is None
        if crossing:
            (self.tally.failed_crossings if code else self.tally.crossings)[image] += 1
        if code == "blob-not-ours":
            self._stored.discard(order.target)
        note = CopyNote(target=order.target, source=order.source, state="failed" if code else "finished", code=code)
        for _ in range(2):  # a repeated result changes nothing
            self.state.copy_ended(note, ETAG)

    def _end_pair(self, note: ImageNote) -> None:
        for _ in range(2):
            self.state.image_ended(note)
        assert note.pair not in self._ended, "one pair ended twice"
        self._ended[note.pair] = note.state

    def _discard(self) -> None:
        targets = self.state.disposable
        for target in targets:
            assert not self._readers[self.shape.image_of(target), target], "discarded under its reader"
            assert target not in self.state.flights, "discarded in flight"
            self._stored.discard(target)
        self.state.discarded(targets)
        self.state.discarded(targets)

    def _cancel(self) -> None:
        self.state.cancel()
        assert next_copies(self.shape, self.state) == []

    def _survive_a_restart(self) -> None:
        """The decisions after a round trip through JSON are the same."""
        if self.tally.passes % self.measure_every:
            return
        text = json.dumps(self.state.to_json(), separators=(",", ":"))
        again = RegionState.from_json(self.shape, json.loads(text))
        assert next_copies(self.shape, again) == next_copies(self.shape, self.state)
        assert (again.disposable, again.staged, again.hopeless) == (
            self.state.disposable,
            self.state.staged,
            self.state.hopeless,
        )
        self.state = again
        self.tally.largest_json = max(self.tally.largest_json, len(text))

    def _later(self, seconds: float, kind: str, value: Any) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now + seconds, self._number, kind, value))


def a_random_shape(rng: random.Random) -> RegionShape:
    """A region of up to 60 pairs of any kind."""
    home = rng.random() < 0.3
    images = []
    for _ in range(rng.randint(1, 6)):
        pairs = rng.randint(1, 10)
        images.append((rng.choice((1, 5, 10, 30)), pairs, rng.choice((0, 0, pairs, rng.randint(0, pairs)))))
    return a_shape(
        *images, home=home, hub=rng.random() < 0.5, share=rng.choice((1, 2, 5, 20)), per_source=rng.randint(1, 3)
    )
