import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from local.host.errors import AppError
from local.host.schedule import Schedule
from local.host.timer_trigger import TimerListener
from tests.local.host.fake_invoker import FakeInvoker, fail, function, succeed

_YEARLY = "0 0 3 1 1 *"


@dataclass
class _Status:
    stored: Mapping[str, str] | None = None

    async def read(self) -> dict[str, str] | None:
        return None if self.stored is None else dict(self.stored)

    async def write(self, status: Mapping[str, str]) -> None:
        self.stored = status


def _past_due(invoker: FakeInvoker) -> list[bool]:
    return [json.loads(value)["IsPastDue"] for value in invoker.values]


async def _listen(
    schedule: str, status: _Status, until: Callable[[FakeInvoker], bool], action: Callable[[str], Awaitable[None]]
) -> FakeInvoker:
    invoker = FakeInvoker(action)
    listener = TimerListener(function("timerTrigger", schedule=schedule), invoker, status)
    task = asyncio.create_task(listener.run())
    async with asyncio.timeout(20):
        while not until(invoker):  # noqa: ASYNC110 - the listener runs for ever
            await asyncio.sleep(0.01)
    task.cancel()
    return invoker


def _stored(last: str, due: str) -> _Status:
    return _Status({"Last": last, "Next": due, "LastUpdated": last})


def test_run_that_was_missed_is_past_due_once() -> None:
    status = _stored("2020-06-01T00:00:00+00:00", "2021-01-01T03:00:00+00:00")
    invoker = asyncio.run(_listen(_YEARLY, status, lambda i: status.stored is not None and bool(i.values), succeed))
    assert _past_due(invoker) == [True]


def test_run_is_noted_with_the_next_one() -> None:
    status = _stored("2020-06-01T00:00:00+00:00", "2021-01-01T03:00:00+00:00")
    begun = datetime.now(UTC)

    def noted(_: FakeInvoker) -> bool:
        return status.stored is not None and datetime.fromisoformat(status.stored["Last"]) >= begun

    asyncio.run(_listen(_YEARLY, status, noted, fail))
    assert status.stored is not None
    assert datetime.fromisoformat(status.stored["Next"]) == Schedule(_YEARLY, "sample").next_after(begun)


@pytest.mark.parametrize(
    "status",
    [
        _Status(),
        _stored("2020-06-01T00:00:00+00:00", "2020-07-07T07:07:07+00:00"),
        _Status({"Last": "broken"}),
    ],
    ids=["first start", "schedule has been changed", "unreadable status"],
)
def test_nothing_is_past_due_where_nothing_was_missed(status: _Status) -> None:
    before = status.stored
    invoker = asyncio.run(_listen(_YEARLY, status, lambda _: status.stored is not before, succeed))
    assert invoker.values == []


def test_runs_never_overlap() -> None:
    running = most = 0

    async def count(_: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(1.2)
        running -= 1

    invoker = asyncio.run(_listen("* * * * * *", _Status(), lambda i: len(i.values) == 2, count))
    assert most == 1
    assert _past_due(invoker) == [False, False]


def test_status_of_a_timer_that_is_due_every_second_is_not_kept() -> None:
    status = _Status()
    asyncio.run(_listen("* * * * * *", status, lambda i: bool(i.values), succeed))
    assert status.stored is None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * *", "2026-11-23T10:05:00+00:00"),
        ("*/5 * * * *", "2026-11-23T10:05:00+00:00"),
        ("30 0 3 * * *", "2026-11-24T03:00:30+00:00"),
        ("0 0 0 13 * 5", "2026-11-13T00:00:00+00:00"),
        ("0 30 9 * Jan Mon", "2027-01-04T09:30:00+00:00"),
    ],
)
def test_schedule_has_seconds_first_and_joins_days_with_and(expression: str, expected: str) -> None:
    base = datetime(2026, 11, 23, 10, 0, 30, tzinfo=UTC)
    if expression == "0 0 0 13 * 5":
        base -= timedelta(days=30)
    assert Schedule(expression, "sample").next_after(base).isoformat() == expected


@pytest.mark.parametrize("expression", ["", "every day", "0 0 3 * *  * *", "99 * * * * *", "00:05:00"])
def test_wrong_schedule_names_function_and_expression(expression: str) -> None:
    with pytest.raises(AppError, match=r"Function sample: '.*' is no schedule"):
        Schedule(expression, "sample")
