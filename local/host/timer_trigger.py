"""Timer triggers: one run at a time, the status in storage, and past due after a restart that missed a run."""

import asyncio
import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.app import Function
from local.host.invocation import Invokes, log_failure
from local.host.schedule import Schedule
from local.host.storage.outages import Outages

_log = logging.getLogger(__name__)
# Long sleeps drift when the machine is suspended; the wall clock is looked at this often.
_LOOK_SECONDS = 30.0
# Like the real host, do not keep the status of timers that are due more often.
_MONITORED = timedelta(minutes=1)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class StatusStore(Protocol):
    """Where a timer's status outlives the host."""

    async def read(self) -> dict[str, str] | None:
        """Give the stored status, if any."""

    async def write(self, status: Mapping[str, str]) -> None:
        """Replace the stored status."""


class TimerListener:
    """Runs one function whenever its schedule is due; a run that takes too long makes the next ones fall out."""

    def __init__(self, function: Function, invoker: Invokes, status: StatusStore) -> None:
        """Read the schedule; `AppError` where it is wrong."""
        self._function = function
        self._invoker = invoker
        self._schedule = Schedule(str(function.trigger["schedule"]), function.name)
        self._status = status
        self._outages = Outages(f"The timer of {function.name}")
        now = datetime.now(UTC)
        first = self._schedule.next_after(now)
        often = self._schedule.next_after(first) - first < _MONITORED
        self._monitored = function.trigger.get("useMonitor") is not False and not often

    async def run(self) -> None:
        """Run the function when it is due, until cancelled."""
        last = _NEVER
        due = await self._first_due(datetime.now(UTC))
        if self._function.trigger.get("runOnStartup") is True and due > datetime.now(UTC):
            last, due = await self._fire(last, due, past_due=False)
        while True:
            past_due = due <= datetime.now(UTC)
            await _sleep_until(due)
            last, due = await self._fire(last, due, past_due=past_due)

    async def _first_due(self, now: datetime) -> datetime:
        stored = None
        if self._monitored:
            with self._outages:
                stored = await self._status.read()
        due = self._due_by(stored, now)
        if stored is None or stored.get("Next") != due.isoformat():
            await self._note(_NEVER, due, now)
        return due

    def _due_by(self, stored: Mapping[str, str] | None, now: datetime) -> datetime:
        try:
            known = {name: datetime.fromisoformat(text) for name, text in (stored or {}).items()}
            since = known["Last"] if known["Last"] > _NEVER else known["LastUpdated"]
            due = self._schedule.next_after(since)
            # Another time than was noted: the schedule has been changed, so nothing was missed.
            return due if due == known["Next"] or due > now else self._schedule.next_after(now)
        except (KeyError, TypeError, ValueError):
            return self._schedule.next_after(now)

    async def _fire(self, last: datetime, due: datetime, *, past_due: bool) -> tuple[datetime, datetime]:
        request = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": _status(last, due, datetime.now(UTC)),
            "IsPastDue": past_due,
        }
        try:
            await self._invoker.invoke(self._function, Datum(json.dumps(request), "json"))
        except Exception as error:
            log_failure(self._function, error)
        # The next run is counted from here, so that no two overlap and none is owed from meanwhile.
        ended = datetime.now(UTC)
        following = self._schedule.next_after(ended)
        await self._note(ended, following, ended)
        return ended, following

    async def _note(self, last: datetime, due: datetime, now: datetime) -> None:
        if self._monitored:
            with self._outages:
                await self._status.write(_status(last, due, now))


def _status(last: datetime, due: datetime, updated: datetime) -> dict[str, str]:
    return {"Last": last.isoformat(), "Next": due.isoformat(), "LastUpdated": updated.isoformat()}


async def _sleep_until(due: datetime) -> None:
    left = (due - datetime.now(UTC)).total_seconds()
    while left > 0:
        await asyncio.sleep(min(left, _LOOK_SECONDS))
        left = (due - datetime.now(UTC)).total_seconds()
