"""Tells once when a listener's storage cannot be reached, and once when it can again."""

import logging
from types import TracebackType
from typing import Self

from azure.core.exceptions import AzureError

_log = logging.getLogger(__name__)


class Outages:
    """A context that swallows every exception of a listener's pass, so that the listener lives on."""

    def __init__(self, listener: str) -> None:
        """Take the listener's name for the log."""
        self._listener = listener
        self._known: str | None = None

    def __enter__(self) -> Self:
        """Begin a pass."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """End a pass; cancellation goes on."""
        if error is not None and not isinstance(error, Exception):
            return False
        # The texts of storage errors hold request ids and times, so no two are alike.
        now = None if error is None else type(error).__name__
        if now == self._known:
            return True
        self._known = now
        if now is None:
            _log.info("%s goes on", self._listener)
        elif isinstance(error, AzureError):
            _log.warning("%s waits for its storage: %s: %s", self._listener, now, error.message.partition("\n")[0])
        else:
            _log.error("%s failed, it is tried again", self._listener, exc_info=error)
        return True
