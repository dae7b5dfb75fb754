"""Blobs, VHDs and copies as the factory speaks of them, and what a custom image is made from. Records only."""

from datetime import datetime
from enum import StrEnum

from shared.domain.models import OsState, OsType, Record


class BlobRef(Record):
    """Where a blob is: account name, container, blob name. Never a URL, never a secret."""

    account: str
    container: str
    name: str


class CopyOwner(Record):
    """The metadata of every VHD this product makes: which factory, which run, from which record."""

    factory: str  # lower-cased id of the factory lab
    run_id: str
    source: str  # the record's id


class CopyStatus(StrEnum):
    """State of the server-side copy that made a blob; NONE for a blob that no copy made."""

    PENDING = "pending"
    SUCCESS = "success"
    ABORTED = "aborted"
    FAILED = "failed"
    NONE = "none"


class VhdState(Record):
    """A VHD as storage describes it now. `started_at` is its creation time, `ended_at` the end of its copy (UTC)."""

    etag: str
    size_bytes: int
    owner: CopyOwner | None = None
    copy_status: CopyStatus = CopyStatus.NONE
    copy_id: str | None = None
    copied_bytes: int = 0
    started_at: datetime
    ended_at: datetime | None = None
    modified_at: datetime | None = None
    description: str = ""  # copy status description, redacted


class NewImage(Record):
    """What a custom image is made from. `vhd` must lie in the lab's own account."""

    name: str
    image_path: str  # written with backslashes, as the scripts write it
    record_id: str
    run_id: str
    vhd: BlobRef
    os_type: OsType
    os_state: OsState
    description: str = ""
