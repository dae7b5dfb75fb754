from collections.abc import Callable

import azure.functions as func
import pytest
from azure_functions_runtime.bindings.meta import load_binding_registry

from local.host.app import describe, to_function
from local.host.errors import AppError, HostError
from local.host.invocation import Invoker
from local.host.listeners import Sources, make_listeners, poll_seconds
from local.host.settings import DurableLimits, HostSettings, QueueLimits
from local.host.storage.connections import Connections
from local.host.storage.outputs import StorageOutputs

_CONNECTIONS = Connections({})
_SOURCES = Sources(
    _CONNECTIONS,
    Invoker("{}", StorageOutputs(_CONNECTIONS, base64_messages=True), None),
    HostSettings(DurableLimits(), QueueLimits(), "api", None, 8, 5),
    "host",
    1.0,
)


def _retried(app: func.FunctionApp) -> None:
    @app.retry("fixed_delay", "3", delay_interval="00:00:01")
    @app.timer_trigger("t", "0 0 3 * * *")
    def sample(t: func.TimerRequest) -> None: ...


def _from_event_grid(app: func.FunctionApp) -> None:
    @app.blob_trigger("b", "c/{name}", "Data", source=func.BlobSource.EVENT_GRID)
    def sample(b: func.InputStream) -> None: ...


def _from_service_bus(app: func.FunctionApp) -> None:
    @app.service_bus_queue_trigger("m", "Data", "q")
    def sample(m: str) -> None: ...


def _with_a_table(app: func.FunctionApp) -> None:
    @app.queue_trigger("m", "q", "Data")
    @app.table_output("t", "Data", "t")
    def sample(m: func.QueueMessage, t: func.Out[str]) -> None: ...


def _without_its_connection(app: func.FunctionApp) -> None:
    @app.queue_trigger("m", "q", "Data")
    def sample(m: func.QueueMessage) -> None: ...


def _with_a_wrong_schedule(app: func.FunctionApp) -> None:
    @app.timer_trigger("t", "%SCHEDULE%")
    def sample(t: func.TimerRequest) -> None: ...


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("define", "reason"),
    [
        (_retried, "Function sample has a retry policy"),
        (_from_event_grid, "Function sample takes its blobs from Event Grid"),
        (_from_service_bus, r"Function sample has no trigger that this host knows \(its bindings: serviceBusTrigger\)"),
        (_with_a_table, "Function sample binds t to table"),
        (_without_its_connection, "Storage connection Data is not set"),
        (_with_a_wrong_schedule, "app setting SCHEDULE: set that variable"),
    ],
)
def test_what_this_host_does_not_offer_is_refused_at_start(
    define: Callable[[func.FunctionApp], None], reason: str
) -> None:
    load_binding_registry()
    app = func.FunctionApp()
    define(app)
    with pytest.raises(HostError, match=reason):
        make_listeners([to_function(function, {}) for function in app.get_functions()], _SOURCES)


@pytest.mark.parametrize("text", ["", "soon", "0", "61"])
def test_poll_setting_that_is_wrong_is_named(text: str) -> None:
    with pytest.raises(HostError, match="FUNCTIONS_LOCAL_POLL_SECONDS must be a number"):
        poll_seconds({"FUNCTIONS_LOCAL_POLL_SECONDS": text})


def test_exception_is_described_by_type_and_first_line() -> None:
    assert describe(AppError("one\ntwo")) == "AppError: one"
    assert describe(AppError()) == "AppError"
