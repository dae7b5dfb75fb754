"""Reading page blobs that are copied many times: what is remembered of them may be forgotten at any moment."""

import asyncio
from collections.abc import Mapping
from typing import Any

from multidict import CIMultiDict, CIMultiDictProxy

from local.cloud.storage.backend import Reply
from local.cloud.storage.page_blobs import _REMEMBERED_BLOBS, PageBlobs

ETAG = '"0x1"'


class EmptyBlobs:
    """A storage full of blobs of 512 empty bytes; what `meanwhile` says happens during the next HEAD."""

    def __init__(self) -> None:
        self.meanwhile: list[Any] = []

    async def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        while method == "HEAD" and self.meanwhile:
            await self.meanwhile.pop()
        size = CIMultiDictProxy(CIMultiDict({"x-ms-blob-content-length": "512"}))
        return Reply(200, size, b"<PageList></PageList>")


def test_a_blob_that_is_forgotten_while_it_is_checked_again_is_read_all_the_same() -> None:
    async def read_while_forgetting() -> int:
        backend = EmptyBlobs()
        blobs = PageBlobs(backend)  # type: ignore[arg-type]
        await blobs.read("/account/container/image.vhd", etag=ETAG)
        others = [f"/account/container/other{number}.vhd" for number in range(_REMEMBERED_BLOBS)]
        backend.meanwhile = [blobs.read(path, etag=ETAG) for path in others]
        return (await blobs.read("/account/container/image.vhd", etag=ETAG)).size

    assert asyncio.run(read_while_forgetting()) == 512
