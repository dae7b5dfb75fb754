import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient, ContainerClient
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.host.storage.blob_trigger import BlobLimits, BlobListener
from local.host.storage.receipts import BlobReceipts
from tests.local.host.fake_invoker import FakeInvoker, fail, function, succeed

_LIMITS = BlobLimits(parallelism=4, attempts=5, interval=0.02)


@dataclass
class _Bench:
    container: ContainerClient
    poison: QueueClient
    invoker: FakeInvoker
    receipts: BlobReceipts

    async def upload(self, name: str, data: bytes) -> str:
        blob = await self.container.upload_blob(name, data, overwrite=True)
        properties = await blob.get_blob_properties()
        return str(properties.etag).strip('"')

    async def poisoned(self) -> list[dict[str, Any]]:
        try:
            return [json.loads(base64.b64decode(m.content)) for m in await self.poison.peek_messages(32)]
        except ResourceNotFoundError:
            return []


@asynccontextmanager
async def _listening(
    azurite: str, name: str, action: Callable[[str], Awaitable[None]], path: str
) -> AsyncIterator[_Bench]:
    invoker = FakeInvoker(action)
    async with (
        BlobServiceClient.from_connection_string(azurite) as service,
        QueueServiceClient.from_connection_string(azurite) as queues,
    ):
        receipts = BlobReceipts(service, f"host-{name}", "sample")
        poison = queues.get_queue_client(f"{name}-poison")
        trigger = function("blobTrigger", path=f"{name}/{path}")
        task = asyncio.create_task(BlobListener(trigger, invoker, service, receipts, poison, _LIMITS).run())
        try:
            yield _Bench(service.get_container_client(name), poison, invoker, receipts)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - the condition lies in the storage
            await asyncio.sleep(0.02)


def test_container_that_appears_later_is_watched(azurite: str) -> None:
    async def scenario() -> None:
        async with _listening(azurite, "later", succeed, "{name}.json") as bench:
            await bench.container.create_container()
            etag = await bench.upload("a/b.json", b"[]")
            await _until(lambda: bench.receipts.is_complete("later", "a/b.json", etag))
            (metadata,) = bench.invoker.metadata
            assert (metadata["BlobTrigger"], metadata["name"]) == ("later/a/b.json", "a/b")

    asyncio.run(scenario())


def test_blob_that_fails_five_times_goes_to_the_poison_queue(azurite: str) -> None:
    async def scenario() -> None:
        async with _listening(azurite, "badblobs", fail, "{name}") as bench:
            await bench.container.create_container()
            etag = await bench.upload("bad.txt", b"bad")
            await _until(lambda: bench.receipts.is_complete("badblobs", "bad.txt", etag))
            assert bench.invoker.values == ["bad"] * 5
            (message,) = await bench.poisoned()
            assert message == {
                "FunctionId": "Host.Functions.sample",
                "BlobType": "BlockBlob",
                "ContainerName": "badblobs",
                "BlobName": "bad.txt",
                "ETag": f'"{etag}"',
            }

    asyncio.run(scenario())


def test_new_version_of_a_failed_blob_is_tried_at_once(azurite: str) -> None:
    async def only_good(text: str) -> None:
        if text == "bad":
            raise ValueError

    async def scenario() -> None:
        async with _listening(azurite, "mended", only_good, "{name}") as bench:
            await bench.container.create_container()
            await bench.upload("x", b"bad")
            etag = await bench.upload("x", b"good")
            await _until(lambda: bench.receipts.is_complete("mended", "x", etag))
            assert bench.invoker.values.count("good") == 1

    asyncio.run(scenario())


def test_restarted_host_does_not_handle_a_version_again(azurite: str) -> None:
    async def scenario() -> None:
        async with _listening(azurite, "restarted", succeed, "{name}") as first:
            await first.container.create_container()
            etag = await first.upload("kept.txt", b"kept")
            await _until(lambda: first.receipts.is_complete("restarted", "kept.txt", etag))
        async with _listening(azurite, "restarted", succeed, "{name}") as second:
            etag = await second.upload("newer.txt", b"newer")
            await _until(lambda: second.receipts.is_complete("restarted", "newer.txt", etag))
            assert second.invoker.values == ["newer"]

    asyncio.run(scenario())
