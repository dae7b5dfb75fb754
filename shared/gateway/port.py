"""What the factory needs of Azure, as protocols in the words of the design. No SDK type may appear here.

Every method raises `GatewayError` of `shared.domain.errors` and nothing else. Each is safe to repeat.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from pydantic import SecretStr

from shared.domain.models import Catalogue, CustomImage, ImageRecord, Lab, SourceVm
from shared.domain.storage import BlobRef, CopyOwner, NewImage, VhdState
from shared.domain.telemetry import Span


class LabsBlob(NamedTuple):
    """labs.json as it is stored now."""

    name: str
    content: bytes
    etag: str


class Labs(Protocol):
    """The labs, their machines and their custom images."""

    def factory(self) -> Lab:
        """The factory lab (one call, remembered). Raises NotFound when the settings name no lab."""
        ...

    def in_subscription(self, subscription_id: str) -> tuple[Lab, ...]:
        """All labs of a subscription in one paged listing. Raises Denied where listing is forbidden."""
        ...

    def find(self, subscription_id: str, resource_group: str, name: str) -> Lab | None:
        """One lab read by its group; None when it is not there."""
        ...

    def source_vms(self) -> tuple[SourceVm, ...]:
        """The factory lab's machines, ordered by name: one listing, and two reads for each tagged, Succeeded one.

        A machine that may not be read is there with its `problem`, and keeps nobody from the others.
        """
        ...

    def custom_images(self, lab: Lab) -> tuple[CustomImage, ...]:
        """The custom images of a lab, ordered by name, in one paged listing."""
        ...

    def custom_image(self, lab: Lab, name: str) -> CustomImage | None:
        """One custom image; None when it is not there."""
        ...

    def create_image(self, lab: Lab, image: NewImage) -> None:
        """Begins to make a custom image and returns at once: one PUT, no poll. Conflict when the name is taken."""
        ...

    def delete_image(self, lab: Lab, name: str) -> None:
        """Begins to delete a custom image and returns at once; already gone is success."""
        ...


class Disks(Protocol):
    """Read access to the OS disks of the factory's machines."""

    def grant_read(self, disk_id: str, seconds: int) -> SecretStr:
        """A read SAS of the disk. Conflict while its VM runs. At most 5,184,000 seconds (60 days)."""
        ...

    def revoke(self, disk_id: str) -> None:
        """Ends every access to the disk; nothing granted is success, and so is a disk that is gone."""
        ...


class Vhds(Protocol):
    """VHDs and records: the saved images of the factory and the staged copies."""

    def catalogue(self) -> Catalogue:
        """All saved images, ordered by record id: one listing and one read per record. A missing container is empty."""
        ...

    def write_record(self, record_id: str, record: ImageRecord) -> None:
        """Writes `<record id>.json` beside its VHD in the image storage; writing it again is success."""
        ...

    def image_storage(self, name: str) -> BlobRef:
        """The place of a blob in the image storage (the factory's artifacts account, container imagefactoryvhds)."""
        ...

    def read_url(self, vhd: BlobRef, seconds: int) -> SecretStr:
        """A URL with a user-delegation SAS: read-only, https only, this blob. At most 7 days."""
        ...

    def start_copy(self, source: SecretStr, target: BlobRef, owner: CopyOwner, source_etag: str | None = None) -> None:
        """Starts a server-side copy onto a name that must be free, making the container if it is missing.

        Conflict (code `blob-exists`) when the name is taken, (code `source-changed`) when the source's ETag differs.
        """
        ...

    def state(self, vhd: BlobRef) -> VhdState | None:
        """The VHD as it is now; None when it, or its container, is not there."""
        ...

    def abort_copy(self, vhd: BlobRef, copy_id: str) -> None:
        """Ends a pending copy, leaving an empty blob; a copy that is not pending any more is success."""
        ...

    def delete(self, vhd: BlobRef, etag: str) -> None:
        """Deletes exactly the version with this ETag; already gone is success, another version is Conflict."""
        ...


class Documents(Protocol):
    """The app storage: labs.json in container `image-factory`, the run folders in `image-factory-runs`."""

    def labs_file(self) -> LabsBlob | None:
        """labs.json whatever the case of its name; None when there is none."""
        ...

    def read(self, name: str) -> bytes | None:
        """A document of the run folders, e.g. `runs/<id>/plan.json`; None when it is not there."""
        ...

    def write(self, name: str, content: bytes, content_type: str = "application/json") -> None:
        """Writes a document, replacing what is there."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Writes a document only if it is not there yet; whether it did. After a lost answer equal content counts."""
        ...

    def delete(self, name: str) -> None:
        """Deletes a document; already gone is success."""
        ...

    def names(self, prefix: str) -> list[str]:
        """The names of all documents with this prefix, sorted."""
        ...

    def run_ids(self) -> list[str]:
        """The ids of all runs that have a folder, oldest first (one hierarchical listing)."""
        ...

    def read_all(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Many documents side by side; those that are not there are left out."""
        ...


class Notices(Protocol):
    """The reports queue."""

    def send(self, text: str) -> None:
        """Puts one message (at most 48 KiB of UTF-8) on image-factory-reports."""
        ...


class Traces(Protocol):
    """Telemetry."""

    def send(self, run_id: str, spans: Sequence[Span]) -> None:
        """Sends the trace of a run to whatever collects traces, or nowhere. The first span is the parent of the others.

        Raises nothing: a run does not fail because nobody could be told of it.
        """
        ...


class Clock(Protocol):
    """The time, as steps may know it."""

    def now(self) -> datetime:
        """Now, in UTC."""
        ...


class Gateway(Protocol):
    """All of Azure that the factory uses."""

    @property
    def labs(self) -> Labs: ...
    @property
    def disks(self) -> Disks: ...
    @property
    def vhds(self) -> Vhds: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def traces(self) -> Traces: ...
    @property
    def clock(self) -> Clock: ...
