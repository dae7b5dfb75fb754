"""Takes requests in: mints the run's id, keeps the request create-only, and knows a duplicate when it comes again."""

import hashlib
import secrets
from datetime import datetime
from typing import Literal, NamedTuple

from shared.domain import requests
from shared.domain.errors import RequestError
from shared.domain.models import Run, RunRequest
from shared.gateway.port import Gateway
from shared.steps import folder, reporting

type Trigger = Literal["upload", "timer", "http", "queue"]


class Accepted(NamedTuple):
    """A request that is kept. `fresh` is false for a duplicate: the same key was accepted before."""

    request: RunRequest
    fresh: bool


def accept(gateway: Gateway, trigger: Trigger, key: str | None, body: bytes = b"") -> Accepted:
    """Keeps the request that came by `trigger`. The same `key` always gives the same run.

    Raises RequestError with all findings when the body cannot be accepted; then nothing is kept.
    """
    now = gateway.clock.now()
    requests.parse(body, id="", trigger=trigger, requested_at=now)
    run_id = _minted(gateway, now, key)
    return _kept(gateway, requests.parse(body, id=run_id, trigger=trigger, requested_at=now))


def accept_or_report(gateway: Gateway, trigger: Trigger, key: str, body: bytes) -> Accepted | None:
    """Like `accept`, for senders who cannot be answered: a bad request becomes a failed run with a report, and None."""
    try:
        return accept(gateway, trigger, key, body)
    except RequestError as error:
        now = gateway.clock.now()
        run_id = _minted(gateway, now, key)
        kept = _kept(gateway, requests.parse(b"", id=run_id, trigger=trigger, requested_at=now))
        reporting.refused(gateway, Run(request=kept.request, started_at=kept.request.requested_at), error.findings)
        return None


def _kept(gateway: Gateway, request: RunRequest) -> Accepted:
    name = folder.path(request.id, folder.REQUEST)
    content = request.model_dump_json(by_alias=True, exclude_none=True).encode()
    if gateway.documents.create(name, content):
        return Accepted(request, fresh=True)
    return Accepted(folder.request_of(gateway, request.id) or request, fresh=False)


def _minted(gateway: Gateway, now: datetime, key: str | None) -> str:
    """A new id, or the one that this key was given before. Ids sort by time and are never used twice."""
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    if key is None:
        return run_id
    name = f"keys/{hashlib.sha256(key.encode()).hexdigest()}"
    if gateway.documents.create(name, run_id.encode()):
        return run_id
    return (gateway.documents.read(name) or run_id.encode()).decode()
