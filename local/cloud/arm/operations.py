"""Long-running operations: what runs behind a 201 or 202, and how DevTest Labs and Compute tell of it."""

import asyncio
import base64
import hashlib
import logging
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from local.cloud.arm import times
from local.cloud.arm.errors import ArmError

logger = logging.getLogger(__name__)

Output = dict[str, Any] | None
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

    def ends(self, status: Status, *, output: Output = None, error: ArmError | None = None) -> None:
        """Note the end; only the first end counts."""
        if self.ended is None:
            self.ended, self.status, self.output, self.error = times.now(), status, output, error


class Operations:
    """All operations of one emulator; each runs as a task of the event loop."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, subscription: str, region: str, work: Coroutine[Any, Any, Output]) -> Operation:
        """Start `work`; an ArmError that it raises is the operation's error."""
        operation = Operation(str(uuid.uuid4()), subscription.lower(), region)
        self._operations[operation.id] = operation
        task = asyncio.create_task(self._run(operation, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return operation

    def find(self, subscription: str, name: str) -> Operation | None:
        """Find an operation by the last part of its URL's path."""
        operation = self._operations.get(name.lower()[-36:])
        return operation if operation is not None and operation.subscription == subscription.lower() else None

    async def stop(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, operation: Operation, work: Coroutine[Any, Any, Output]) -> None:
        try:
            operation.ends("Succeeded", output=await work)
        except ArmError as error:
            operation.ends("Failed", error=error)
        except Exception:
            logger.exception("The emulator failed in an operation")
            failure = ArmError(500, "InternalServerError", "The emulator failed; its log says why.")
            operation.ends("Failed", error=failure)


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
