"""How far a region is: the bytes that are there, their rate, and the custom status made of them.

Pure, and part of an orchestration: it is replayed, and travels from generation to generation as small JSON.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.domain.region_shape import RegionShape
from shared.domain.region_state import RegionState

IMAGES_SHOWN = 100  # images in the custom status, which must stay under 4 KB


class RegionProgress:
    """What a region has copied, in bytes, and how fast, in bytes per second."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self._finished: int = kept.get("bytes", 0)
        self._in_flight: int = kept.get("inFlight", 0)
        self._rate: float = kept.get("rate", 0)
        self._measured: tuple[str, int] | None = kept.get("measured")  # when, and the bytes that were there then

    def to_json(self) -> dict[str, Any]:
        """What `kept` is to be in the next generation."""
        kept = {"bytes": self._finished, "inFlight": self._in_flight}
        return {**kept, "rate": self._rate, "measured": self._measured}

    def copy_finished(self, size: int) -> None:
        """A copy of so many bytes is there."""
        self._finished += size

    def copies_seen(self, copied: int) -> None:
        """So many bytes of the copies in flight are there."""
        self._in_flight = copied

    @property
    def measured(self) -> bool:
        """Whether there is a note that the next one can be compared with."""
        return self._measured is not None

    def measure(self, state: RegionState, now: datetime) -> None:
        """Notes the bytes that are there now; those since the last note, over the time between, are the rate."""
        copied = self._copied(state)
        if self._measured is not None:
            seconds = (now - datetime.fromisoformat(self._measured[0])).total_seconds()
            self._rate = max(0, copied - self._measured[1]) / seconds if seconds > 0 else self._rate
        self._measured = (now.isoformat(), copied) if state.flights else None

    def shown(self, region: str, shape: RegionShape, state: RegionState) -> dict[str, Any]:
        """Where the region stands, as its custom status: counts, bytes, rate, and the ended pairs of each image."""
        images = [(*state.pairs.ended(index), each.pairs) for index, each in enumerate(shape.images)]
        return {
            "region": region,
            "counts": state.counts,
            "bytes": {"copied": self._copied(state), "total": state.bytes_to_copy},
            "inFlight": len(state.flights),
            "rate": round(self._rate) if state.flights else 0,
            "images": images if len(images) <= IMAGES_SHOWN else [],
        }

    def _copied(self, state: RegionState) -> int:
        return self._finished + (self._in_flight if state.flights else 0)
