"""One thread and one heap for every timer of the engine. It knows nothing of orchestrations."""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

_log = logging.getLogger(__name__)


class TimerQueue:
    """Runs actions at their times, never early, on one daemon thread; thousands of timers cost no thread more."""

    def __init__(self) -> None:
        """Start the thread; it ends with `close`."""
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="durable-timers", daemon=True)
        self._thread.start()

    def schedule(self, fire_at: datetime, action: Callable[[], None]) -> None:
        """Run the action once the wall clock, read now, will have reached `fire_at` (an aware time)."""
        due = time.monotonic() + (fire_at - datetime.now(UTC)).total_seconds()
        with self._changed:
            heapq.heappush(self._heap, (due, next(self._order), action))
            self._changed.notify()

    def close(self) -> None:
        """Drop every timer and end the thread."""
        with self._changed:
            self._closed = True
            self._heap.clear()
            self._changed.notify()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:
                _log.exception("A timer's action failed; the other timers go on")

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while not self._closed:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(wait)
        return None
