"""A copy whose source was lost while it was pending."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from multidict import CIMultiDict, CIMultiDictProxy

from local.cloud.ledger import Ledger
from local.cloud.speeds import Speeds
from local.cloud.storage.backend import Backend, Reply
from local.cloud.storage.copies import Copies
from local.cloud.storage.operations import BlobName
from local.cloud.storage.page_blobs import PageBlobs
from local.cloud.storage.sources import SourceLost
from local.cloud.storage.vhd import DiskContent

DESTINATION = BlobName("lab", "vhds", "copy.vhd")


@dataclass
class LostSource:
    image: str = "/factory/vhds/image.vhd"
    region: str = "westeurope"
    size: int = 1024
    inherited: Mapping[str, str] = field(default_factory=dict)

    async def content(self) -> DiskContent:
        raise SourceLost(412)


class RecordedBlobs(PageBlobs):
    """Page blobs that only note what was made."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        super().__init__(Backend(session, ""))
        self.made: list[tuple[BlobName, int, dict[str, str]]] = []

    async def create(self, name: BlobName, size: int, headers: Mapping[str, str]) -> Reply:
        self.made.append((name, size, dict(headers)))
        return Reply(201, CIMultiDictProxy(CIMultiDict()), b"")


def test_copy_fails_and_leaves_an_empty_blob_when_its_source_was_lost() -> None:
    ledger = Ledger()

    async def copy() -> tuple[RecordedBlobs, dict[str, str]]:
        async with aiohttp.ClientSession() as session:
            blobs = RecordedBlobs(session)
            copies = Copies(blobs, ledger, Speeds(time_scale=1e9))
            started = copies.start(DESTINATION, "eastus", LostSource(), "https://source", {"x-ms-meta-run": "r"}, None)
            assert started.status == "pending"
            await asyncio.wait(asyncio.all_tasks() - {cast("asyncio.Task[Any]", asyncio.current_task())})
            return blobs, copies.headers(DESTINATION)

    blobs, headers = asyncio.run(copy())

    assert headers["x-ms-copy-status"] == "failed"
    assert headers["x-ms-copy-status-description"].startswith("412 PreconditionFailed")
    assert "x-ms-copy-completion-time" in headers
    assert blobs.made == [(DESTINATION, 0, {"x-ms-meta-run": "r"})]
    moved = ledger.snapshot()["bytes"]
    assert moved["betweenRegions"] == []
    assert [entry["bytes"] for entry in moved["failedBetweenRegions"]] == [1024]
