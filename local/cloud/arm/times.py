"""Moments as Resource Manager writes them: 7-digit fractions, trailing zeros trimmed, an explicit offset."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    """The moment as text, such as `2024-09-05T09:11:18.11946+00:00`; never `Z`."""
    utc = moment.astimezone(UTC)
    # The service counts in 100 ns, Python in microseconds: the seventh digit is made of the others, so that clients
    # meet one and equal moments stay equal text.
    fraction = f"{utc.microsecond:06d}{utc.microsecond % 10}".rstrip("0")
    return utc.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + "+00:00"


def ticks() -> int:
    """The present moment in .NET ticks (100 ns since year 1), which stand in operation URLs."""
    return time.time_ns() // 100 + 621_355_968_000_000_000
