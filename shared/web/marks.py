"""How numbers, times and outcomes look to people, on every page."""

from datetime import datetime
from typing import NamedTuple


class Mark(NamedTuple):
    """How an outcome looks: never by its colour alone. `tone` is a class of the style sheet."""

    outcome: str
    words: str
    sign: str
    tone: str


MARKS = {
    mark.outcome: mark
    for mark in (
        Mark("failed", "failed", "✕", "bad"),
        Mark("cancelled", "cancelled", "○", "warn"),
        Mark("skipped", "skipped", "⊘", "mild"),
        Mark("planned", "planned", "+", "info"),
        Mark("saved", "saved", "✓", "good"),
        Mark("delivered", "delivered", "✓", "good"),
        Mark("already-present", "already present", "=", "info"),
    )
}


def size(count: int) -> str:
    """Bytes for people: 136365212160 is `127.0 GiB`; nothing is an empty text."""
    if count < 1024**2:
        return f"{count:,} bytes" if count else ""
    if count < 1024**3:
        return f"{count / 1024**2:.0f} MiB"
    return f"{count / 1024**3:,.1f} GiB"


def duration(seconds: float) -> str:
    """Seconds for people, in the two largest units that matter; less than one is an empty text."""
    whole = round(seconds)
    if whole < 1:
        return ""
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def moment(time: datetime | None) -> str:
    """A time in UTC, to the second."""
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else ""
