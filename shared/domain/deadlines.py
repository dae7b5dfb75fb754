"""How long a copy or an image may take, and when a copy is worth looking at again.

Pure arithmetic in seconds; no clock.
"""

MIB = 1024 * 1024
SLOWEST_RATE = 5 * MIB  # bytes per second: slower than every copy rate reported for years
SHORTEST = 6 * 3600
LONGEST = 6 * 24 * 3600  # a user-delegation key lives 7 days
ABORT_BEFORE = 15 * 60
IMAGE_DEADLINE = 6 * 3600  # DevTest Labs takes some minutes; a run must end even if it never does


def copy_deadline(size_bytes: int) -> int:
    """Seconds that a copy of this size may take: 2 h + size / 5 MiB/s, at least 6 h, at most 6 days.

    The access that a copy reads with lives as long, because a pending copy cannot be given another.
    """
    return int(min(LONGEST, max(SHORTEST, 2 * 3600 + size_bytes / SLOWEST_RATE)))


def overdue(size_bytes: int, elapsed: float) -> bool:
    """Whether a pending copy must be aborted now: 15 minutes before its deadline."""
    return elapsed >= copy_deadline(size_bytes) - ABORT_BEFORE


def remaining(copied: int, total: int, elapsed: float) -> float | None:
    """Seconds that a copy will go on at its rate so far; None while nothing can be said."""
    if copied <= 0 or elapsed <= 0:
        return None
    return max(0.0, (total - copied) * elapsed / copied)
