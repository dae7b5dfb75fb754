"""Regions delivered in virtual time: the product's own orchestration over storage that obeys bandwidth alone.

Calls take no time and never fail. A source blob serves RATE in all, shared alike by the copies that read it. The
saved image is one blob for all regions.
"""

import heapq
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from durabletask.task import CompletableTask, RetryPolicy, Task

from shared.domain.deadlines import remaining
from shared.domain.region_shape import FACTORY, RegionShape
from shared.workflow.deliver_region import deliver_region

RATE = 60 * 1024 * 1024  # bytes per second that one page blob serves
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)

type Place = tuple[str, str]  # a region and a copy in it; of the saved image "" and its size


@dataclass
class Flight:
    """A copy in flight or ended; a place at which it is, and the place that it reads."""

    source: Place
    total: int
    began: float
    copied: float = 0
    ended: float | None = None


class Storage:
    """All copies of all regions, and the custom images that are being made of them."""

    def __init__(self, image_seconds: float) -> None:
        self.now = 0.0
        self.flights: dict[Place, Flight] = {}
        self.images: dict[Place, float] = {}  # the moment at which each is made
        self._flying: set[Place] = set()
        self._image_seconds = image_seconds

    def copy(self, target: Place, source: Place, size: int) -> None:
        """Starts a copy."""
        self.flights[target] = Flight(source, size, self.now)
        self._flying.add(target)

    def make_image(self, target: Place) -> None:
        """Begins a custom image."""
        self.images[target] = self.now + self._image_seconds

    def advance(self, to: float) -> None:
        """Lets time pass; whenever a copy ends, those that read the same source go on faster."""
        while self._flying:
            readers = Counter(self.flights[each].source for each in self._flying)
            flying = [(each, self.flights[each], RATE / readers[self.flights[each].source]) for each in self._flying]
            step = min((flight.total - flight.copied) / rate for _, flight, rate in flying)
            passed = min(step, to - self.now)
            self.now += passed
            for target, flight, rate in flying:
                flight.copied += rate * passed
                if flight.total - flight.copied < 1:
                    flight.copied, flight.ended = flight.total, self.now
                    self._flying.discard(target)
            if self.now >= to:
                break
        self.now = to


class Region:
    """One region's orchestration and what it sees of the engine; its activities are answered by the storage."""

    def __init__(self, name: str, shape: RegionShape, storage: Storage) -> None:
        self.shape = shape
        self._name = name
        self._storage = storage
        self._payload: dict[str, Any] | None = {"shape": shape.to_json(), "region": name, "scale": 1}
        self._payload |= {"run": "run", "startedAt": MIDNIGHT.isoformat()}
        self._orchestration: Generator[Task[Any], Any, Any] | None = None
        self._last: Task[Any] | None = None
        self._waits: list[float] = []
        self.result: Any = None

    def turn(self) -> float | None:
        """Goes on until the orchestration waits, for so many seconds, or has ended."""
        while not self._waits:
            if self._orchestration is None:
                if self._payload is None:
                    return None
                payload, self._payload = self._payload, None
                self._orchestration, self._last = deliver_region(self, payload), None  # type: ignore[arg-type]
            try:
                self._last = self._orchestration.send(self._last.get_result() if self._last else None)
            except StopIteration as stop:
                self.result, self._orchestration = stop.value, None
        return self._waits.pop()

    @property
    def current_utc_datetime(self) -> datetime:
        return (MIDNIGHT + timedelta(seconds=self._storage.now)).replace(tzinfo=None)

    def set_custom_status(self, status: Any) -> None: ...

    def continue_as_new(self, payload: Any) -> None:
        self._payload = payload

    def create_timer(self, delay: timedelta) -> CompletableTask[None]:
        self._waits.append(delay.total_seconds())
        return _done(None)

    def call_activity(
        self,
        name: str,
        *,
        input: dict[str, Any],  # noqa: A002 (the engine's name)
        retry_policy: RetryPolicy,
    ) -> CompletableTask[Any]:
        return _done(getattr(self, name)(input))

    def copy_image(self, call: dict[str, Any]) -> dict[str, Any]:
        target, source, image = call["target"], call["source"], self.shape.image_of(call["target"])
        read = ("", str(image)) if source == FACTORY else (self._name, source)
        self._storage.copy((self._name, target), read, self.shape.images[image].bytes)
        return {"target": target, "source": source, "state": "started"}

    def check_copies(self, call: dict[str, Any]) -> dict[str, Any]:
        found = [(target, self._storage.flights[self._name, target]) for target in call["targets"]]
        going = [each for _, each in found if each.ended is None]
        left = [remaining(int(each.copied), each.total, self._storage.now - each.began) for each in going]
        return {
            "ended": [
                {"target": target, "state": "finished", "etag": target, "bytes": each.total, "seconds": 0}
                for target, each in found
                if each.ended is not None
            ],
            "copied": sum(int(each.copied) for each in going),
            "remaining": min((each for each in left if each is not None), default=None),
        }

    def create_image(self, call: dict[str, Any]) -> dict[str, Any]:
        self._storage.make_image((self._name, f"p{call['pair']}"))
        return {"pair": call["pair"], "state": "creating"}

    def check_images(self, call: dict[str, Any]) -> dict[str, Any]:
        made = [pair for pair in call["pairs"] if self._storage.images[self._name, f"p{pair}"] <= self._storage.now]
        return {"ended": [{"pair": pair, "state": "delivered", "seconds": 0} for pair in made]}

    def discard_copies(self, call: dict[str, Any]) -> dict[str, Any]:
        return {"discarded": call["targets"]}


def deliver(shapes: Sequence[RegionShape], image_seconds: float) -> tuple[float, list[Region]]:
    """Delivers regions side by side; the virtual seconds that it took, and the regions."""
    storage = Storage(image_seconds)
    regions = [Region(f"region{number}", shape, storage) for number, shape in enumerate(shapes)]
    due = [(0.0, number) for number in range(len(regions))]
    heapq.heapify(due)
    while due:
        moment, number = heapq.heappop(due)
        storage.advance(moment)
        wait = regions[number].turn()
        if wait is not None:
            heapq.heappush(due, (storage.now + wait, number))
    return storage.now, regions


def delivered(region: Region) -> int:
    """How many pairs of an ended region are delivered."""
    return int(region.result["counts"]["delivered"])


def _done(value: Any) -> CompletableTask[Any]:
    task: CompletableTask[Any] = CompletableTask()
    task.complete(value)
    return task
