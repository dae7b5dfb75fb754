"""Puts the host together and gives it a life: engine, pump, HTTP server and listeners start and stop in order."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from azure.durable_functions import DurableFunctionsClient

from local.host.app import load_functions
from local.host.durable.engine import Engine
from local.host.durable.management import ManagementApi, client_configuration
from local.host.durable.work_items import WorkItemPump
from local.host.errors import SettingError
from local.host.http.access import Keys, make_keys
from local.host.http.routes import RouteTable
from local.host.http.server import HttpServer
from local.host.invocation import Invoker, size_thread_pool
from local.host.listeners import Sources, host_id, make_listeners, poll_seconds
from local.host.settings import read_host_json
from local.host.storage.connections import Connections
from local.host.storage.outputs import StorageOutputs

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Address:
    """Where the host answers, and the keys for it."""

    url: str
    function_key: str = field(repr=False)
    master_key: str = field(repr=False)


class Host:
    """Runs one function app. A process holds one host: the worker's registry and thread pool are global."""

    def __init__(self, app_dir: Path, settings: Mapping[str, str], port: int = 0) -> None:
        """Take the app's folder, the app settings and the port (0: any free one)."""
        self._app_dir = app_dir.resolve()
        self._settings = settings
        self._port = port
        self._parts = AsyncExitStack()

    async def start(self) -> Address:
        """Load the app and start everything; raises `HostError` where the app or a setting is wrong."""
        listener = _listen(self._port)
        try:
            return await self._start(listener)
        except BaseException:
            listener.close()
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop everything, the last part first. What functions still run is dropped."""
        await self._parts.aclose()

    async def _start(self, listener: socket.socket) -> Address:
        limits = read_host_json(self._app_dir)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        keys = make_keys(self._settings)
        size_thread_pool(limits.durable.threads)
        functions = load_functions(self._app_dir, self._settings)
        routes = RouteTable(functions, limits.route_prefix)

        engine = Engine()
        client_json = client_configuration(engine.start(), url, keys, limits.durable)
        self._parts.push_async_callback(asyncio.to_thread, engine.stop, 0)
        client = DurableFunctionsClient(client_json)
        self._parts.push_async_callback(client.close)
        connections = Connections(self._settings)
        self._parts.push_async_callback(connections.close)
        outputs = StorageOutputs(connections, base64_messages=limits.queues.base64)
        invoker = Invoker(client_json, outputs, limits.function_timeout)
        pump = WorkItemPump(engine, functions, invoker, limits.durable)
        pump.start()
        self._parts.callback(pump.stop)

        poll = poll_seconds(self._settings)
        sources = Sources(connections, invoker, limits, host_id(self._app_dir, self._settings), poll)
        listeners = make_listeners(functions, sources)
        server = HttpServer(listener, routes, invoker, keys)
        server.add(ManagementApi(client, keys).routes())
        self._parts.push_async_callback(server.stop)
        await server.start()
        tasks = [asyncio.create_task(running.run(), name=type(running).__name__) for running in listeners]
        for task in tasks:
            task.add_done_callback(_report)
        self._parts.push_async_callback(_cancel, tasks)
        _log.info("%d functions of %s answer at %s", len(functions), self._app_dir, url)
        return _address(url, keys)


def _address(url: str, keys: Keys) -> Address:
    return Address(url, keys.function, keys.master)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("%s ended for good: restart the host", task.get_name(), exc_info=error)


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise SettingError(f"Port {port} of 127.0.0.1 is not free ({error.strerror}): choose another --port") from None
