"""How a run that goes on is shown: bars in a terminal, plain lines anywhere else."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

BYTES = "Bytes copied"
RATE_SECONDS = 30.0  # over which a rate is measured: a run's rate changes with each copy that ends
UNFINISHED = ("waiting", "copying", "imaging")


class Measure(NamedTuple):
    """One thing that goes forward: its name, how far it is, and the same in words."""

    name: str
    done: int
    total: int
    text: str


class Rate:
    """How fast the bytes of a run are copied, and how long the rest takes at that rate."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def words(self, copied: int, total: int) -> str:
        """Such as `, 61 MiB/s, 4 min to go`; empty as long as nothing can be said."""
        now = self._clock()
        self._seen.append((now, copied))
        while now - self._seen[0][0] > RATE_SECONDS:
            self._seen.popleft()
        then, before = self._seen[0]
        if copied <= before or copied >= total:
            return ""
        rate = (copied - before) / (now - then)
        return f", {gibibytes(rate)}/s, {duration((total - copied) / rate)} to go"


class Display(Protocol):
    """A context in which the status of a run is shown as often as it is known."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def say(self, what: str) -> None:
        """Show what is being done when there is no run yet."""
        ...

    def show(self, body: Mapping[str, Any]) -> None:
        """Show the status of a run, as GET /api/runs/{id} answers it."""
        ...


def display(console: Console) -> Display:
    """What suits the console."""
    return Bars(console) if console.is_terminal and not console.is_dumb_terminal else Lines(console)


class Bars:
    """One bar for saving, one for each region and one for all bytes, redrawn in place."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[done]}", markup=False),
        )
        self._progress = Progress(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._rate = Rate()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def say(self, what: str) -> None:
        """Show what is being done above the bars."""
        self._progress.console.print(Text(what))

    def show(self, body: Mapping[str, Any]) -> None:
        """Draw the bars anew."""
        for name, done, total, text in _measures(body, self._rate):
            if name not in self._tasks:
                self._tasks[name] = self._progress.add_task(name, done=text)
            self._progress.update(self._tasks[name], completed=done, total=total, done=text)


class Lines:
    """A line for every change of the counts, with the seconds since the start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = time.monotonic()
        self._last = ""
        self._rate = Rate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def say(self, what: str) -> None:
        """Print a line."""
        self._console.print(Text(f"{time.monotonic() - self._start:6.1f} s  {what}"), soft_wrap=True)

    def show(self, body: Mapping[str, Any]) -> None:
        """Print a line if something was finished or begun since the last."""
        measures = _measures(body, self._rate)
        status = ": ".join(filter(None, (body["status"], reason(body))))
        state = "; ".join([status, *(f"{each.name}: {each.text}" for each in measures if each.name != BYTES)])
        if state != self._last:
            self._last = state
            self.say("; ".join([status, *(f"{each.name}: {each.text}" for each in measures)]))


def reason(body: Mapping[str, Any]) -> str:
    """Why a run did not do all that was asked, as its status says: `plan-changed: ...`; empty where it says nothing."""
    error = body.get("error")
    return f"{error['code']}: {error['message']}" if error else ""


def duration(seconds: float) -> str:
    """Seconds for people: 5025 is `1 h 24 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def gibibytes(count: float) -> str:
    """Bytes for people: 136365211648 is `127.0 GiB`."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:,.1f} GiB"


def _measures(body: Mapping[str, Any], rate: Rate) -> list[Measure]:
    counts = body.get("counts") or {}
    regions = sorted((counts.get("regions") or {}).items())
    counted = [("Saving", counts.get("saves") or {}), *((f"Delivering in {region}", each) for region, each in regions)]
    measures = [_counted(name, numbers) for name, numbers in counted if sum(numbers.values())]
    size = body.get("bytes") or {}
    copied, total = size.get("copied", 0), size.get("total", 0)
    if total:
        measures.append(
            Measure(BYTES, copied, total, f"{gibibytes(copied)} of {gibibytes(total)}{rate.words(copied, total)}")
        )
    return measures


def _counted(name: str, numbers: Mapping[str, int]) -> Measure:
    total = sum(numbers.values())
    done = total - sum(numbers.get(each, 0) for each in UNFINISHED)
    parts = [f"{number} {state.replace('-', ' ')}" for state, number in numbers.items() if number]
    return Measure(name, done, total, ", ".join([f"{done} of {total}", *parts]))
