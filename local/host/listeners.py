"""Makes the listener of each blob, queue and timer trigger; whatever is wrong with a trigger shows here, at start."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.host.app import Function
from local.host.errors import AppError, SettingError
from local.host.invocation import Invoker
from local.host.settings import HostSettings
from local.host.storage.blob_trigger import POISON_QUEUE, BlobLimits, BlobListener
from local.host.storage.connections import Connections
from local.host.storage.outputs import DEFAULT_CONNECTION, connection_name
from local.host.storage.queue_trigger import QueueListener
from local.host.storage.receipts import BlobReceipts, TimerStatus
from local.host.timer_trigger import TimerListener

_POLL = "FUNCTIONS_LOCAL_POLL_SECONDS"


class Listener(Protocol):
    """Something that waits for events of one trigger."""

    async def run(self) -> None:
        """Listen until cancelled."""


@dataclass(frozen=True)
class Sources:
    """What listeners are made of."""

    connections: Connections
    invoker: Invoker
    settings: HostSettings
    host_id: str
    poll_seconds: float


def host_id(app_dir: Path, settings: Mapping[str, str]) -> str:
    """Give the id under which receipts and timer statuses are kept: the app's folder, unless a setting names one."""
    named = settings.get("AzureFunctionsWebHost__hostid")
    return named or hashlib.sha256(str(app_dir).encode("utf-8")).hexdigest()[:32]


def poll_seconds(settings: Mapping[str, str]) -> float:
    """Give the seconds between two looks at a container or an empty queue; a setting changes the default of 1."""
    text = settings.get(_POLL, "1")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 60:
        raise SettingError(f'The app setting {_POLL} must be a number from 0.01 to 60, not "{text}"')
    return seconds


def make_listeners(functions: Iterable[Function], sources: Sources) -> list[Listener]:
    """Make all listeners; raises `HostError` for a connection, a path or a schedule that is wrong."""
    makers = {"blobTrigger": _blob, "queueTrigger": _queue, "timerTrigger": _timer}
    return [makers[f.kind](f, sources) for f in functions if f.kind in makers]


def _blob(function: Function, sources: Sources) -> Listener:
    if str(function.trigger.get("source") or "").lower() == "eventgrid":
        raise AppError(
            f"Function {function.name} takes its blobs from Event Grid, which is not there on one machine: "
            "let its source be LogsAndContainerScan here"
        )
    settings = sources.settings
    return BlobListener(
        function,
        sources.invoker,
        sources.connections.blobs(connection_name(function.trigger)),
        BlobReceipts(sources.connections.blobs(DEFAULT_CONNECTION), sources.host_id, function.name),
        sources.connections.queues(DEFAULT_CONNECTION).get_queue_client(POISON_QUEUE),
        BlobLimits(settings.blob_parallelism, settings.poison_blob_threshold, sources.poll_seconds),
    )


def _queue(function: Function, sources: Sources) -> Listener:
    service = sources.connections.queues(connection_name(function.trigger))
    return QueueListener(function, sources.invoker, service, sources.settings.queues, sources.poll_seconds)


def _timer(function: Function, sources: Sources) -> Listener:
    store = TimerStatus(sources.connections.blobs(DEFAULT_CONNECTION), sources.host_id, function.name)
    return TimerListener(function, sources.invoker, store)
