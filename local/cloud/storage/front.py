"""Storage as clients of the emulated Azure see it: Azurite, with a TLS listener before its blobs and its queues.

It also seeds a world's blobs, and reads them for the Resource Manager side. It passes no request on by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Literal

from aiohttp import web
from yarl import URL

from local.cloud.certificates import Certificates
from local.cloud.faults import Fault, Faults
from local.cloud.ledger import Ledger
from local.cloud.listeners import Listener
from local.cloud.speeds import Speeds
from local.cloud.storage.azurite_server import AzuriteServer
from local.cloud.storage.backend import Backend, answered, azurite_session
from local.cloud.storage.blob_service import BlobService
from local.cloud.storage.copies import Copies, CopyStatus
from local.cloud.storage.disks import DiskSource
from local.cloud.storage.entrance import Entrance
from local.cloud.storage.operations import BlobName, queue_operation
from local.cloud.storage.page_blobs import AzuriteRefusal, PageBlobs, encoded
from local.cloud.storage.sources import Sources
from local.cloud.storage.uploads import Uploads
from local.cloud.storage.vhd import PAGE, DiskContent, sha256

UPLOADS = "uploads"
_MADE = (HTTPStatus.CREATED, HTTPStatus.NO_CONTENT, HTTPStatus.CONFLICT)


@dataclass(frozen=True, slots=True)
class BlobFacts:
    """What there is to know of one blob before an image is made from it."""

    account: str
    container: str
    name: str
    region: str
    size: int
    blob_type: str
    """PageBlob, BlockBlob or AppendBlob."""
    etag: str
    copy_status: CopyStatus | None
    """None where no copy made it."""
    footer: bytes
    """The last 512 bytes, or all where there are fewer."""


class StorageFront:
    """The storage accounts of one emulated Azure; `accounts` maps each name to its region."""

    def __init__(
        self,
        *,
        accounts: Mapping[str, str],
        ledger: Ledger,
        faults: Faults,
        speeds: Speeds,
        disks: DiskSource,
        certificates: Certificates,
        workdir: Path,
    ) -> None:
        self._accounts = dict(accounts)
        self._ledger = ledger
        self._faults = faults
        self._speeds = speeds
        self._disks = disks
        self._certificates = certificates
        self._workdir = workdir
        self._uploads = Uploads()
        self._started = AsyncExitStack()
        self.blob_endpoint = ""
        self.queue_endpoint = ""

    async def start(self) -> None:
        """Start Azurite and both listeners on free ports of 127.0.0.1. Raises AzuriteError."""
        async with AsyncExitStack() as stack:
            azurite = await AzuriteServer.start(self._accounts, self._certificates, self._workdir)
            stack.push_async_callback(azurite.stop)
            session = await stack.enter_async_context(azurite_session(self._certificates))
            blobs = Backend(session, azurite.blob_endpoint)
            self._backends = {"blob": blobs, "queue": Backend(session, azurite.queue_endpoint)}
            self._pages = PageBlobs(blobs)
            self._copies = Copies(self._pages, self._ledger, self._speeds)
            stack.push_async_callback(self._copies.stop)
            self.queue_endpoint = await self._serve_queues(stack)
            self.blob_endpoint = await self._serve_blobs(stack)
            self._started = stack.pop_all()

    async def stop(self) -> None:
        """Close the listeners, stop what is being copied, and end Azurite."""
        await self._started.aclose()

    async def ensure_container(self, account: str, container: str) -> None:
        """Make a container unless it is there. Raises AzuriteRefusal."""
        await self._make("blob", f"/{account}/{container}?restype=container")

    async def ensure_queue(self, account: str, queue: str) -> None:
        """Make a queue unless it is there. Raises AzuriteRefusal."""
        await self._make("queue", f"/{account}/{queue}")

    async def upload_vhd(self, account: str, container: str, name: str, content: DiskContent) -> None:
        """Write a page blob, replacing what was there; no ledger notes it. Raises AzuriteRefusal."""
        blob = BlobName(account, container, name)
        await self._pages.create(blob, content.size, {})
        await self._pages.write(blob, content)
        self._copies.forget(self._copies.find(blob))

    async def upload_text(self, account: str, container: str, name: str, text: str) -> None:
        """Write a block blob of UTF-8 text, replacing what was there; no ledger notes it. Raises AzuriteRefusal."""
        path = encoded(BlobName(account, container, name))
        headers = {"x-ms-blob-type": "BlockBlob", "x-ms-blob-content-type": "text/plain; charset=utf-8"}
        reply = await self._backends["blob"].send("PUT", path, headers, text.encode())
        if reply.status != HTTPStatus.CREATED:
            raise AzuriteRefusal(path, reply)

    async def blob_facts(self, url: str) -> BlobFacts | None:
        """Describe the blob at an address of `blob_endpoint`, its query ignored; None where there is none."""
        found = await self._find(url)
        if found is None:
            return None
        name, headers = found
        size = int(headers["Content-Length"])
        copy = self._copies.find(name)
        return BlobFacts(
            *name,
            region=self._accounts[name.account],
            size=size,
            blob_type=headers["x-ms-blob-type"],
            etag=headers["ETag"],
            copy_status=None if copy is None else copy.status,
            footer=await self._pages.slice(name, max(0, size - PAGE), size) if size else b"",
        )

    async def upload_uri(self, account: str, name: str) -> str:
        """Return a signed address for one day at which a blob can be written into the container `uploads`."""
        await self.ensure_container(account, UPLOADS)
        return self.blob_endpoint + self._uploads.issue(BlobName(account, UPLOADS, name))

    async def vhds(self, account: str) -> list[str]:
        """List the addresses of the page blobs named *.vhd in the containers `uploads` and `vhds` of an account."""
        return [
            self.blob_endpoint + encoded(BlobName(account, container, name))
            for container in (UPLOADS, "vhds")
            for name in await self._pages.names(account, container)
            if name.lower().endswith(".vhd")
        ]

    async def blob_sha256(self, url: str) -> str | None:
        """Return the SHA-256 of a page blob's whole content in hex (about 1 s a GiB); None where there is none."""
        found = await self._find(url)
        if found is None:
            return None
        name, headers = found
        content = await self._pages.read(encoded(name), etag=headers["ETag"])
        return await asyncio.to_thread(sha256, content)

    async def _find(self, url: str) -> tuple[BlobName, Mapping[str, str]] | None:
        parsed = URL(url)
        name = BlobName.from_path(parsed.path)
        if f"{parsed.scheme}://{parsed.authority}" != self.blob_endpoint or not name.blob:
            return None
        reply = await self._pages.head(encoded(name))
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        if reply.status != HTTPStatus.OK:
            raise AzuriteRefusal(name.path, reply)
        return name, reply.headers

    async def _make(self, service: Literal["blob", "queue"], path: str) -> None:
        reply = await self._backends[service].send("PUT", path, body=b"")
        if reply.status not in _MADE:
            raise AzuriteRefusal(path.partition("?")[0], reply)

    async def _serve_queues(self, stack: AsyncExitStack) -> str:
        async def answer(request: web.Request, _operation: str, _fault: Fault | None) -> web.Response:
            return answered(request, await self._backends["queue"].forward(request))

        def operation(request: web.Request) -> str:
            return queue_operation(request.method, request.path, request.query)

        return await self._listen(stack, Entrance("queue", self._ledger, self._faults, operation, answer))

    async def _serve_blobs(self, stack: AsyncExitStack) -> str:
        service = BlobService(
            backend=self._backends["blob"],
            copies=self._copies,
            sources=Sources(self._pages, self._disks, self._accounts),
            disks=self._disks,
            regions=self._accounts,
            uploads=self._uploads,
        )
        entrance = Entrance("blob", self._ledger, self._faults, service.operation, service.answer, self._uploads.admit)
        return await self._listen(stack, entrance)

    async def _listen(self, stack: AsyncExitStack, entrance: Entrance) -> str:
        listener = await Listener.start(entrance.handle, tls=self._certificates.server_context())
        stack.push_async_callback(listener.stop)
        return listener.url
