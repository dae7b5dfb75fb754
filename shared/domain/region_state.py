"""Where each pair of a region stands: mutable, owned by the orchestrator deliver_region, written as small JSON.

It folds results by the key in the result, so that a repeated or late one changes nothing. It decides nothing:
which copy comes next is domain.relay's business.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from shared.domain.hub_letters import HUB_COPYING, HUB_GONE, HUB_LOST, HUB_READY, HUB_WAITING, HubLetters
from shared.domain.region_letters import (
    COPYING,
    ENDED,
    ENDINGS,
    IMAGING,
    LEFT_OVER,
    STAGED,
    WAITING,
    PairLetters,
)
from shared.domain.region_shape import FACTORY, RegionShape, pair_of, pair_target
from shared.domain.tries import (
    BLOCKED_LAB_CODES,
    CROSSING_FAILED,
    FINAL_CODES,
    LOST_SOURCE_CODES,
    MAX_COPIES,
    MAX_CROSSINGS,
    NOT_OURS,
    UNREADABLE_LAB_CODES,
)
from shared.domain.work import CopyNote, ImageNote


class RegionState:
    """The state of every copy and image of one region."""

    def __init__(
        self,
        shape: RegionShape,
        pairs: str,
        hubs: list[str],
        *,
        flights: dict[str, str] | None = None,
        misses: dict[int, int] | None = None,
        etags: dict[int, str] | None = None,
        cancelled: bool = False,
    ) -> None:
        self.cancelled = cancelled
        self.flights = flights or {}  # target -> source
        self._shape = shape
        self.pairs = PairLetters(shape, pairs)
        self.hubs = HubLetters(hubs)
        self._misses = misses or {}  # image -> failed crossings and hub copies
        self._etags = etags or {}  # pair whose finished copy may serve others -> ETag of that copy

    @classmethod
    def fresh(cls, shape: RegionShape) -> Self:
        """A region in which nothing has begun."""
        return cls(shape, f"{shape.pairs}w", [""] * len(shape.images))

    @classmethod
    def from_json(cls, shape: RegionShape, value: Mapping[str, Any]) -> Self:
        """The state that `to_json` wrote for this shape."""
        return cls(
            shape,
            value["pairs"],
            value["hubs"].split(","),
            flights=dict(value["flights"]),
            misses={int(image): count for image, count in value["misses"].items()},
            etags={int(pair): etag for pair, etag in value["etags"].items()},
            cancelled=value["cancelled"],
        )

    def to_json(self) -> dict[str, Any]:
        """This state as JSON-native values: at most one character per pair, and what is in flight or may serve."""
        return {
            "pairs": self.pairs.to_text(),
            "hubs": self.hubs.to_text(),
            "flights": dict(self.flights),
            "misses": {str(image): count for image, count in self._misses.items()},
            "etags": {str(pair): etag for pair, etag in self._etags.items()},
            "cancelled": self.cancelled,
        }

    def copy_started(self, target: str, source: str) -> None:
        """A copy is about to be started: to be said before its activity is scheduled, so that it is never lost."""
        if target in self.flights or self.cancelled:
            return
        pair = pair_of(target)
        if pair is None:
            self.hubs.put(target, HUB_COPYING)
        elif (tries := WAITING.find(self.pairs[pair])) >= 0:
            self.pairs[pair] = COPYING[tries]
        else:
            return
        self.flights[target] = source

    def copy_put_off(self, target: str) -> None:
        """A copy could not be started now (throttled): it waits again, and this counts as no try."""
        if self.flights.pop(target, None) is None:
            return
        pair = pair_of(target)
        if pair is None:
            self.hubs.put(target, HUB_WAITING)
        else:
            waiting = WAITING[COPYING.index(self.pairs[pair])]
            self.pairs[pair] = LEFT_OVER[2] if self.cancelled else waiting

    def copy_ended(self, note: CopyNote, etag: str | None = None) -> None:
        """A copy has ended. `etag` is that of its finished blob; it lets a relaying lab's copy serve others."""
        if self.flights.get(note.target) != note.source:
            return
        del self.flights[note.target]
        image, pair = self._shape.image_of(note.target), pair_of(note.target)
        if pair is None:
            self.hubs.put(note.target, HUB_READY if note.state == "finished" else HUB_WAITING)
        else:
            self.pairs[pair] = self._after_copy(self.pairs[pair], note)
            if etag is not None and self.pairs[pair] == STAGED and self._is_worth_keeping(pair, image):
                self._etags[pair] = etag
        if note.state == "failed":
            self._blame(image, note)
        self._release_holders(image)

    def _after_copy(self, letter: int, note: CopyNote) -> int:
        tries = COPYING.index(letter) + 1
        if self.cancelled or note.state == "cancelled":
            return LEFT_OVER[2]
        if note.state == "finished":
            return STAGED
        if note.code == NOT_OURS:
            return ENDED[1]
        return LEFT_OVER[1] if note.code in FINAL_CODES or tries >= MAX_COPIES else WAITING[tries]

    def _blame(self, image: int, note: CopyNote) -> None:
        """Counts a failed crossing or hub copy, and gives up a source that is not what it was."""
        missed = 0
        lost = LOST_SOURCE_CODES if pair_of(note.source) is None else UNREADABLE_LAB_CODES
        if note.code in lost and note.source != FACTORY:
            self._give_up(note.source)
            # A crossing whose copy nobody can read was in vain, and must not be repeated for ever.
            missed = not self._shape.home and not self.holders(image)
        elif pair_of(note.target) is None:
            missed = MAX_CROSSINGS if note.code in FINAL_CODES else 1
        elif self._shape.is_crossing(note.source) and self._shape.may_relay(note.target):
            missed = note.code not in BLOCKED_LAB_CODES
        if missed:
            self._misses[image] = self.misses(image) + missed

    def _give_up(self, source: str) -> None:
        pair = pair_of(source)
        if pair is None:
            self.hubs.put(source, HUB_LOST)
        else:
            self._etags.pop(pair, None)

    def _is_worth_keeping(self, pair: int, image: int) -> bool:
        """Whether a finished lab's copy should serve others: where allowed, and no more of them than can be busy."""
        if not self._shape.may_relay(pair_target(pair)) or self.cancelled:
            return False
        holders = len(self.holders(image))
        return holders == 0 or holders < self.useful_holders(image)

    def _release_holders(self, image: int) -> None:
        if self._etags and not self.pairs.is_open(image):
            first, end = self._shape.starts[image : image + 2]
            self._etags = {pair: etag for pair, etag in self._etags.items() if not first <= pair < end}

    def image_begun(self, pair: int) -> None:
        """A custom image is about to be made: to be said before its activity is scheduled."""
        if self.pairs[pair] == STAGED:
            self.pairs[pair] = IMAGING

    def image_put_off(self, pair: int) -> None:
        """A custom image could not be begun now (throttled): it is ready to be made again."""
        if self.pairs[pair] == IMAGING:
            self.pairs[pair] = LEFT_OVER[2] if self.cancelled else STAGED

    def image_ended(self, note: ImageNote) -> None:
        """A custom image has ended; a pair that still waits for its copy can only end badly."""
        letter, ending = self.pairs[note.pair], ENDINGS[note.state]
        if letter in (STAGED, IMAGING):
            self.pairs[note.pair] = LEFT_OVER[ending]
        elif letter in WAITING and note.state != "delivered":
            self.pairs[note.pair] = (ENDED if letter == WAITING[0] else LEFT_OVER)[ending]
            self._release_holders(self._shape.image_of(pair_target(note.pair)))

    def cancel(self) -> None:
        """Nothing new begins: what waits is cancelled; copies in flight and images being made must still end."""
        self.cancelled = True
        self._etags = {}
        self.pairs.cancel()

    @property
    def staged(self) -> list[int]:
        """The pairs whose copy is ready and whose custom image is to be made, in order."""
        return self.pairs.all_of(bytes([STAGED]))

    @property
    def imaging(self) -> list[int]:
        """The pairs whose custom image is being made, in order."""
        return self.pairs.all_of(bytes([IMAGING]))

    @property
    def disposable(self) -> list[str]:
        """Targets whose staged VHD may go: nobody reads it now or will, and its own custom image has ended."""
        read = dict.fromkeys(self.flights.values())
        pairs = [pair_target(pair) for pair in self.pairs.all_of(LEFT_OVER) if pair not in self._etags]
        return [target for target in (*pairs, *self._idle_hub_copies()) if target not in read]

    def _idle_hub_copies(self) -> Iterator[str]:
        for image in range(len(self._shape.images)):
            ended = "" if self.pairs.is_open(image) else HUB_READY + HUB_WAITING
            yield from self.hubs.all_of(image, HUB_LOST + ended)

    def discarded(self, targets: Iterable[str]) -> None:
        """These staged VHDs are gone, or cannot be removed: they are not named again."""
        for target in targets:
            pair = pair_of(target)
            if pair is None:
                self.hubs.put(target, HUB_GONE)
            elif (ending := LEFT_OVER.find(self.pairs[pair])) >= 0:
                self.pairs[pair] = ENDED[ending]

    @property
    def hopeless(self) -> list[ImageNote]:
        """Pairs that nobody can serve any more, as notes to be kept and given to `image_ended`."""
        crossing = {self._shape.image_of(target): True for target in self.flights if not self._shape.home}
        return [
            ImageNote(pair=pair, state="failed", code="crossing-failed", message=CROSSING_FAILED)
            for image in sorted(self._misses)
            if self.misses(image) >= MAX_CROSSINGS and not self._shape.home
            if image not in crossing and not self.holders(image)
            for pair in self.pairs.waiting(image)
        ]

    @property
    def counts(self) -> dict[str, int]:
        """How many pairs are where, for the custom status."""
        return self.pairs.counts()

    @property
    def done(self) -> bool:
        """Whether every pair has ended, no copy is in flight and nothing staged is left."""
        return not self.flights and self.pairs.all_ended() and self.hubs.all_gone()

    @property
    def bytes_to_copy(self) -> int:
        """Bytes of all copies that this region is known to need: crossings, hub copies begun, and each lab's."""
        least = 1 if self._shape.hub and not self._shape.home else 0
        images = enumerate(self._shape.images)
        return sum(each.bytes * (each.pairs + max(least, self.hubs.count(image))) for image, each in images)

    def misses(self, image: int) -> int:
        """How many crossings and hub copies of an image have failed."""
        return self._misses.get(image, 0)

    def holders(self, image: int) -> list[str]:
        """The finished copies of an image that may be read, the hub's first; the saved image itself is not named."""
        first, end = self._shape.starts[image : image + 2]
        return self.hubs.all_of(image, HUB_READY) + [
            pair_target(pair) for pair in sorted(self._etags) if first <= pair < end
        ]

    def etag(self, source: str) -> str | None:
        """The ETag that a lab's copy must still have when it is read; None for the factory's own copies."""
        pair = pair_of(source)
        return None if pair is None else self._etags[pair]

    def useful_holders(self, image: int) -> float:
        """How many holders of an image can be busy: its part of the waiting bytes, of all that may be read at once."""
        shape = self._shape
        waiting = [
            sum(self.pairs.waiting_counts(index)) * max(1, shape.images[index].bytes)
            for index in range(len(shape.images))
        ]
        return shape.share / shape.per_source * waiting[image] / max(1, sum(waiting))
