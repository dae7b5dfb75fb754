"""The front's own requests to Azurite's blob service: whole page blobs, read and written by their non-empty ranges."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from html import unescape
from http import HTTPStatus
from urllib.parse import quote

from local.cloud.errors import AzuriteError
from local.cloud.storage.backend import Backend, Reply
from local.cloud.storage.operations import BlobName
from local.cloud.storage.vhd import DiskContent, SparseContent

# The service takes at most 4 MiB in one Put Page.
_PAGES_AT_ONCE = 4 * 1024 * 1024
_REMEMBERED_BLOBS = 64
_REMEMBERED_BYTES = 1024 * 1024
_LISTED = re.compile(r"<Blob><Name>(.*?)</Name>.*?<BlobType>(.*?)</BlobType>", re.DOTALL)
_NEXT_MARKER = re.compile(r"<NextMarker>(.+?)</NextMarker>", re.DOTALL)
_PAGE_RANGE = re.compile(r"<PageRange><Start>(\d+)</Start><End>(\d+)</End></PageRange>")


class AzuriteRefusal(AzuriteError):
    """Azurite refused a request of the front's own with `status`."""

    def __init__(self, path: str, reply: Reply) -> None:
        code = reply.headers.get("x-ms-error-code", "")
        super().__init__(f"Azurite answered {reply.status} {code} for {path}")
        self.status = reply.status


class PageBlobs:
    """Page blobs in Azurite, reached by signed URLs or with the front's own token."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._recent: OrderedDict[tuple[str, str], DiskContent] = OrderedDict()

    async def head(self, path: str, conditions: Mapping[str, str] | None = None) -> Reply:
        """Return the properties of the blob at an encoded path, or whatever the answer is."""
        reply = await self._backend.send("HEAD", path, conditions)
        if reply.status == HTTPStatus.PRECONDITION_FAILED:
            # Azurite says so of a missing blob too, where the service says 404.
            bare = await self._backend.send("HEAD", path)
            return bare if bare.status == HTTPStatus.NOT_FOUND else reply
        return reply

    async def names(self, account: str, container: str) -> list[str]:
        """Return the names of a container's page blobs; none where there is no container. Raises AzuriteRefusal."""
        found: list[str] = []
        marker = ""
        while True:
            path = f"/{quote(account)}/{quote(container)}?restype=container&comp=list&marker={quote(marker, safe='')}"
            reply = await self._backend.send("GET", path)
            if reply.status == HTTPStatus.NOT_FOUND:
                return found
            if reply.status != HTTPStatus.OK:
                raise AzuriteRefusal(f"/{account}/{container}", reply)
            listing = reply.body.decode()
            found += [unescape(name) for name, kind in _LISTED.findall(listing) if kind == "PageBlob"]
            following = _NEXT_MARKER.search(listing)
            if following is None:
                return found
            marker = unescape(following[1])

    async def create(self, name: BlobName, size: int, headers: Mapping[str, str]) -> Reply:
        """Make or replace an empty page blob; `headers` hold its metadata and properties. Raises AzuriteRefusal."""
        made = {**headers, "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": str(size)}
        return await self._done("PUT", encoded(name), made, b"")

    async def write(self, name: BlobName, content: DiskContent, *, lease: Mapping[str, str] | None = None) -> None:
        """Write the non-empty ranges of `content` into an empty page blob. Raises AzuriteRefusal."""
        for start, end in content.ranges():
            for low in range(start, end, _PAGES_AT_ONCE):
                high = min(end, low + _PAGES_AT_ONCE)
                headers = {"x-ms-page-write": "update", "Range": f"bytes={low}-{high - 1}", **(lease or {})}
                await self._done("PUT", encoded(name) + "?comp=page", headers, content.read(low, high))

    async def read(self, path: str, *, etag: str) -> DiskContent:
        """Fetch the non-empty ranges of the blob at an encoded path.

        Raises AzuriteRefusal, also where its ETag is no longer `etag`.
        """
        condition = {"If-Match": etag}
        key = (path.partition("?")[0], etag)
        remembered = self._recent.get(key)
        if remembered is not None:
            # One image is copied many times: whoever reads it again is checked again, but the bytes cannot be others.
            await self._done("HEAD", path, condition)
            return remembered
        listed = await self._done("GET", _with(path, "comp=pagelist"), condition)
        parts: dict[int, bytes] = {}
        for start, end in _merged(listed.body.decode()):
            reply = await self._done("GET", path, {**condition, "Range": f"bytes={start}-{end - 1}"})
            parts[start] = reply.body
        content = SparseContent(int(listed.headers["x-ms-blob-content-length"]), parts)
        self._remember(key, content, sum(map(len, parts.values())))
        return content

    def _remember(self, key: tuple[str, str], content: DiskContent, held: int) -> None:
        if held <= _REMEMBERED_BYTES:
            self._recent[key] = content
        while len(self._recent) > _REMEMBERED_BLOBS:
            self._recent.popitem(last=False)

    async def slice(self, name: BlobName, start: int, end: int) -> bytes:
        """Return the bytes from `start` to before `end`, both inside the blob. Raises AzuriteRefusal."""
        return (await self._done("GET", encoded(name), {"Range": f"bytes={start}-{end - 1}"})).body

    async def _done(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        reply = await self._backend.send(method, path, headers, body)
        if reply.status >= 400:
            raise AzuriteRefusal(path.partition("?")[0], reply)
        return reply


def encoded(name: BlobName) -> str:
    """Return the path of a blob as it stands in a URL."""
    return quote(name.path)


def _with(path: str, parameter: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{parameter}"


def _merged(page_list: str) -> list[tuple[int, int]]:
    """Return the half-open ranges of a Get Page Ranges body; Azurite lists one per write, also where they touch."""
    ranges: list[tuple[int, int]] = []
    for first, last in _PAGE_RANGE.findall(page_list):
        start, end = int(first), int(last) + 1
        if ranges and ranges[-1][1] == start and end - ranges[-1][0] <= _PAGES_AT_ONCE:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((start, end))
    return ranges
