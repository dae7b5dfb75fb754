"""Queue triggers: batches of messages under a renewed lease, five attempts, then the poison queue."""

import asyncio
import base64
import binascii
import logging
from contextlib import suppress
from datetime import datetime

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueServiceClient
from azure_functions_runtime.bindings.datumdef import Datum

from local.host.app import Function
from local.host.invocation import Invokes, log_failure
from local.host.settings import QueueLimits
from local.host.storage.outages import Outages

_log = logging.getLogger(__name__)
# As in the real host: a message whose host died comes back after ten minutes.
LEASE_SECONDS = 600.0


class QueueListener:
    """Runs one function for each message of its queue."""

    def __init__(
        self,
        function: Function,
        invoker: Invokes,
        service: QueueServiceClient,
        limits: QueueLimits,
        interval: float,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        """Take the queue's account and the seconds between looks at an empty queue."""
        name = str(function.trigger["queueName"])
        self._function = function
        self._invoker = invoker
        self._queue = service.get_queue_client(name)
        self._poison = service.get_queue_client(f"{name}-poison")
        self._limits = limits
        self._interval = interval
        self._lease = int(lease_seconds)
        self._running: set[asyncio.Task[None]] = set()
        self._outages = Outages(f"The queue trigger of {function.name}")

    async def run(self) -> None:
        """Receive until cancelled; a missing queue or an unreachable storage is waited for."""
        try:
            while True:
                received = 0
                with self._outages:
                    received = await self._receive()
                if not received:
                    await asyncio.sleep(self._interval)
                while len(self._running) > self._limits.new_batch_threshold:
                    await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in self._running:
                task.cancel()

    async def _receive(self) -> int:
        size, received = self._limits.batch_size, 0
        with suppress(ResourceNotFoundError):
            pages = self._queue.receive_messages(
                messages_per_page=size, max_messages=size, visibility_timeout=self._lease
            )
            async for message in pages:
                received += 1
                task = asyncio.create_task(self._handle(message))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        return received

    async def _handle(self, message: QueueMessage) -> None:
        with self._outages:
            body = self._body(message.content)
            if body is None:
                _log.warning(
                    "A message on %s is not base64: moved to %s (see extensions.queues.messageEncoding of host.json)",
                    *(self._queue.queue_name, self._poison.queue_name),
                )
                await self._move_to_poison(message)
            elif (message.dequeue_count or 0) > self._limits.max_dequeue_count:
                await self._move_to_poison(message)
            elif await self._run_function(message, body):
                await self._queue.delete_message(message.id, message.pop_receipt)
            elif (message.dequeue_count or 0) >= self._limits.max_dequeue_count:
                await self._move_to_poison(message)
            else:
                await self._queue.update_message(
                    message.id, message.pop_receipt, visibility_timeout=self._limits.visibility_timeout
                )

    def _body(self, text: str) -> bytes | None:
        if not self._limits.base64:
            return text.encode("utf-8")
        try:
            return base64.b64decode(text, validate=True)
        except (ValueError, binascii.Error):
            return None

    async def _run_function(self, message: QueueMessage, body: bytes) -> bool:
        ended = asyncio.Event()
        renewal = asyncio.create_task(self._renew(message, ended))
        try:
            await self._invoker.invoke(self._function, _datum(body), _metadata(message))
        except Exception as error:
            log_failure(self._function, error)
            return False
        finally:
            # A renewal on its way brings the pop receipt that the message is deleted with, so it is not cut short.
            ended.set()
            await renewal
        return True

    async def _renew(self, message: QueueMessage, ended: asyncio.Event) -> None:
        while not ended.is_set():
            try:
                await asyncio.wait_for(ended.wait(), self._lease / 2)
            except TimeoutError:
                with self._outages:
                    renewed = await self._queue.update_message(
                        message.id, message.pop_receipt, visibility_timeout=self._lease
                    )
                    message.pop_receipt = renewed.pop_receipt

    async def _move_to_poison(self, message: QueueMessage) -> None:
        with suppress(ResourceExistsError):
            await self._poison.create_queue()
        await self._poison.send_message(message.content)
        await self._queue.delete_message(message.id, message.pop_receipt)


def _datum(body: bytes) -> Datum:
    try:
        return Datum(body.decode("utf-8"), "string")
    except UnicodeDecodeError:
        return Datum(body, "bytes")


def _metadata(message: QueueMessage) -> dict[str, Datum]:
    times = {
        "ExpirationTime": message.expires_on,
        "InsertionTime": message.inserted_on,
        "NextVisibleTime": message.next_visible_on,
    }
    return {
        "Id": Datum(message.id, "string"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
        "DequeueCount": Datum(message.dequeue_count, "int"),
        **{name: Datum(_iso(time), "string") for name, time in times.items() if time is not None},
    }


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
