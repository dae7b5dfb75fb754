import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.host.durable.timer_queue import TimerQueue


@pytest.fixture
def timers() -> Iterator[TimerQueue]:
    timers = TimerQueue()
    yield timers
    timers.close()


def _soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def test_actions_run_in_the_order_of_their_times(timers: TimerQueue) -> None:
    order: list[str] = []
    done = threading.Event()
    timers.schedule(_soon(0.3), done.set)
    timers.schedule(_soon(0.2), lambda: order.append("second"))
    timers.schedule(_soon(0.1), lambda: order.append("first"))
    timers.schedule(_soon(-1), lambda: order.append("overdue"))
    assert done.wait(20)
    assert order == ["overdue", "first", "second"]


def test_action_that_fails_does_not_stop_the_others(timers: TimerQueue) -> None:
    done = threading.Event()
    timers.schedule(_soon(0), lambda: [][0])
    timers.schedule(_soon(0.1), done.set)
    assert done.wait(20)


def test_closed_queue_runs_nothing_more(timers: TimerQueue) -> None:
    fired = threading.Event()
    timers.schedule(_soon(0.2), fired.set)
    timers.close()
    assert not fired.wait(0.4)
