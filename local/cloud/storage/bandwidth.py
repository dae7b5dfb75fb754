"""How fast each source blob is read: its rate is shared equally by all copies that read it at a time.

Where all blobs of one account together would be read faster than it can, each is slowed by the same factor.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
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


class Account:
    """What the blobs of one account are read at together; `limit` is in bytes per second."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.factor = 1.0
        self.blobs: dict[str, Readers] = {}

    def settle(self) -> None:
        """Reckon the factor anew; where it changes, every reading of the account ends at another time."""
        wanted = sum(readers.wanted() for readers in self.blobs.values())
        factor = min(1.0, self.limit / wanted) if wanted else 1.0
        if factor != self.factor:
            for readers in self.blobs.values():
                readers.settle()
            self.factor = factor
            for readers in self.blobs.values():
                readers.announce()


class Readers:
    """All copies that read one source blob now; it reckons what each has read, and waits for nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, account: Account | None = None) -> None:
        self._account = account or Account(math.inf)
        self._clock = clock
        self._settled = clock()
        self._readings: list[Reading] = []
        self.changed = asyncio.Event()
        """Set when a reader came or went after the event was fetched: every end is then another."""

    def join(self, reading: Reading) -> None:
        """Let one more copy read, from now."""
        self.settle()
        self._readings.append(reading)
        self._account.settle()
        self.announce()

    def leave(self, reading: Reading) -> None:
        """Let a copy end, done or not."""
        self.settle()
        self._readings.remove(reading)
        self._account.settle()
        self.announce()

    def wanted(self) -> float:
        """Return the bytes per second that all its readers would take if the account had no limit."""
        return sum(reading.rate for reading in self._readings) / max(1, len(self._readings))

    def seconds_left(self, reading: Reading) -> float:
        """Return how long this reading would still take if nobody came or went; 0 when it is complete."""
        self.settle()
        left = reading.total - reading.done
        return left * len(self._readings) / (reading.rate * self._account.factor) if left > _ROUNDING_BYTES else 0.0

    def settle(self) -> None:
        """Add up what was read since the last time."""
        now = self._clock()
        for reading in self._readings:
            share = reading.rate * self._account.factor / len(self._readings) * (now - self._settled)
            reading.done = min(reading.total, reading.done + share)
        self._settled = now

    def announce(self) -> None:
        """Wake all who wait for an end, to reckon it anew."""
        self.changed.set()
        self.changed = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._readings)


class Bandwidth:
    """The readers of every source blob, by its path; `account_limit` is in bytes per second."""

    def __init__(self, account_limit: float = math.inf) -> None:
        self._limit = account_limit
        self._accounts: dict[str, Account] = {}

    async def transfer(self, source: str, reading: Reading) -> None:
        """Return when `reading` has read its total from `source`; cancelling it frees its share."""
        name = _account_of(source)
        account = self._accounts.setdefault(name, Account(self._limit))
        readers = account.blobs.setdefault(source, Readers(account=account))
        readers.join(reading)
        try:
            while seconds := readers.seconds_left(reading):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(readers.changed.wait(), seconds)
        finally:
            readers.leave(reading)
            if not readers:
                account.blobs.pop(source, None)
            if not account.blobs:
                self._accounts.pop(name, None)

    def progress(self, source: str, reading: Reading) -> int:
        """Return the bytes that `reading` has read by now."""
        account = self._accounts.get(_account_of(source))
        if account is not None and source in account.blobs:
            account.blobs[source].seconds_left(reading)
        return int(reading.done)


def _account_of(source: str) -> str:
    return source.strip("/").partition("/")[0]
