"""What starts runs besides HTTP: the upload of labs.json, the timer, the queue; and the watch over runs that died.

A trigger keeps the request first and tells the gate then: what is lost in between, the watch tells again.
"""

import logging
from datetime import UTC, datetime, timedelta

import azure.durable_functions as df
import azure.functions as func

from shared import settings, wiring
from shared.domain.models import RunRequest
from shared.gateway.port import Gateway
from shared.steps import accepting, folder, recovery
from shared.workflow.engine import ENDED, Engine

blueprint = df.Blueprint()
_log = logging.getLogger(__name__)

WATCH_SCHEDULE = "0 * * * * *"  # every minute: a dead run is replaced within two
START_GRACE = timedelta(minutes=5)  # the start of an absent instance may still be on its way
LOOK_BACK = timedelta(days=7)  # requests older than this are not told to the gate again

_SOURCES = {"EventGrid": func.BlobSource.EVENT_GRID, "Polling": func.BlobSource.LOGS_AND_CONTAINER_SCAN}


@blueprint.function_name("labs_uploaded")
@blueprint.blob_trigger(
    arg_name="blob",
    path="image-factory/{name}",
    connection="FactoryStorage",
    source=_SOURCES[settings.labs_trigger_source()],
)
@blueprint.durable_client_input(client_name="client")
def labs_uploaded(blob: func.InputStream, client: df.SyncDurableFunctionsClient) -> None:
    """An upload of labs.json starts a run; the same version of the file starts one only once."""
    if (blob.name or "").rpartition("/")[2].lower() != "labs.json":
        return
    gateway = wiring.gateway()
    stored = gateway.documents.labs_file()
    if stored is not None:
        _tell(Engine(client), accepting.accept(gateway, "upload", f"upload:{stored.name}:{stored.etag}"))


@blueprint.function_name("refresh")
@blueprint.timer_trigger(arg_name="timer", schedule=settings.refresh_schedule())
@blueprint.durable_client_input(client_name="client")
def refresh(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """The timer starts a run; one a minute at the most, so that a repeated firing is no second run."""
    gateway = wiring.gateway()
    due = gateway.clock.now().strftime("%Y-%m-%dT%H:%M")
    _tell(Engine(client), accepting.accept(gateway, "timer", f"timer:{due}"))


@blueprint.function_name("run_requested")
@blueprint.queue_trigger(arg_name="message", queue_name="image-factory-requests", connection="FactoryStorage")
@blueprint.durable_client_input(client_name="client")
def run_requested(message: func.QueueMessage, client: df.SyncDurableFunctionsClient) -> None:
    """A queue message asks for a run, as the body of POST /api/runs does. A bad one becomes a failed run."""
    engine, gateway = Engine(client), wiring.gateway()
    if engine.gate().full:
        raise QueueFull("20 runs wait already. The message goes back to its queue and is tried again.")
    accepted = accepting.accept_or_report(gateway, "queue", f"message:{message.id}", message.get_body())
    if accepted is not None:
        _tell(engine, accepted)


@blueprint.function_name("watch_runs")
@blueprint.timer_trigger(arg_name="timer", schedule=WATCH_SCHEDULE)
@blueprint.durable_client_input(client_name="client")
def watch_runs(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """Ends runs that died, so that the next one starts, and tells the gate again of requests that it does not know."""
    engine, gateway = Engine(client), wiring.gateway()
    running = engine.gate().running
    if running is not None and _is_dead(engine, running.id, datetime.fromisoformat(running.since)):
        _bury(engine, gateway, running.id)
    _tell_again(engine, gateway)


class QueueFull(Exception):
    """No more requests can wait; the message must come again later."""


def _tell(engine: Engine, accepted: accepting.Accepted) -> None:
    if accepted.fresh:
        engine.request(accepted.request)


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
