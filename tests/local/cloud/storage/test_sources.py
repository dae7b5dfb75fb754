"""A source that was readable when a copy was started and is not when its bytes are wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from local.cloud.certificates import make_certificates
from local.cloud.storage.azurite_server import AzuriteServer
from local.cloud.storage.backend import Backend, azurite_session
from local.cloud.storage.operations import BlobName
from local.cloud.storage.page_blobs import PageBlobs
from local.cloud.storage.sources import SourceLost, Sources
from local.cloud.storage.vhd import fixed_vhd
from tests.local.cloud.storage.rooms import GRANTED, FakeDisks

DISK = "/md-aaaaaaaaaaaa/bbbbbbbbbbbb/abcd"
SOURCE = BlobName("lab", "vhds", "image.vhd")
HOST = {"Host": "127.0.0.1:1"}


async def _overwrite(backend: Backend) -> None:
    await PageBlobs(backend).create(SOURCE, 0, {})


async def _delete(backend: Backend) -> None:
    await backend.send("DELETE", SOURCE.path)


@pytest.mark.emulator
@pytest.mark.parametrize(("change", "status"), [(_overwrite, "412 "), (_delete, "404 ")])
def test_blob_that_was_changed_or_deleted_meanwhile_is_lost(
    tmp_path: Path, change: Callable[[Backend], Awaitable[None]], status: str
) -> None:
    async def lose() -> None:
        certificates = make_certificates(tmp_path)
        azurite = await AzuriteServer.start(["lab"], certificates, tmp_path)
        try:
            async with azurite_session(certificates) as session:
                backend = Backend(session, azurite.blob_endpoint)
                await backend.send("PUT", "/lab/vhds?restype=container", body=b"")
                blobs, content = PageBlobs(backend), fixed_vhd("image", 1)
                await blobs.create(SOURCE, content.size, {})
                await blobs.write(SOURCE, content)
                headers = {**HOST, "x-ms-copy-source": f"https://127.0.0.1:1{SOURCE.path}"}
                source = await Sources(blobs, FakeDisks(), {"lab": "westeurope"}).find(
                    BlobName("lab", "vhds", "copy.vhd"), headers
                )
                assert (await source.content()).read(0, 512) == content.read(0, 512)
                await change(backend)
                await source.content()
        finally:
            await azurite.stop()

    with pytest.raises(SourceLost, match=status):
        asyncio.run(lose())


def test_disk_whose_access_was_revoked_meanwhile_is_lost() -> None:
    disks = FakeDisks({DISK: fixed_vhd("disk", 1)})
    headers = {**HOST, "x-ms-copy-source": f"https://localhost:1{DISK}?sv=2018-03-28&si=policy&sig={GRANTED}"}

    async def lose() -> None:
        async with aiohttp.ClientSession() as session:
            blobs = PageBlobs(Backend(session, ""))
            source = await Sources(blobs, disks, {}).find(BlobName("lab", "vhds", "copy.vhd"), headers)
            disks.contents.clear()
            await source.content()

    with pytest.raises(SourceLost, match="403 "):
        asyncio.run(lose())
