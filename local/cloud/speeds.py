"""How long things take in the emulated Azure, and how that becomes real time. Nothing here waits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from local.cloud.errors import WorldEntryError

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Speeds:
    """The speeds of one world; seconds are the world's own, and `real` turns them into seconds of this machine."""

    time_scale: float = 1.0
    copy_mib_per_second: float = 60.0
    cross_region_mib_per_second: float = 20.0
    account_mib_per_second: float = 5960.0
    """What all blobs of one account give together: 50 Gbit/s, as a standard account does in most regions."""
    image_seconds: float = 90.0
    delete_image_seconds: float = 20.0
    grant_seconds: float = 2.0
    revoke_seconds: float = 2.0
    snapshot_seconds: float = 30.0
    """A custom image of a virtual machine."""
    start_vm_seconds: float = 60.0
    stop_vm_seconds: float = 60.0
    delete_vm_seconds: float = 60.0

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Read a world's `speeds`; a missing key has its default. Raises WorldEntryError naming the key."""
        names = {_camel_case(field.name): field.name for field in fields(cls)}
        values: dict[str, float] = {}
        for key, value in entry.items():
            if key not in names:
                raise WorldEntryError(key, f"unknown; known are {', '.join(names)}")
            values[names[key]] = _speed(key, value)
        return cls(**values)

    def real(self, seconds: float) -> float:
        """Return how many seconds of this machine so many seconds of the world last."""
        return seconds / self.time_scale

    @property
    def account_bytes_per_second(self) -> float:
        """Return what the blobs of one account give together, per second of this machine."""
        return self.account_mib_per_second * _MIB * self.time_scale

    def bytes_per_second(self, *, crossing: bool) -> float:
        """Return what one source blob gives all its readers together, per second of this machine.

        `crossing` says that source and destination lie in different regions.
        """
        rate = self.cross_region_mib_per_second if crossing else self.copy_mib_per_second
        return rate * _MIB * self.time_scale


def _speed(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise WorldEntryError(key, "must be a number")
    if value < 0 or (value == 0 and not key.endswith("Seconds")):
        raise WorldEntryError(key, "must be greater than 0" if value == 0 else "must not be negative")
    return float(value)


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join("MiB" if word == "mib" else word.capitalize() for word in rest)
