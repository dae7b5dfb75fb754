import asyncio
import base64
from typing import Any

import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient
from azure_functions_runtime.bindings.datumdef import Datum

from local.host.storage.connections import Connections
from local.host.storage.outputs import StorageOutputs


def _write(azurite: str, binding: dict[str, Any], value: Datum, *, base64_messages: bool = True) -> None:
    async def write() -> None:
        connections = Connections({"AzureWebJobsStorage": azurite})
        await StorageOutputs(connections, base64_messages=base64_messages).write(binding, value, {"name": "x"})
        await connections.close()

    asyncio.run(write())


@pytest.mark.parametrize(
    ("queue", "value", "texts"),
    [
        ("out-text", Datum("Grüße", "string"), ["Grüße"]),
        ("out-bytes", Datum(b"raw", "bytes"), ["raw"]),
        ("out-list", Datum('["a", {"b": 1}]', "json"), ["a", '{"b": 1}']),
        ("out-message", Datum('{"id": null, "body": "hello"}', "json"), ["hello"]),
    ],
)
def test_message_is_sent_as_base64_to_a_queue_that_is_made(
    azurite: str, queue: str, value: Datum, texts: list[str]
) -> None:
    _write(azurite, {"type": "queue", "queueName": queue}, value)
    client = QueueServiceClient.from_connection_string(azurite).get_queue_client(queue)
    assert [base64.b64decode(message.content).decode() for message in client.receive_messages()] == texts


def test_message_is_sent_as_it_is_where_host_json_says_so(azurite: str) -> None:
    _write(azurite, {"type": "queue", "queueName": "out-plain"}, Datum("plain", "string"), base64_messages=False)
    client = QueueServiceClient.from_connection_string(azurite).get_queue_client("out-plain")
    assert [message.content for message in client.receive_messages()] == ["plain"]


def test_blob_is_written_and_replaced_in_a_container_that_is_made(azurite: str) -> None:
    for content in (b"first", b"second"):
        _write(azurite, {"type": "blob", "path": "out-blobs/a/{name}.bin"}, Datum(content, "bytes"))
    blob = BlobServiceClient.from_connection_string(azurite).get_blob_client("out-blobs", "a/x.bin")
    assert blob.download_blob().readall() == b"second"
