"""Takes requests in: mints the run's id, keeps the request create-only, and knows a duplicate when it comes again."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

from shared.domain import requests, run_ids
from shared.domain.errors import RequestError
from shared.domain.gate import MAX_WAITING
from shared.domain.models import RunRequest
from shared.gateway.port import Gateway
from shared.steps import folder, reporting

type Trigger = Literal["upload", "timer", "http", "queue"]
type Takes = Callable[[RunRequest], bool]


class Accepted(NamedTuple):
    """A request that is kept. `fresh` is false for a duplicate: the same key was accepted before."""

    request: RunRequest
    fresh: bool


def accept(
    gateway: Gateway, trigger: Trigger, key: str | None, body: bytes = b"", takes: Takes = lambda _: True
) -> Accepted:
    """Keeps the request that came by `trigger`. The same `key` always gives the same run.

    Raises RequestError with all findings when the body cannot be accepted, and `queue-full` when the run gate does not
    take the request; then nothing of it is kept. A duplicate needs no place.
    """
    now = gateway.clock.now()
    parsed = requests.parse(body, id="", trigger=trigger, requested_at=now)
    run_id = _minted(gateway, now, key)
    request = parsed.model_copy(update={"id": run_id})
    if not takes(request) and folder.request_of(gateway, run_id) is None:
        text = f"{MAX_WAITING} runs wait already. Try again when one of them has started."
        raise RequestError(429, "queue-full", text)
    return _kept(gateway, request)


def accept_or_report(gateway: Gateway, trigger: Trigger, key: str, body: bytes) -> Accepted | None:
    """Like `accept`, for senders who cannot be answered: a bad request becomes a failed run with a report, and None.

    One that the gate cannot take now is kept all the same: the watch tells the gate of it until it is taken.
    """
    try:
        return accept(gateway, trigger, key, body)
    except RequestError as error:
        now = gateway.clock.now()
        run_id = _minted(gateway, now, key)
        # Before the request, which the watch could otherwise take for one that is to be run.
        reporting.note_refusal(gateway, run_id, error.findings)
        kept = _kept(gateway, requests.parse(b"", id=run_id, trigger=trigger, requested_at=now))
        reporting.write_refusal(gateway, kept.request)
        return None


def _kept(gateway: Gateway, request: RunRequest) -> Accepted:
    if folder.create(gateway, request.id, folder.REQUEST, request):
        return Accepted(request, fresh=True)
    return Accepted(folder.request_of(gateway, request.id) or request, fresh=False)


def _minted(gateway: Gateway, now: datetime, key: str | None) -> str:
    """A new id, or the one that this key was given before. Ids sort by time and are never used twice."""
    run_id = run_ids.minted(now, secrets.token_hex(3))
    if key is None:
        return run_id
    name = f"keys/{hashlib.sha256(key.encode()).hexdigest()}"
    if gateway.documents.create(name, run_id.encode()):
        return run_id
    return (gateway.documents.read(name) or run_id.encode()).decode()
