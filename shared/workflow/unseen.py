"""How long the looks at a copy or an image have told nothing. Pure: orchestrators replay it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.workflow.policies import LATEST_CHECK, PATIENCE, real


class Unseen:
    """What the last looks told nothing of, by its target: since when, and how many looks it has been.

    Patience ends after `PATIENCE` looks in a row that took no less than they do at the slowest: while other copies are
    looked at every other second, half a minute without an answer is no reason to give up.
    """

    def __init__(self, kept: Mapping[str, Any], scale: float) -> None:
        self._kept = {target: (datetime.fromisoformat(since), looks) for target, (since, looks) in kept.items()}
        self._longest = PATIENCE * real(LATEST_CHECK, scale)

    def to_json(self) -> dict[str, Any]:
        """What `kept` is to be in the next generation."""
        return {target: [since.isoformat(), looks] for target, (since, looks) in self._kept.items()}

    def was_seen(self, target: str) -> None:
        """A look told something of it."""
        self._kept.pop(target, None)

    def ends_patience(self, target: str, now: datetime) -> bool:
        """A look told nothing of it; whether that was one too many."""
        since, looks = self._kept.pop(target, (now, 0))
        if looks + 1 >= PATIENCE and now - since >= self._longest:
            return True
        self._kept[target] = (since, looks + 1)
        return False
