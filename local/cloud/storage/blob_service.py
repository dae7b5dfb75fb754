"""The blob service in front of Azurite: what it refuses, the copies it makes itself, and what it tells of them."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Mapping

from aiohttp import web

from local.cloud.faults import COPY_BLOB, Fault
from local.cloud.storage import operations
from local.cloud.storage.answers import refusal, with_copies
from local.cloud.storage.backend import Backend, Reply, answered, passed_headers
from local.cloud.storage.copies import Copies
from local.cloud.storage.disks import DiskSource, answer_disk_read, is_disk_path
from local.cloud.storage.operations import BlobName, blob_operation
from local.cloud.storage.sources import Source, SourceRefused, Sources
from local.cloud.storage.uploads import Uploads

_LONGEST_DELEGATION = dt.timedelta(days=7)
_EXPIRY = re.compile(rb"<Expiry>\s*([^<\s]+)\s*</Expiry>")
_METADATA = "x-ms-meta-"
_OF_THE_SOURCE = ("x-ms-copy-source", "x-ms-source-", "x-ms-requires-sync")


class BlobService:
    """Answers blob requests that were already let in; `regions` maps each account to its region."""

    def __init__(
        self,
        *,
        backend: Backend,
        copies: Copies,
        sources: Sources,
        disks: DiskSource,
        regions: Mapping[str, str],
        uploads: Uploads,
    ) -> None:
        self._uploads = uploads
        self._backend = backend
        self._copies = copies
        self._sources = sources
        self._disks = disks
        self._regions = regions
        self._starting: dict[BlobName, asyncio.Event] = {}

    def operation(self, request: web.Request) -> str:
        """Return the name of what is asked."""
        return blob_operation(request.method, BlobName.from_path(request.path), request.query, request.headers)

    async def answer(self, request: web.Request, operation: str, fault: Fault | None) -> web.Response:
        """Answer one request; `fault` says how a copy that it starts goes wrong."""
        if is_disk_path(request.path):
            return answer_disk_read(request, self._disks)
        if operation in operations.NOT_EMULATED:
            return refusal(501, "APINotImplemented", f"The emulator does not do {operation}.")
        name = BlobName.from_path(request.path)
        if operation == operations.GET_USER_DELEGATION_KEY:
            return await self._delegation_key(request)
        if operation == operations.LIST_BLOBS:
            return await self._list(request, name)
        if operation == operations.ABORT_COPY_BLOB:
            return await self._abort(request, name)
        if name.blob and request.method in ("PUT", "DELETE") and self._is_pending(name):
            return refusal(409, "PendingCopyOperation", "There is currently a pending copy operation.")
        if operation == COPY_BLOB:
            return await self._start_copy(request, name, fault)
        return await self._pass_on(request, name, operation)

    async def _pass_on(self, request: web.Request, name: BlobName, operation: str) -> web.Response:
        copy_headers = {}
        if operation in operations.READS_OF_A_BLOB:
            if name in self._starting:
                await self._starting[name].wait()
            # Taken before Azurite answers: an ETag must never be shown with a later state than its own.
            copy_headers = self._copies.headers(name)
        before = self._copies.find(name)
        is_upload = self._uploads.admit(request)
        reply = await (self._backend.forward_as_own if is_upload else self._backend.forward)(request)
        done = reply.status < 300
        if done and operation in operations.ENDS_OF_A_COPY_RECORD:
            self._copies.forget(before)
        if done and operation == operations.DELETE_CONTAINER:
            await self._copies.forget_container(name.account, name.container)
        answer = answered(request, reply)
        if done:
            answer.headers.update(copy_headers)
        return answer

    async def _delegation_key(self, request: web.Request) -> web.Response:
        body = await request.read()
        found = _EXPIRY.search(body)
        expiry = found[1].decode(errors="replace") if found else ""
        if _too_late(expiry):
            message = "The value for one of the XML nodes is not in the correct format."
            return refusal(400, "InvalidXmlNodeValue", message, XmlNodeName=expiry, XmlNodeValue=expiry)
        return answered(request, await self._backend.forward(request, body))

    async def _list(self, request: web.Request, container: BlobName) -> web.Response:
        shown = {}
        if "copy" in request.query.get("include", "").split(","):
            shown = self._copies.headers_in(container.account, container.container)
        reply = await self._backend.forward(request)
        if reply.status != 200 or not shown:
            return answered(request, reply)
        listing = with_copies(reply.body.decode(), lambda name: shown.get(name, {}))
        return answered(request, reply._replace(body=listing.encode()))

    async def _abort(self, request: web.Request, name: BlobName) -> web.Response:
        # Azurite never has a pending copy: what it answers is worth only for who asks and where.
        reply = await self._backend.forward(request)
        copy = self._copies.find(name)
        if reply.headers.get("x-ms-error-code") not in ("NoPendingCopyOperation", "CopyIdMismatch") or copy is None:
            return answered(request, reply)
        if copy.status != "pending":
            return refusal(409, "NoPendingCopyOperation", "There is currently no pending copy operation.")
        if request.query.get("copyid") != copy.id:
            return refusal(
                409, "CopyIdMismatch", "The specified copy ID did not match the copy ID of the pending copy."
            )
        await self._copies.abort(copy)
        return web.Response(status=204, headers={"x-ms-version": request.headers.get("x-ms-version", "")})

    async def _start_copy(self, request: web.Request, name: BlobName, fault: Fault | None) -> web.Response:
        started = self._starting[name] = asyncio.Event()
        try:
            source = await self._sources.find(name, request.headers)
            properties = _properties(request.headers, source)
            reply = await self._make_destination(request, source, properties)
            if reply.status != 201:
                return answered(request, reply)
            url = request.headers["x-ms-copy-source"]
            copy = self._copies.start(name, self._regions[name.account], source, url, properties, fault)
        except SourceRefused as refused:
            return refused.answer
        finally:
            del self._starting[name]
            started.set()
        answer = answered(request, reply)
        answer.set_status(202)
        answer.headers.update({"x-ms-copy-id": copy.id, "x-ms-copy-status": "pending"})
        return answer

    async def _make_destination(self, request: web.Request, source: Source, properties: Mapping[str, str]) -> Reply:
        """Let Azurite check the caller, the destination's conditions and its lease while it makes the empty blob."""
        headers = passed_headers(request.headers)
        for key in [key for key in headers if key.lower().startswith(_OF_THE_SOURCE)]:
            headers.popall(key, None)
        headers.update({**properties, "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(source.size)})
        return await self._backend.exchange("PUT", request.raw_path, headers, b"")

    def _is_pending(self, name: BlobName) -> bool:
        copy = self._copies.find(name)
        return name in self._starting or (copy is not None and copy.status == "pending")


def _properties(headers: Mapping[str, str], source: Source) -> dict[str, str]:
    """Return the headers that make the destination: the request's metadata, or the source's where it brings none."""
    own = {key: value for key, value in headers.items() if key.lower().startswith((_METADATA, "x-ms-lease-id"))}
    brings_metadata = any(key.lower().startswith(_METADATA) for key in own)
    inherited = {
        key: value
        for key, value in source.inherited.items()
        if not (brings_metadata and key.lower().startswith(_METADATA))
    }
    return {**inherited, **own}


def _too_late(expiry: str) -> bool:
    try:
        moment = dt.datetime.fromisoformat(expiry)
    except ValueError:
        return True
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return moment > dt.datetime.now(dt.UTC) + _LONGEST_DELEGATION
