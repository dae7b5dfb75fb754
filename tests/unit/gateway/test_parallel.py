"""Many calls side by side."""

import threading

import pytest

from shared.gateway.parallel import WORKERS, side_by_side


def test_results_come_in_the_order_of_the_items() -> None:
    assert side_by_side(lambda number: number * 2, range(100)) == [number * 2 for number in range(100)]
    assert side_by_side(str, []) == []


def test_calls_really_run_at_the_same_time() -> None:
    meeting = threading.Barrier(WORKERS, timeout=30)
    assert len(side_by_side(lambda _: meeting.wait(), range(WORKERS))) == WORKERS


def test_an_error_is_raised_and_no_call_goes_on_after_it() -> None:
    running = threading.Semaphore(0)

    def call(number: int) -> None:
        if number == 0:
            running.acquire(timeout=30)
            raise KeyError(number)
        running.release()

    with pytest.raises(KeyError):
        side_by_side(call, range(10))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("gateway")]
