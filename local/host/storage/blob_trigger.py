"""Blob triggers: a scan finds new versions of blobs by their ETag, runs the function and leaves a receipt."""

import asyncio
import base64
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobProperties
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueClient
from azure_functions_runtime.bindings.datumdef import Datum

from local.host.app import Function
from local.host.invocation import Invokes, log_failure
from local.host.storage.outages import Outages
from local.host.storage.paths import BlobPath
from local.host.storage.receipts import BlobReceipts, function_id

POISON_QUEUE = "webjobs-blobtrigger-poison"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BlobLimits:
    """How many blobs run at once, after how many failures one is poison, and the seconds between scans."""

    parallelism: int
    attempts: int
    interval: float


@dataclass(frozen=True)
class _Version:
    """One version of a blob."""

    name: str
    etag: str


class BlobListener:
    """Runs one function for each new version of the blobs that match its path."""

    def __init__(
        self,
        function: Function,
        invoker: Invokes,
        source: BlobServiceClient,
        receipts: BlobReceipts,
        poison: QueueClient,
        limits: BlobLimits,
    ) -> None:
        """Take the account to watch, and the receipts and the poison queue in the host's own account."""
        self._function = function
        self._invoker = invoker
        self._path = BlobPath(str(function.trigger["path"]))
        self._source = source.get_container_client(self._path.container)
        self._receipts = receipts
        self._poison = poison
        self._limits = limits
        self._parallel = asyncio.Semaphore(limits.parallelism)
        self._done: set[_Version] = set()
        self._failures: dict[_Version, int] = {}
        self._running: dict[_Version, asyncio.Task[None]] = {}
        self._outages = Outages(f"The blob trigger of {function.name}")

    async def run(self) -> None:
        """Scan until cancelled; an unreachable storage is waited for."""
        try:
            while True:
                with self._outages:
                    await self._scan()
                await asyncio.sleep(self._limits.interval)
        finally:
            for task in self._running.values():
                task.cancel()

    async def _scan(self) -> None:
        listed: set[_Version] = set()
        with suppress(ResourceNotFoundError):
            async for properties in self._source.list_blobs(name_starts_with=self._path.prefix, include=["metadata"]):
                parameters = self._path.match(properties.name)
                if parameters is not None:
                    version = _Version(properties.name, properties.etag.strip('"'))
                    listed.add(version)
                    self._begin(version, properties, parameters)
        # Only what is still there can come up again.
        self._done &= listed

    def _begin(self, version: _Version, properties: BlobProperties, parameters: Mapping[str, str]) -> None:
        if version not in self._done and version not in self._running:
            task = asyncio.create_task(self._handle(version, properties, parameters))
            self._running[version] = task
            task.add_done_callback(lambda _: self._running.pop(version))

    async def _handle(self, version: _Version, properties: BlobProperties, parameters: Mapping[str, str]) -> None:
        async with self._parallel:
            with self._outages:
                if await self._receipts.is_complete(self._path.container, version.name, version.etag):
                    self._done.add(version)
                elif (content := await self._content(version)) is not None:
                    await self._run_function(version, properties, parameters, content)

    async def _content(self, version: _Version) -> bytes | None:
        try:
            download = await self._source.download_blob(
                version.name, etag=f'"{version.etag}"', match_condition=MatchConditions.IfNotModified
            )
            return await download.readall()
        except (ResourceModifiedError, ResourceNotFoundError):
            # The next scan sees the newer version, or none.
            return None

    async def _run_function(
        self, version: _Version, properties: BlobProperties, parameters: Mapping[str, str], content: bytes
    ) -> None:
        metadata = self._metadata(properties, parameters)
        try:
            await self._invoker.invoke(self._function, Datum(content, "bytes"), metadata, parameters)
        except Exception as error:
            log_failure(self._function, error)
            self._failures[version] = self._failures.get(version, 0) + 1
            if self._failures[version] < self._limits.attempts:
                return
            await self._give_up(version)
        self._failures.pop(version, None)
        await self._receipts.complete(self._path.container, version.name, version.etag)
        self._done.add(version)

    async def _give_up(self, version: _Version) -> None:
        _log.error(
            "%s failed %d times for %s: moved to %s",
            *(self._function.name, self._limits.attempts, version.name, POISON_QUEUE),
        )
        message = {
            "FunctionId": function_id(self._function.name),
            "BlobType": "BlockBlob",
            "ContainerName": self._path.container,
            "BlobName": version.name,
            "ETag": f'"{version.etag}"',
        }
        text = base64.b64encode(json.dumps(message).encode("utf-8")).decode("ascii")
        with suppress(ResourceExistsError):
            await self._poison.create_queue()
        await self._poison.send_message(text)

    def _metadata(self, properties: BlobProperties, parameters: Mapping[str, str]) -> dict[str, Datum]:
        facts: dict[str, Any] = {
            "ContentLength": properties.size,
            "ContentType": properties.content_settings.content_type,
            "ETag": f'"{properties.etag.strip(chr(34))}"',
            "LastModified": properties.last_modified.isoformat(),
        }
        return {
            "BlobTrigger": Datum(f"{self._path.container}/{properties.name}", "string"),
            "Uri": Datum(self._source.get_blob_client(properties.name).url.partition("?")[0], "string"),
            "Properties": Datum(json.dumps(facts), "json"),
            "Metadata": Datum(json.dumps(dict(properties.metadata or {})), "json"),
            **{name: Datum(value, "string") for name, value in parameters.items()},
        }
