"""What may go wrong at a call of the fake gateway: named faults, seeded faults and deaths of the process."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from shared.domain.errors import Throttled, Unavailable

When = Literal["before", "after"]  # the effect of the call


class Call(NamedTuple):
    """One call of the gateway, e.g. `vhds.start_copy` of `<account>/<container>/<name>`."""

    name: str
    what: str


class Crash(BaseException):
    """The process died here. No `except Exception` of the product may catch it."""


Strike = Callable[[When, Call], None]  # raises what the call is to raise


@dataclass
class Fault:
    """Raises `error` at the calls whose name begins with `call` and whose object contains `match`.

    It lets the first `after` of them pass and strikes `times` of the rest (None: all), before the call's effect, or
    after it as if the answer were lost.
    """

    call: str
    error: BaseException
    when: When = "before"
    match: str = ""
    times: int | None = 1
    after: int = 0
    met: int = 0

    def __call__(self, when: When, call: Call) -> None:
        if when != self.when or not call.name.startswith(self.call) or self.match not in call.what:
            return
        self.met += 1
        if self.met > self.after and (self.times is None or self.met <= self.after + self.times):
            raise self.error


class SeededFaults:
    """Strikes a share of all calls, the same ones for the same seed and the same order of calls."""

    def __init__(
        self, seed: int, rate: float, *, calls: Sequence[str] = ("",), crashes: bool = True, at_most: int | None = None
    ) -> None:
        self._random = random.Random(seed)
        self._rate = rate
        self._calls = tuple(calls)
        self._crashes = crashes
        self._left = at_most
        self.struck: list[tuple[When, Call, str]] = []

    def __call__(self, when: When, call: Call) -> None:
        if not call.name.startswith(self._calls) or self._left == 0 or self._random.random() >= self._rate:
            return
        error = self._random.choice(self._errors(when, call))
        self.struck.append((when, call, type(error).__name__))
        if self._left is not None:
            self._left -= 1
        raise error

    def _errors(self, when: When, call: Call) -> list[BaseException]:
        lost = Unavailable("no-answer", f"Could not {call.name} {call.what}.", what=call.what)
        died: list[BaseException] = [Crash(f"{when} {call.name} {call.what}")] if self._crashes else []
        if when == "after":
            return [lost, *died]
        slow = Throttled("throttled", f"Could not {call.name} {call.what}.", what=call.what, retry_after=5)
        return [lost, slow, *died]
