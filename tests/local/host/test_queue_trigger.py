import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from local.host.settings import QueueLimits
from local.host.storage.queue_trigger import QueueListener
from tests.local.host.fake_invoker import FakeInvoker, fail, function, succeed

_LIMITS = QueueLimits(max_dequeue_count=5)


@dataclass
class _Bench:
    queue: QueueClient
    poison: QueueClient
    invoker: FakeInvoker

    async def send(self, text: str) -> None:
        await self.queue.send_message(base64.b64encode(text.encode()).decode())

    async def poisoned(self) -> list[str]:
        try:
            return [base64.b64decode(message.content).decode() for message in await self.poison.peek_messages(32)]
        except ResourceNotFoundError:
            return []

    async def left(self) -> int:
        return int((await self.queue.get_queue_properties()).approximate_message_count or 0)


@asynccontextmanager
async def _listening(
    azurite: str, name: str, action: Callable[[str], Awaitable[None]], lease_seconds: float = 600
) -> AsyncIterator[_Bench]:
    invoker = FakeInvoker(action)
    async with QueueServiceClient.from_connection_string(azurite) as service:
        queue = service.get_queue_client(name)
        await queue.create_queue()
        trigger = function("queueTrigger", queueName=name)
        listener = QueueListener(trigger, invoker, service, _LIMITS, 0.02, lease_seconds)
        task = asyncio.create_task(listener.run())
        try:
            yield _Bench(queue, service.get_queue_client(f"{name}-poison"), invoker)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - the condition lies in the storage
            await asyncio.sleep(0.02)


def test_message_that_succeeds_is_deleted(azurite: str) -> None:
    async def scenario() -> None:
        async with _listening(azurite, "deleted", succeed) as bench:
            await bench.send("hello")
            await _until(lambda: _is(bench.left, 0))
            assert bench.invoker.values == ["hello"]
            assert await bench.poisoned() == []

    asyncio.run(scenario())


def test_message_that_fails_five_times_goes_to_the_poison_queue(azurite: str) -> None:
    async def scenario() -> None:
        async with _listening(azurite, "poisonous", fail) as bench:
            await bench.send("bad")
            await _until(lambda: _is(bench.poisoned, ["bad"]))
            await _until(lambda: _is(bench.left, 0))
            assert [metadata["DequeueCount"] for metadata in bench.invoker.metadata] == [1, 2, 3, 4, 5]

    asyncio.run(scenario())


def test_message_stays_leased_while_its_function_runs(azurite: str) -> None:
    async def scenario() -> None:
        release = asyncio.Event()

        async def hold(_: str) -> None:
            await release.wait()

        async with _listening(azurite, "leased", hold, lease_seconds=2) as bench:
            await bench.send("long")
            await _until(lambda: _is(_count(bench), 1))
            # Longer than the lease: a second delivery would show in the values.
            await asyncio.sleep(3)
            release.set()
            await _until(lambda: _is(bench.left, 0))
            assert bench.invoker.values == ["long"]

    asyncio.run(scenario())


def test_messages_of_a_batch_run_side_by_side(azurite: str) -> None:
    async def scenario() -> None:
        together = asyncio.Barrier(8)

        async def meet(_: str) -> None:
            async with asyncio.timeout(20):
                await together.wait()

        async with _listening(azurite, "batch", meet) as bench:
            for n in range(8):
                await bench.send(str(n))
            await _until(lambda: _is(bench.left, 0))

    asyncio.run(scenario())


def _count(bench: _Bench) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return len(bench.invoker.values)

    return count


async def _is(read: Callable[[], Awaitable[object]], expected: object) -> bool:
    return await read() == expected
