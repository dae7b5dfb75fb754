"""What the real host keeps in `azure-webjobs-hosts`: receipts of handled blobs and the status of timers."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob.aio import BlobServiceClient, ContainerClient

_CONTAINER = "azure-webjobs-hosts"


def function_id(function_name: str) -> str:
    """Give the name under which the real host files a function."""
    return f"Host.Functions.{function_name}"


class BlobReceipts:
    """Remembers, across restarts, which version of a blob a function has handled."""

    def __init__(self, service: BlobServiceClient, host_id: str, function_name: str) -> None:
        """Take the host's own storage."""
        self._container = service.get_container_client(_CONTAINER)
        self._root = f"blobreceipts/{host_id}/{function_id(function_name)}"

    async def is_complete(self, container: str, blob: str, etag: str) -> bool:
        """Say whether this version (ETag without quotes) is done with."""
        try:
            properties = await self._receipt(container, blob, etag).get_blob_properties()
        except ResourceNotFoundError:
            return False
        return bool(properties.metadata.get("Completed") == "True")

    async def complete(self, container: str, blob: str, etag: str) -> None:
        """Note that this version is done with."""
        name = self._name(container, blob, etag)
        await _upload(self._container, name, b"", {"Completed": "True"})

    def _receipt(self, container: str, blob: str, etag: str) -> Any:
        return self._container.get_blob_client(self._name(container, blob, etag))

    def _name(self, container: str, blob: str, etag: str) -> str:
        return f'{self._root}/"{etag}"/{container}/{blob}'


class TimerStatus:
    """Keeps when a timer last ran and is due next, so that a restart finds what it missed."""

    def __init__(self, service: BlobServiceClient, host_id: str, function_name: str) -> None:
        """Take the host's own storage."""
        self._container = service.get_container_client(_CONTAINER)
        self._name = f"timers/{host_id}/{function_id(function_name)}/status"

    async def read(self) -> dict[str, str] | None:
        """Give `Last`, `Next` and `LastUpdated` as ISO 8601 texts, or None where there is no (readable) status."""
        try:
            download = await self._container.download_blob(self._name)
            content = json.loads(await download.readall())
        except (ResourceNotFoundError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    async def write(self, status: Mapping[str, str]) -> None:
        """Replace the status."""
        await _upload(self._container, self._name, json.dumps(dict(status)).encode("utf-8"), {})


async def _upload(container: ContainerClient, name: str, data: bytes, metadata: dict[str, str]) -> None:
    try:
        await container.upload_blob(name, data, overwrite=True, metadata=metadata)
    except ResourceNotFoundError:
        # Several listeners may be the first to need it.
        with suppress(ResourceExistsError):
            await container.create_container()
        await container.upload_blob(name, data, overwrite=True, metadata=metadata)
