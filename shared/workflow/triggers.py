"""Registers what starts runs besides HTTP: the upload of labs.json, the timer, the queue; and the watch over runs.

What they do is in `starts` and `watch`, which are loaded with the first call.
"""

import azure.durable_functions as df
import azure.functions as func

from shared import settings

blueprint = df.Blueprint()

WATCH_SCHEDULE = "0 * * * * *"  # every minute: a dead run is replaced within two

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
    from shared.workflow import starts

    starts.upload(client, blob.name or "")


@blueprint.function_name("refresh")
@blueprint.timer_trigger(arg_name="timer", schedule=settings.refresh_schedule())
@blueprint.durable_client_input(client_name="client")
def refresh(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """The timer starts a run."""
    from shared.workflow import starts

    starts.refresh(client)


@blueprint.function_name("run_requested")
@blueprint.queue_trigger(arg_name="message", queue_name="image-factory-requests", connection="FactoryStorage")
@blueprint.durable_client_input(client_name="client")
def run_requested(message: func.QueueMessage, client: df.SyncDurableFunctionsClient) -> None:
    """A queue message asks for a run, as the body of POST /api/runs does. A bad one becomes a failed run."""
    from shared.workflow import starts

    starts.message(client, message.id or "", message.get_body())


@blueprint.function_name("watch_runs")
@blueprint.timer_trigger(arg_name="timer", schedule=WATCH_SCHEDULE)
@blueprint.durable_client_input(client_name="client")
def watch_runs(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    """Ends runs that died, so that the next one starts, and tells the gate again of requests that it does not know."""
    from shared import wiring
    from shared.workflow.engine import Engine
    from shared.workflow.watch import watch

    watch(Engine(client), wiring.gateway(), wiring.time_scale())
