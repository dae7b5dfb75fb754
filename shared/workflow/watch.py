"""The watch over runs: an entity cannot see whether an orchestration lives, so a timer looks with the client."""

import logging
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain import run_ids
from shared.domain.errors import GatewayError
from shared.domain.gate import GateState
from shared.domain.models import RunRequest
from shared.domain.redaction import redact
from shared.gateway.port import Gateway
from shared.steps import folder, recovery, reporting

_log = logging.getLogger(__name__)

START_GRACE = timedelta(minutes=5)  # the start of an absent instance may still be on its way
LOOK_BACK = timedelta(days=7)  # requests older than this are not told to the gate again

# Of the runs of the last days: what this process need not read again every minute.
_answered: set[str] = set()  # they have ended
_settled: set[str] = set()  # and hold nothing any more


class Runs(Protocol):
    """What the watch asks of the durable engine."""

    def gate(self) -> GateState:
        """The run gate's state."""

    def has_ended(self, run_id: str) -> bool | None:
        """Whether the root of a run has ended; None when the engine knows none."""

    def end_children(self, run_id: str) -> None:
        """Terminates the children of a run that are still alive."""

    def request(self, request: RunRequest) -> None:
        """Tells the gate of a request that is kept."""

    def ended(self, run_id: str) -> None:
        """Tells the gate that a run has ended."""


def watch(engine: Runs, gateway: Gateway, scale: float) -> None:
    """Ends the run that died, so that the next one starts, and goes through the requests of the last days.

    The gate is told of each that it does not know; of each that has ended, what it still holds is released.
    """
    running = engine.gate().running
    if running is not None and _is_dead(engine, gateway, running.id, datetime.fromisoformat(running.since)):
        _bury(engine, gateway, running.id, scale)
    oldest = run_ids.beginning(gateway.clock.now() - LOOK_BACK)
    recent = [run_id for run_id in gateway.documents.run_ids() if run_id >= oldest]
    for known in (_answered, _settled):
        known.intersection_update(recent)
    state = engine.gate()
    for run_id in recent:
        if run_id in _settled or state.knows(run_id):
            continue
        try:
            _look_after(engine, gateway, state, run_id, scale)
        except Exception as error:  # one run that cannot be looked after keeps no other waiting
            _log.error("watching the run %s failed: %s", run_id, redact(f"{type(error).__name__}: {error}"))


def _is_dead(engine: Runs, gateway: Gateway, run_id: str, since: datetime) -> bool:
    ended = engine.has_ended(run_id)
    return gateway.clock.now() - since > START_GRACE if ended is None else ended


def _bury(engine: Runs, gateway: Gateway, run_id: str, scale: float) -> None:
    """Ends a run for good: the marker first, so that nothing its children still do has an effect."""
    folder.stop(gateway, run_id, "run-died")
    engine.end_children(run_id)
    try:
        recovery.end_dead_run(gateway, run_id, scale)
    except GatewayError:
        raise  # the gate stays closed until the next minute: the next run adopts what this one had staged
    except Exception:
        engine.ended(run_id)  # a fault of ours must not hold up the next run
        raise
    engine.ended(run_id)


def _look_after(engine: Runs, gateway: Gateway, state: GateState, run_id: str, scale: float) -> None:
    """Settles a run that the gate does not know, or lets it be started."""
    if run_id in _answered or _is_answered(gateway, run_id):
        _answered.add(run_id)
        # The next run may hold a disk that this one held, and would lose it.
        if state.running is None and recovery.release_access(gateway, run_id):
            _settled.add(run_id)
        return
    request = folder.request_of(gateway, run_id)
    if request is None:
        return
    if folder.refused(gateway, run_id):
        reporting.write_refusal(gateway, request)
        return
    ended = engine.has_ended(run_id)
    if ended is None:
        engine.request(request)
    elif ended and (request.dry_run or state.running is None):
        _bury(engine, gateway, run_id, scale)


def _is_answered(gateway: Gateway, run_id: str) -> bool:
    answers = (folder.path(run_id, name) for name in (folder.REPORT, folder.COVERED))
    return any(gateway.documents.read(answer) is not None for answer in answers)
