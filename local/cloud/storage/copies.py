"""Asynchronous server-side copies: what is pending, how far it is, and how it ended. It knows nothing of requests."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import aiohttp

from local.cloud.faults import Fault
from local.cloud.ledger import CopyEnd, Ledger
from local.cloud.speeds import Speeds
from local.cloud.storage.answers import http_date
from local.cloud.storage.bandwidth import Bandwidth, Reading
from local.cloud.storage.operations import BlobName
from local.cloud.storage.page_blobs import AzuriteRefusal, PageBlobs
from local.cloud.storage.sources import Source, SourceLost

CopyStatus = Literal["pending", "success", "failed", "aborted"]
_log = logging.getLogger(__name__)
_DESTINATION_LOST = '404 NotFound "Copy failed when writing the destination."'


@dataclass(slots=True)
class Copy:
    """One copy, for as long as its destination tells of it."""

    destination: BlobName
    region: str
    source: Source
    source_url: str = field(repr=False)
    properties: Mapping[str, str]
    """Headers that make the destination anew: its properties, its metadata, its lease."""
    reading: Reading
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: CopyStatus = "pending"
    aborting: bool = False
    description: str | None = None
    ended: dt.datetime | None = None


class Copies:
    """All copies of one storage front, by their destinations."""

    def __init__(self, blobs: PageBlobs, ledger: Ledger, speeds: Speeds) -> None:
        self._blobs = blobs
        self._ledger = ledger
        self._speeds = speeds
        self._bandwidth = Bandwidth(speeds.account_bytes_per_second)
        self._copies: dict[BlobName, Copy] = {}
        self._tasks: dict[BlobName, asyncio.Task[None]] = {}

    def start(
        self,
        destination: BlobName,
        region: str,
        source: Source,
        source_url: str,
        properties: Mapping[str, str],
        fault: Fault | None,
    ) -> Copy:
        """Begin to fill the destination, an empty blob of the source's size; return at once."""
        rate = self._speeds.bytes_per_second(crossing=source.region != region)
        copy = Copy(destination, region, source, source_url, properties, Reading(source.size, rate))
        self._copies[destination] = copy
        self._tasks[destination] = asyncio.create_task(self._run(copy, fault))
        return copy

    def find(self, destination: BlobName) -> Copy | None:
        """Return the copy that a blob tells of."""
        return self._copies.get(destination)

    def headers(self, destination: BlobName) -> dict[str, str]:
        """Return the x-ms-copy-* headers of a blob as they are now; none if it is no copy's destination."""
        copy = self._copies.get(destination)
        if copy is None:
            return {}
        headers = {
            "x-ms-copy-id": copy.id,
            "x-ms-copy-status": copy.status,
            "x-ms-copy-source": copy.source_url,
            "x-ms-copy-progress": f"{self._progress(copy)}/{copy.source.size}",
        }
        if copy.ended is not None:
            headers["x-ms-copy-completion-time"] = http_date(copy.ended)
        if copy.description is not None:
            headers["x-ms-copy-status-description"] = copy.description
        return headers

    def headers_in(self, account: str, container: str) -> dict[str, dict[str, str]]:
        """Return the same for every blob of a container that is a copy's destination, by the blobs' names."""
        return {name.blob: self.headers(name) for name in self._copies if name[:2] == (account, container)}

    async def abort(self, copy: Copy) -> None:
        """End a pending copy and leave a blob of no length."""
        await self._cancel(copy.destination)
        if copy.status == "pending" and not copy.aborting:
            copy.aborting = True
            await self._empty(copy)
            self._end(copy, "aborted")

    def forget(self, copy: Copy | None) -> None:
        """Let a blob no longer tell of this copy, for it was written anew or deleted; a newer copy stays."""
        if copy is not None and self._copies.get(copy.destination) is copy:
            del self._copies[copy.destination]

    async def forget_container(self, account: str, container: str) -> None:
        """Forget all copies into a container that was deleted; pending ones end as failed."""
        for name in [name for name in self._copies if name[:2] == (account, container)]:
            await self._cancel(name)
            copy = self._copies.pop(name)
            if copy.status == "pending":
                self._end(copy, "failed", _DESTINATION_LOST)

    async def stop(self) -> None:
        """Stop all that is pending, as it is."""
        for name in list(self._tasks):
            await self._cancel(name)

    async def _run(self, copy: Copy, fault: Fault | None) -> None:
        try:
            await self._transfer(copy, fault)
            content = await copy.source.content()
            await self._blobs.write(copy.destination, content, lease=_lease(copy))
        except SourceLost as error:
            await self._fail(copy, str(error))
        except (AzuriteRefusal, aiohttp.ClientError):
            await self._fail(copy, _DESTINATION_LOST)
        except Exception as error:
            # The client must see an end: a copy that no task carries any more would be pending for ever.
            _log.error("The copy to %s broke: %s.", "/".join(copy.destination), type(error).__name__)
            await self._fail(copy, _DESTINATION_LOST)
        else:
            self._end(copy, "success")
        finally:
            self._tasks.pop(copy.destination, None)

    async def _transfer(self, copy: Copy, fault: Fault | None) -> None:
        """Take the time that the source's bandwidth and the world's faults want."""
        match fault:
            case Fault(kind="stall"):
                await asyncio.get_running_loop().create_future()
            case Fault(kind="failCopy"):
                copy.reading.total = copy.source.size * fault.fraction
                await self._bandwidth.transfer(copy.source.image, copy.reading)
                raise SourceLost(500)
            case _:
                await self._bandwidth.transfer(copy.source.image, copy.reading)

    async def _fail(self, copy: Copy, description: str) -> None:
        with contextlib.suppress(AzuriteRefusal, aiohttp.ClientError):
            await self._empty(copy)
        self._end(copy, "failed", description)

    async def _empty(self, copy: Copy) -> None:
        await self._blobs.create(copy.destination, 0, copy.properties)

    def _end(self, copy: Copy, ended: CopyEnd, description: str | None = None) -> None:
        count = copy.source.size if ended == "success" else self._progress(copy)
        self._ledger.copied(copy.source.region, copy.region, count, ended=ended, image=copy.source.image)
        copy.status, copy.description, copy.ended = ended, description, dt.datetime.now(dt.UTC)

    def _progress(self, copy: Copy) -> int:
        return self._bandwidth.progress(copy.source.image, copy.reading)

    async def _cancel(self, destination: BlobName) -> None:
        task = self._tasks.pop(destination, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])


def _lease(copy: Copy) -> dict[str, str]:
    return {name: value for name, value in copy.properties.items() if name.lower() == "x-ms-lease-id"}
