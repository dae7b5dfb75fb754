"""What Resource Manager needs of storage: where blobs are served, and what a VHD looks like."""

from collections.abc import Sequence
from typing import Protocol


class BlobFacts(Protocol):
    """What a blob is; `copy_status` is None where no copy made it."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    @property
    def blob_type(self) -> str:
        """`PageBlob`, `BlockBlob` or `AppendBlob`."""

    @property
    def copy_status(self) -> str | None:
        """`pending`, `success`, `failed` or `aborted`."""

    @property
    def footer(self) -> bytes:
        """The last 512 bytes; all where there are fewer."""


class Storage(Protocol):
    """The storage that custom images are made from and that serves exported disks."""

    @property
    def blob_endpoint(self) -> str:
        """Address of the blob service, such as https://127.0.0.1:10000, without a slash at its end."""

    async def blob_facts(self, url: str) -> BlobFacts | None:
        """Describe a blob; None where there is none."""

    async def upload_uri(self, account: str, name: str) -> str:
        """Return a signed address for one day at which a blob can be written into the container `uploads`."""

    async def vhds(self, account: str) -> Sequence[str]:
        """List the addresses of the VHDs that were uploaded to an account."""
