"""Writes what functions give to queue and blob output bindings; a missing queue or container is made."""

import base64
import json
from collections.abc import Mapping
from contextlib import suppress

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure_functions_runtime.bindings.datumdef import Datum

from local.host.app import Binding
from local.host.storage.connections import Connections
from local.host.storage.paths import fill

DEFAULT_CONNECTION = "AzureWebJobsStorage"


def connection_name(binding: Binding) -> str:
    """Give the name of a storage binding's connection."""
    return str(binding.get("connection") or DEFAULT_CONNECTION)


class StorageOutputs:
    """Sends queue messages and uploads blobs."""

    def __init__(self, connections: Connections, *, base64_messages: bool) -> None:
        """Take the connections and whether messages are base64, as host.json says."""
        self._connections = connections
        self._base64 = base64_messages

    async def write(self, binding: Binding, value: Datum, trigger_values: Mapping[str, str]) -> None:
        """Write one value; raises the storage library's errors and `HostError`."""
        if binding["type"] == "queue":
            await self._send(binding, value, trigger_values)
        else:
            await self._upload(binding, value, trigger_values)

    async def _send(self, binding: Binding, value: Datum, trigger_values: Mapping[str, str]) -> None:
        name = fill(str(binding["queueName"]), trigger_values)
        queue = self._connections.queues(connection_name(binding)).get_queue_client(name)
        for text in _messages(value):
            body = base64.b64encode(text).decode("ascii") if self._base64 else text.decode("utf-8")
            try:
                await queue.send_message(body)
            except ResourceNotFoundError:
                with suppress(ResourceExistsError):
                    await queue.create_queue()
                await queue.send_message(body)

    async def _upload(self, binding: Binding, value: Datum, trigger_values: Mapping[str, str]) -> None:
        container_name, _, blob = fill(str(binding["path"]), trigger_values).strip("/").partition("/")
        container = self._connections.blobs(connection_name(binding)).get_container_client(container_name)
        data = value.value if isinstance(value.value, bytes) else str(value.value).encode("utf-8")
        try:
            await container.upload_blob(blob, data, overwrite=True)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):
                await container.create_container()
            await container.upload_blob(blob, data, overwrite=True)


def _messages(value: Datum) -> list[bytes]:
    if value.type == "bytes":
        return [value.value]
    if value.type != "json":
        return [str(value.value).encode("utf-8")]
    content = json.loads(value.value)
    items = content if isinstance(content, list) else [content]
    return [_message(item) for item in items]


def _message(item: object) -> bytes:
    # The worker's converter gives a QueueMessage as its id and body.
    if isinstance(item, dict) and set(item) == {"id", "body"}:
        return str(item["body"]).encode("utf-8")
    return (item if isinstance(item, str) else json.dumps(item)).encode("utf-8")
