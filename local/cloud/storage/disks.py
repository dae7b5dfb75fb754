"""Managed disks as the storage front sees them: content behind a disk SAS URL that the ARM side grants and revokes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from local.cloud.storage.answers import refusal
from local.cloud.storage.vhd import DiskContent

_DISK_PATH = re.compile(r"/md-[a-z0-9]{12}/[a-z0-9]{12}/abcd")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True, slots=True)
class DiskRefusal:
    """Why a disk may not be read, as storage says it: such as 403 AuthenticationFailed after the access was revoked."""

    status: int
    code: str
    message: str


class DiskSource(Protocol):
    """The disks that are being exported; paths are `/md-<12>/<12>/abcd`, the query holds `si` and `sig`, decoded."""

    def open(self, path: str, query: Mapping[str, str]) -> DiskContent | DiskRefusal:
        """Return the disk's content if this signature may read it now."""

    def region(self, path: str) -> str:
        """Return the region of the disk that `open` gave for this path."""


def is_disk_path(path: str) -> bool:
    """Say whether a path is that of a disk SAS URL; a storage account's name holds no hyphen, so none can clash."""
    return _DISK_PATH.fullmatch(path) is not None


def answer_disk_read(request: web.Request, disks: DiskSource) -> web.Response:
    """Answer Get Blob and Get Blob Properties on a disk SAS URL, whole or one range."""
    content = disks.open(request.path, request.query)
    if isinstance(content, DiskRefusal):
        return refusal(content.status, content.code, content.message)
    if request.method not in ("GET", "HEAD") or "comp" in request.query:
        return refusal(501, "APINotImplemented", "A disk SAS URL answers Get Blob and Get Blob Properties here.")
    # The path stands for one unchanging content: a new grant makes a new path.
    headers = {"x-ms-blob-type": "PageBlob", "Accept-Ranges": "bytes", "ETag": f'"{request.path[4:16]}"'}
    headers["Content-Type"] = "application/octet-stream"
    wanted = request.headers.get("x-ms-range", request.headers.get("Range"))
    if request.method == "HEAD":
        return web.Response(headers={**headers, "Content-Length": str(content.size)})
    if wanted is None:
        return web.Response(body=content.read(0, content.size), headers=headers)
    found = _RANGE.fullmatch(wanted)
    if found is None or int(found[1]) >= content.size:
        return refusal(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
    start = int(found[1])
    end = min(int(found[2]) + 1 if found[2] else content.size, content.size)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    return web.Response(status=206, body=content.read(start, end), headers=headers)
