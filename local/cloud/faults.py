"""The faults of a world: which request each one meets, and what it does to the answer.

Deterministic: only the world's seed and the order of the requests decide.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from aiohttp import web

from local.cloud.errors import WorldEntryError
from local.cloud.ledger import Service

FaultKind = Literal["status", "latency", "reset", "lostAnswer", "stall", "failCopy"]
COPY_BLOB = "Copy Blob"
_COPY_KINDS = ("stall", "failCopy")
_HOW_OFTEN = ("times", "after", "probability")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a world: the requests it meets (None: any) and the one thing that it does to them.

    `status` answers instead of the service; `latency` answers late; `reset` drops the connection before the effect and
    `lostAnswer` after it; `stall` and `failCopy` meet only requests that start a copy.
    """

    kind: FaultKind
    service: Service | None = None
    method: str | None = None
    path: str | None = None
    """A regular expression, searched in the path without its query."""
    operation: str | None = None
    status: int = 0
    code: str = "InternalError"
    message: str = "A fault of this world."
    retry_after: int | None = None
    """Seconds, sent as they are."""
    latency: float = 0.0
    """Seconds of this machine, whatever the world's time scale: a client's own timeouts are not scaled either."""
    fraction: float = 0.0
    """How much of a copy is done when it fails, from 0 to 1."""
    times: int | None = 1
    """How many requests it meets; None: all."""
    after: int = 0
    """How many matching requests it lets pass first."""
    probability: float = 1.0
    """How likely it meets a request that it may meet; the world's seed decides which."""

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        """Read one entry of a world's `faults`.

        Its keys: `match {service, method, path, operation}`; exactly one of `status` (with `code`, `message`,
        `retryAfter`), `latency`, `reset: true`, `lostAnswer: true`, `stall: true`, `failCopy: <fraction>`;
        `times` (default 1, null for all), `after` (default 0) and `probability` (default 1). Raises WorldEntryError
        naming the key.
        """
        _known(entry, "", ("match", *get_args(FaultKind), "code", "message", "retryAfter", *_HOW_OFTEN))
        kinds = [kind for kind in get_args(FaultKind) if kind in entry]
        if len(kinds) != 1:
            raise WorldEntryError("faults", f"say exactly one of {', '.join(get_args(FaultKind))}")
        kind: FaultKind = kinds[0]
        if kind in ("reset", "lostAnswer", "stall") and entry[kind] is not True:
            raise WorldEntryError(kind, "must be true")
        return cls(
            kind=kind,
            **_match(entry.get("match", {})),
            status=_number(entry, "status", 0, low=400, high=599),
            code=_text(entry, "code") or "InternalError",
            message=_text(entry, "message") or "A fault of this world.",
            retry_after=_number(entry, "retryAfter", None, low=0),
            latency=_number(entry, "latency", 0.0, low=0, whole=False),
            fraction=_number(entry, "failCopy", 0.0, low=0, high=1, whole=False),
            times=None if entry.get("times", 1) is None else _number(entry, "times", 1, low=1),
            after=_number(entry, "after", 0, low=0),
            probability=_number(entry, "probability", 1.0, low=0, high=1, whole=False),
        )

    def meets(self, service: Service, method: str, path: str, operation: str | None) -> bool:
        """Say whether this fault is about such a request, regardless of how many it met before."""
        if self.kind in _COPY_KINDS and operation != COPY_BLOB:
            return False
        return (
            self.service in (None, service)
            and self.method in (None, method)
            and self.operation in (None, operation)
            and (self.path is None or re.search(self.path, path) is not None)
        )


class Faults:
    """The faults of one emulator and how often each has matched; the first that is due is applied, in their order."""

    def __init__(self, faults: Sequence[Fault] = (), *, seed: int = 0) -> None:
        self._faults = list(faults)
        self._seed = seed
        self._matched = [0] * len(self._faults)
        self._met = [0] * len(self._faults)

    def add(self, fault: Fault) -> None:
        """Add a fault behind all others; it counts from now."""
        self._faults.append(fault)
        self._matched.append(0)
        self._met.append(0)

    def pick(self, service: Service, method: str, path: str, operation: str | None = None) -> Fault | None:
        """Return the fault for this request, or None; each matching fault before it counts the request too."""
        for number, fault in enumerate(self._faults):
            if not fault.meets(service, method, path, operation):
                continue
            self._matched[number] += 1
            used_up = fault.times is not None and self._met[number] >= fault.times
            if self._matched[number] > fault.after and not used_up and self._chance(number) < fault.probability:
                self._met[number] += 1
                return fault
        return None

    def _chance(self, number: int) -> float:
        # From what this fault alone has matched: other faults and other requests do not change it.
        return random.Random(f"{self._seed}/{number}/{self._matched[number]}").random()


async def apply(
    fault: Fault | None,
    request: web.Request,
    handle: Callable[[], Awaitable[web.StreamResponse]],
    refuse: Callable[[Fault], web.StreamResponse],
) -> web.StreamResponse | None:
    """Answer `request` by `handle`, as `fault` wants it; None says that the connection was dropped unanswered.

    `refuse` makes the service's own kind of error answer for a `status` fault. `handle` must not begin to send its
    answer where a fault may lose it. What `stall` and `failCopy` do is the copy's own business.
    """
    match fault:
        case Fault(kind="status"):
            answer = refuse(fault)
            if fault.retry_after is not None:
                answer.headers["Retry-After"] = str(fault.retry_after)
            return answer
        case Fault(kind="latency"):
            await asyncio.sleep(fault.latency)
        case Fault(kind="reset"):
            _drop(request)
            return None
        case Fault(kind="lostAnswer"):
            await handle()
            _drop(request)
            return None
    return await handle()


def _drop(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _match(entry: object) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise WorldEntryError("match", "must be an object")
    _known(entry, "match.", ("service", "method", "path", "operation"))
    values = {key: _text(entry, key, place=f"match.{key}") for key in ("service", "method", "path", "operation")}
    if values["service"] not in (None, *get_args(Service)):
        raise WorldEntryError("match.service", f"must be one of {', '.join(get_args(Service))}")
    if values["path"] is not None:
        try:
            re.compile(values["path"])
        except re.error as error:
            raise WorldEntryError("match.path", f"is no regular expression: {error}") from None
    return values


def _known(entry: Mapping[str, Any], place: str, names: Sequence[str]) -> None:
    for key in entry:
        if key not in names:
            raise WorldEntryError(place + key, f"unknown; known are {', '.join(names)}")


def _text(entry: Mapping[str, Any], key: str, *, place: str | None = None) -> str | None:
    value = entry.get(key)
    if value is None or (isinstance(value, str) and value):
        return value
    raise WorldEntryError(place or key, "must be a text that is not empty")


def _number(
    entry: Mapping[str, Any], key: str, default: Any, *, low: float, high: float = 1e9, whole: bool = True
) -> Any:
    """Return entry[key], a number from `low` to `high`, as int or float; `default` where the key is missing."""
    if key not in entry:
        return default
    value = entry[key]
    is_kind = isinstance(value, int) or (isinstance(value, float) and not whole)
    if isinstance(value, bool) or not is_kind or not low <= value <= high:
        kind = "whole number" if whole else "number"
        raise WorldEntryError(key, f"must be a {kind} from {low:g} to {high:g}")
    return value
