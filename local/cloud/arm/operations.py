"""Long-running operations: what runs behind a 201 or 202, and how DevTest Labs and Compute tell of it."""

import asyncio
import base64
import hashlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from local.cloud.arm import times
from local.cloud.arm.calls import Answer
from local.cloud.arm.errors import ArmError
from local.cloud.speeds import Speeds

logger = logging.getLogger(__name__)

Output = dict[str, Any] | None
Wait = Callable[[float], Awaitable[None]]
"""Waits as long as an operation takes that lasts so many seconds of the world."""
Work = Callable[[Wait], Awaitable[Output]]
Status = Literal["Running", "Succeeded", "Failed"]


@dataclass
class Operation:
    """One operation; `output` is what a finished one hands to its caller, `error` what went wrong."""

    id: str
    subscription: str
    region: str
    started: datetime = field(default_factory=times.now)
    ended: datetime | None = None
    status: Status = "Running"
    output: Output = None
    error: ArmError | None = None
    looks: int = 0
    due: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def ends(self, status: Status, *, output: Output = None, error: ArmError | None = None) -> None:
        """Note the end; only the first end counts."""
        if self.ended is None:
            self.ended, self.status, self.output, self.error = times.now(), status, output, error


class Operations:
    """All operations of one emulator; each runs as a task of the event loop.

    `polls` None: each takes its time. Else an operation is found running so many times and ended at the next look,
    however much time went by; a look is a GET of its addresses or of the resource that it is about.
    """

    def __init__(self, speeds: Speeds, polls: int | None = None) -> None:
        self._speeds = speeds
        self._polls = polls
        self._operations: dict[str, Operation] = {}
        self._running: dict[str, Operation] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, subscription: str, region: str, resource: str, work: Work) -> Operation:
        """Start `work` on a resource by its id; an ArmError that it raises is the operation's error."""
        operation = Operation(str(uuid.uuid4()), subscription.lower(), region)
        self._operations[operation.id] = self._running[resource.lower()] = operation
        task = asyncio.create_task(self._run(operation, resource.lower(), work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return operation

    def find(self, subscription: str, name: str) -> Operation | None:
        """Find an operation by the last part of its URL's path."""
        operation = self._operations.get(name.lower()[-36:])
        return operation if operation is not None and operation.subscription == subscription.lower() else None

    def running_on(self, resource: str) -> Operation | None:
        """The operation that runs on a resource now."""
        return self._running.get(resource.lower())

    async def look(self, operation: Operation | None) -> None:
        """Count a look at an operation; where it is to end at this one, return after its end."""
        if operation is None or operation.ended is not None or self._polls is None:
            return
        operation.looks += 1
        if operation.looks > self._polls:
            operation.due.set()
            await operation.over.wait()

    async def stop(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, operation: Operation, resource: str, work: Work) -> None:
        async def wait(seconds: float) -> None:
            if self._polls is None:
                await asyncio.sleep(self._speeds.real(seconds))
            else:
                await operation.due.wait()

        try:
            operation.ends("Succeeded", output=await work(wait))
        except ArmError as error:
            operation.ends("Failed", error=error)
        except Exception:
            logger.exception("The emulator failed in an operation")
            failure = ArmError(500, "InternalServerError", "The emulator failed; its log says why.")
            operation.ends("Failed", error=failure)
        finally:
            if self._running.get(resource) is operation:
                del self._running[resource]
            operation.over.set()


def devtestlab_url(base_url: str, operation: Operation, *, monitor: bool = False) -> str:
    """The URL of a DevTest Labs operation: 3.3 kB, most of it a certificate, and to be followed verbatim."""
    day = operation.started.strftime("%Y%m%d")
    path = f"/subscriptions/{operation.subscription}/providers/Microsoft.DevTestLab/locations/{operation.region}"
    proof = (
        f"&t={times.ticks()}&c={_noise(operation.id, 2000)}&s={_noise(operation.id, 256)}&h={_noise(operation.id, 32)}"
    )
    query = "?api-version=2018-09-15" + ("&monitor=true" if monitor else "") + proof
    return f"{base_url}{path}/operations/{day}-{operation.id}{query}"


def disk_url(base_url: str, operation: Operation, api_version: str, *, monitor: bool = False) -> str:
    """The URL of a disk operation; it carries the api-version of the request that began it."""
    path = f"/subscriptions/{operation.subscription}/providers/Microsoft.Compute/locations/{operation.region}"
    query = f"?p={uuid.uuid5(uuid.NAMESPACE_URL, operation.id)}" + ("&monitor=true" if monitor else "")
    return f"{base_url}{path}/DiskOperations/{operation.id}{query}&api-version={api_version}"


def accepted(base_url: str, operation: Operation) -> Answer:
    """The answer of DevTest Labs to what takes its time: 202 with both addresses, which differ in `monitor`."""
    status, location = (devtestlab_url(base_url, operation, monitor=monitor) for monitor in (False, True))
    return Answer(202, headers={"Azure-AsyncOperation": status, "Location": location})


def devtestlab_status(operation: Operation) -> dict[str, Any]:
    """What DevTest Labs says of an operation: the bare status, and the error of a failed one."""
    body: dict[str, Any] = {"status": operation.status}
    if operation.error is not None:
        body |= operation.error.envelope()
    return body


def compute_status(operation: Operation) -> dict[str, Any]:
    """What Compute says of an operation; its word for a running one is `InProgress`."""
    body: dict[str, Any] = {"startTime": times.written(operation.started)}
    if operation.ended is not None:
        body["endTime"] = times.written(operation.ended)
    body["status"] = "InProgress" if operation.status == "Running" else operation.status
    if operation.output is not None:
        body["properties"] = {"output": operation.output}
    if operation.error is not None:
        body |= operation.error.envelope()
    return body | {"name": operation.id}


def _noise(seed: str, count: int) -> str:
    """As many bytes, in base64url, as the real signature parts have; they prove nothing here."""
    return base64.urlsafe_b64encode(hashlib.shake_256(seed.encode()).digest(count)).decode().rstrip("=")
