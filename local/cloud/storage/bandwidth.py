"""How fast each source blob is read: its rate is shared equally by all copies that read it at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

# Below this a transfer is complete; a sum of many shares is never exact.
_ROUNDING_BYTES = 0.5


@dataclass(slots=True, eq=False)
class Reading:
    """One copy's reading of a source: `rate` is in bytes per second when it is the only reader."""

    total: float
    rate: float
    done: float = 0.0


class Readers:
    """All copies that read one source blob now; it reckons what each has read, and waits for nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._settled = clock()
        self._readings: list[Reading] = []
        self.changed = asyncio.Event()
        """Set when a reader came or went after the event was fetched: every end is then another."""

    def join(self, reading: Reading) -> None:
        """Let one more copy read, from now."""
        self._settle()
        self._readings.append(reading)
        self._announce()

    def leave(self, reading: Reading) -> None:
        """Let a copy end, done or not."""
        self._settle()
        self._readings.remove(reading)
        self._announce()

    def seconds_left(self, reading: Reading) -> float:
        """Return how long this reading would still take if nobody came or went; 0 when it is complete."""
        self._settle()
        left = reading.total - reading.done
        return left * len(self._readings) / reading.rate if left > _ROUNDING_BYTES else 0.0

    def _settle(self) -> None:
        now = self._clock()
        for reading in self._readings:
            share = reading.rate / len(self._readings) * (now - self._settled)
            reading.done = min(reading.total, reading.done + share)
        self._settled = now

    def _announce(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._readings)


class Bandwidth:
    """The readers of every source blob, by its path."""

    def __init__(self) -> None:
        self._sources: dict[str, Readers] = {}

    async def transfer(self, source: str, reading: Reading) -> None:
        """Return when `reading` has read its total from `source`; cancelling it frees its share."""
        readers = self._sources.setdefault(source, Readers())
        readers.join(reading)
        try:
            while seconds := readers.seconds_left(reading):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(readers.changed.wait(), seconds)
        finally:
            readers.leave(reading)
            if not readers:
                self._sources.pop(source, None)

    def progress(self, source: str, reading: Reading) -> int:
        """Return the bytes that `reading` has read by now."""
        if source in self._sources:
            self._sources[source].seconds_left(reading)
        return int(reading.done)
