"""What an Azure in memory consists of: copies, blobs, images, disks, grants, signatures. They do nothing themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.domain.models import SourceDisk, SourceVm
from shared.domain.storage import BlobRef, CopyOwner, CopyStatus

CopyFate = Literal["success", "failed", "stalled"]


@dataclass
class Copy:
    """One server-side copy. `source` is a blob or the id of a disk; `content` tells the bytes apart."""

    id: str
    source: BlobRef | str
    target: BlobRef
    bytes: int
    content: str
    signature: str
    source_etag: str | None
    started_at: datetime
    fate: CopyFate
    seconds: float
    status: CopyStatus = CopyStatus.PENDING
    ended_at: datetime | None = None
    description: str = ""


@dataclass
class Blob:
    """One blob: a document with `text`, or a VHD whose bytes `content` stands for."""

    etag: str
    size: int
    created_at: datetime
    modified_at: datetime
    content: str = ""
    text: bytes = b""
    owner: CopyOwner | None = None
    copy: Copy | None = None


@dataclass
class Image:
    """One custom image. `content` is what its VHD held; `vhd_etag` the version that it is being made from."""

    name: str
    tags: dict[str, str]
    state: str = "Succeeded"
    os_type: str = "Windows"
    sys_prep: bool = True
    description: str = ""
    content: str = ""
    vhd: BlobRef | None = None
    vhd_etag: str | None = None
    created_at: datetime | None = None
    due_at: datetime | None = None  # the end of its making or of its deletion


@dataclass
class Disk:
    """One managed disk; a start of its machine changes its bytes."""

    source: SourceDisk
    boots: int = 0

    @property
    def content(self) -> str:
        return f"{self.source.id}#{self.boots}"


@dataclass
class Grant:
    """One access to a disk that was granted."""

    disk_id: str
    seconds: int
    granted_at: datetime
    signature: str
    revoked_at: datetime | None = None


@dataclass
class Signature:
    """What a URL with this signature may read, and until when."""

    source: BlobRef | str
    expires_at: datetime
    revoked: bool = False


@dataclass
class Machine:
    """One machine of the factory lab."""

    vm: SourceVm
    power: str
    disk: Disk | None
