"""The watch over runs: an entity cannot see whether an orchestration lives, so a timer looks with the client."""

from datetime import UTC, datetime, timedelta

from azure.durable_functions import SyncDurableFunctionsClient

from shared import wiring
from shared.domain.models import RunRequest
from shared.gateway.port import Gateway
from shared.steps import folder, recovery
from shared.workflow.engine import ENDED, Engine

START_GRACE = timedelta(minutes=5)  # the start of an absent instance may still be on its way
LOOK_BACK = timedelta(days=7)  # requests older than this are not told to the gate again


def watch(client: SyncDurableFunctionsClient) -> None:
    """Ends the run that died, so that the next one starts, and tells the gate of each request it does not know."""
    engine, gateway = Engine(client), wiring.gateway()
    running = engine.gate().running
    if running is not None and _is_dead(engine, running.id, datetime.fromisoformat(running.since)):
        _bury(engine, gateway, running.id)
    _tell_again(engine, gateway)


def _is_dead(engine: Engine, run_id: str, since: datetime) -> bool:
    state = engine.state(run_id)
    if state is None:
        return datetime.now(UTC) - since > START_GRACE
    return state.runtime_status in ENDED


def _bury(engine: Engine, gateway: Gateway, run_id: str) -> None:
    """Ends a run for good: the marker first, so that nothing its children still do has an effect."""
    folder.stop(gateway, run_id, "run-died")
    engine.end_children(run_id)
    try:
        recovery.end_dead_run(gateway, run_id, wiring.time_scale())
    finally:
        engine.ended(run_id)


def _tell_again(engine: Engine, gateway: Gateway) -> None:
    """Signals each recent request that has no report and that the gate does not know, or buries what died unseen."""
    oldest = (gateway.clock.now() - LOOK_BACK).strftime("%Y%m%dT%H%M%SZ")
    state = engine.gate()
    for run_id in gateway.documents.run_ids():
        if run_id < oldest or state.knows(run_id):
            continue
        request = _unanswered(gateway, run_id)
        if request is None:
            continue
        if engine.state(run_id) is None:
            engine.request(request)
        elif _is_dead(engine, run_id, request.requested_at):
            _bury(engine, gateway, run_id)


def _unanswered(gateway: Gateway, run_id: str) -> RunRequest | None:
    for answer in (folder.REPORT, folder.COVERED):
        if gateway.documents.read(folder.path(run_id, answer)) is not None:
            return None
    return folder.request_of(gateway, run_id)
