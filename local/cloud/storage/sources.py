"""What a copy reads from: a blob behind a signed URL, or a disk behind its SAS URL. A source never writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs

from aiohttp import web
from yarl import URL

from local.cloud.storage.answers import refusal
from local.cloud.storage.backend import Reply
from local.cloud.storage.disks import DiskRefusal, DiskSource, is_disk_path
from local.cloud.storage.operations import BlobName
from local.cloud.storage.page_blobs import AzuriteRefusal, PageBlobs
from local.cloud.storage.vhd import DiskContent

_CONDITIONS = {
    "x-ms-source-if-match": "If-Match",
    "x-ms-source-if-none-match": "If-None-Match",
    "x-ms-source-if-modified-since": "If-Modified-Since",
    "x-ms-source-if-unmodified-since": "If-Unmodified-Since",
}
# What a copy takes over from its source besides the bytes; metadata only where the request brings none.
_PROPERTIES = {
    "Content-Type": "x-ms-blob-content-type",
    "Content-Encoding": "x-ms-blob-content-encoding",
    "Content-Language": "x-ms-blob-content-language",
    "Content-MD5": "x-ms-blob-content-md5",
    "Cache-Control": "x-ms-blob-cache-control",
}
_METADATA = "x-ms-meta-"
_REASONS = {403: "Forbidden", 404: "NotFound", 412: "PreconditionFailed"}


class SourceLost(Exception):
    """The source could not be read when its bytes were wanted; the text is the copy's status description."""

    def __init__(self, status: int) -> None:
        reason = _REASONS.get(status, "InternalServerError")
        super().__init__(f'{status} {reason} "Copy failed when reading the source."')


class SourceRefused(Exception):
    """The copy may not start; `answer` is what its client gets."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Source(Protocol):
    """A source that was found readable when its copy was started."""

    @property
    def image(self) -> str:
        """Path of the blob or disk, without any signature."""

    @property
    def region(self) -> str:
        """Where it lies."""

    @property
    def size(self) -> int:
        """Its length in bytes, zeroes included."""

    @property
    def inherited(self) -> Mapping[str, str]:
        """Headers that give a new blob this source's properties and metadata."""

    async def content(self) -> DiskContent:
        """Read it, checked anew as when the copy was started. Raises SourceLost."""


@dataclass(frozen=True, slots=True)
class BlobSource:
    """A page blob in an account of the emulator, read with the URL that the copy was started with."""

    image: str
    region: str
    size: int
    inherited: Mapping[str, str]
    _blobs: PageBlobs
    _path: str
    _etag: str

    async def content(self) -> DiskContent:
        try:
            return await self._blobs.read(self._path, etag=self._etag)
        except AzuriteRefusal as error:
            now = await self._blobs.head(self._path, {"If-Match": self._etag})
            raise SourceLost(now.status if now.status >= HTTPStatus.BAD_REQUEST else error.status) from error


@dataclass(frozen=True, slots=True)
class ExportedDisk:
    """A managed disk whose access was granted; when that is revoked, its copies can no longer read."""

    image: str
    region: str
    size: int
    inherited: Mapping[str, str]
    _disks: DiskSource
    _query: Mapping[str, str]

    async def content(self) -> DiskContent:
        content = self._disks.open(self.image, self._query)
        if isinstance(content, DiskRefusal):
            raise SourceLost(content.status)
        return content


class Sources:
    """Finds and checks the source that a Copy Blob request names."""

    def __init__(self, blobs: PageBlobs, disks: DiskSource, regions: Mapping[str, str]) -> None:
        self._blobs = blobs
        self._disks = disks
        self._regions = regions

    async def find(self, destination: BlobName, headers: Mapping[str, str]) -> Source:
        """Return the source if it may be read now and its conditions hold. Raises SourceRefused."""
        try:
            url = URL(headers["x-ms-copy-source"], encoded=True)
        except ValueError:
            url = URL()
        # Both names of this machine are certified, and a copy may use the one for its source that it was not sent to.
        port = headers["Host"].rpartition(":")[2]
        if url.scheme != "https" or url.authority not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            raise SourceRefused(_cannot_verify(404))
        if is_disk_path(url.path):
            return self._disk(url)
        return await self._blob(url, destination, headers)

    def _disk(self, url: URL) -> Source:
        # Not yarl's own parsing: a signature may hold a plus sign as it is.
        query = {key: values[-1] for key, values in parse_qs(url.raw_query_string.replace("+", "%2B")).items()}
        content = self._disks.open(url.path, query)
        if isinstance(content, DiskRefusal):
            raise SourceRefused(_cannot_verify(content.status))
        inherited = {"x-ms-blob-content-type": "application/octet-stream"}
        return ExportedDisk(url.path, self._disks.region(url.path), content.size, inherited, self._disks, query)

    async def _blob(self, url: URL, destination: BlobName, headers: Mapping[str, str]) -> Source:
        name = BlobName.from_path(url.path)
        signed = "sig" in url.query
        if name == destination:
            raise SourceRefused(refusal(501, "APINotImplemented", "The emulator copies no blob onto itself."))
        # Only within its own account does the caller's token reach the source; a key's signature is none here.
        if (signed and "skoid" not in url.query) or (not signed and name.account != destination.account):
            raise SourceRefused(_cannot_verify(403))
        conditions = {sent: headers[given] for given, sent in _CONDITIONS.items() if given in headers}
        reply = await self._blobs.head(url.raw_path_qs, conditions)
        if reply.status >= 300:
            raise SourceRefused(_not_readable(reply))
        if reply.headers["x-ms-blob-type"] != "PageBlob":
            raise SourceRefused(refusal(501, "APINotImplemented", "The emulator copies page blobs only."))
        return BlobSource(
            name.path,
            self._regions[name.account],
            int(reply.headers["Content-Length"]),
            _inherited(reply.headers),
            self._blobs,
            url.raw_path_qs,
            reply.headers["ETag"],
        )


def _inherited(headers: Mapping[str, str]) -> dict[str, str]:
    properties = {given: headers[read] for read, given in _PROPERTIES.items() if read in headers}
    metadata = {name: value for name, value in headers.items() if name.lower().startswith(_METADATA)}
    return {**properties, **metadata}


def _not_readable(reply: Reply) -> web.Response:
    if reply.status in (304, 412):
        message = "The source condition specified using HTTP conditional header(s) is not met."
        return refusal(412, "SourceConditionNotMet", message)
    return _cannot_verify(reply.status)


def _cannot_verify(status: int) -> web.Response:
    reason = "The specified blob does not exist." if status == 404 else "Server failed to authenticate the request."
    return refusal(404 if status == 404 else 403, "CannotVerifyCopySource", reason)
