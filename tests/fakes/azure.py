"""An Azure in memory, as far as the factory can see: what there is, and how time, copies and images pass in it.

Time stands still until a test moves it; copies and images end when it has passed them. `FakeGateway` is the door.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock

from shared.domain.errors import Denied, NotFound
from shared.domain.models import Lab, SourceVm
from shared.domain.storage import BlobRef, CopyOwner, CopyStatus
from shared.domain.telemetry import Span
from shared.gateway.port import LabsBlob
from tests.fakes.faults import Call, Strike, When
from tests.fakes.state import Blob, Copy, CopyFate, Disk, Grant, Image, Machine, Signature

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
IMAGE_CONTAINER = "imagefactoryvhds"
FOOTER = 512


@dataclass
class AzureInMemory:
    """The state of the fake Azure and its time. Tests look at it; `FakeGateway` changes it as Azure would.

    `copy_seconds` and `image_seconds` say how long things take (0: they have ended at once). `copy_fate` names the end
    of each copy by its target and its number among the copies to that target, from 1.
    """

    start: datetime = START
    copy_seconds: float = 60
    image_seconds: float = 90
    delete_image_seconds: float = 20
    copy_fate: Callable[[BlobRef, int], CopyFate] = lambda target, number: "success"
    clock: Callable[[], datetime] | None = None  # time that passes by itself, where a test needs it

    labs: dict[str, Lab] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    disks: dict[str, Disk] = field(default_factory=dict)
    images: dict[str, dict[str, Image]] = field(default_factory=dict)  # lab id -> lower-cased name -> image
    blobs: dict[BlobRef, Blob] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    signatures: dict[str, Signature] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    labs_blob: LabsBlob | None = None
    messages: list[str] = field(default_factory=list)
    traces: dict[str, list[Span]] = field(default_factory=dict)  # by run
    hubs: dict[str, str] = field(default_factory=dict)  # account -> region
    calls: list[Call] = field(default_factory=list)
    strikes: list[Strike] = field(default_factory=list)
    factory: Lab = field(init=False)

    def __post_init__(self) -> None:
        self.lock = RLock()
        self._moved = timedelta()
        self._numbers = 0

    @property
    def now(self) -> datetime:
        """The time in this Azure, UTC."""
        return (self.clock() if self.clock else self.start) + self._moved

    def advance(self, seconds: float) -> None:
        """Lets time pass, and ends what is due."""
        with self.lock:
            self._moved += timedelta(seconds=seconds)
            self.settle()

    def settle(self) -> None:
        """Ends the copies and images whose time has come."""
        for copy in self.copies:
            due = copy.started_at + timedelta(seconds=copy.seconds)
            if copy.status is CopyStatus.PENDING and copy.fate != "stalled" and due <= self.now:
                self._end(copy, due)
        for lab_id, images in self.images.items():
            for image in list(images.values()):
                self._settle_image(lab_id, image)

    @property
    def outstanding_grants(self) -> list[Grant]:
        """Access to disks that was granted and not yet revoked."""
        return [grant for grant in self.grants if grant.revoked_at is None]

    def image(self, lab: Lab, name: str) -> Image:
        """One custom image. Raises KeyError when there is none."""
        return self.images[lab.id][name.lower()]

    @contextmanager
    def call(self, name: str, what: str = "") -> Iterator[None]:
        """One call of the gateway: noted, settled, and struck by whatever a test has injected."""
        with self.lock:
            call = Call(name, what)
            self.calls.append(call)
            self.settle()
            self._strike("before", call)
            yield
            self._strike("after", call)

    def _strike(self, when: When, call: Call) -> None:
        for strike in self.strikes:
            strike(when, call)

    def inject(self, strike: Strike) -> None:
        """Adds a `Fault`, `SeededFaults` or any function that raises what a call is to raise."""
        self.strikes.append(strike)

    def new_etag(self) -> str:
        return f'"0x{self.new_number():015X}"'

    def new_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def signed(self, source: BlobRef | str, seconds: float) -> str:
        """A new signature for a source."""
        signature = f"TestSignature{self.new_number():06}"  # nothing else may look like it
        self.signatures[signature] = Signature(source, self.now + timedelta(seconds=seconds))
        return signature

    def source_of(self, signature: str) -> tuple[BlobRef | str, int, str, str | None]:
        """What a signature reads now: its place, bytes, content and ETag. Raises NotFound or Denied."""
        held = self.signatures.get(signature)
        if held is None or held.revoked or held.expires_at <= self.now:
            raise Denied("source-denied", "The destination may not read the VHD to copy from.", status=403)
        if isinstance(held.source, str):
            disk = self.disks[held.source.lower()]
            return held.source, disk.source.size_bytes + FOOTER, disk.content, None
        blob = self.blobs.get(held.source)
        if blob is None:
            raise NotFound("source-not-found", "The VHD to copy from is not there.", status=404)
        return held.source, blob.size, blob.content, blob.etag

    def begin_copy(self, target: BlobRef, signature: str, owner: CopyOwner) -> Copy:
        """Makes the target at its full length, pending (or ended, where copies take no time)."""
        source, size, content, etag = self.source_of(signature)
        number = 1 + sum(copy.target == target for copy in self.copies)
        copy = Copy(
            id=f"copy-{self.new_number()}",
            source=source,
            target=target,
            bytes=size,
            content=content,
            signature=signature,
            source_etag=etag,
            started_at=self.now,
            fate=self.copy_fate(target, number),
            seconds=self.copy_seconds,
        )
        self.copies.append(copy)
        self.blobs[target] = Blob(self.new_etag(), size, self.now, self.now, owner=owner, copy=copy)
        self.settle()
        return copy

    def abort(self, copy: Copy) -> None:
        """Ends a pending copy, leaving an empty blob with its metadata."""
        copy.status, copy.ended_at = CopyStatus.ABORTED, self.now
        self._changed(copy, size=0)

    def _end(self, copy: Copy, at: datetime) -> None:
        copy.description = self._failure(copy, at)
        copy.ended_at = at
        copy.status = CopyStatus.FAILED if copy.description else CopyStatus.SUCCESS
        self._changed(copy, size=None if copy.status is CopyStatus.SUCCESS else 0)

    def _failure(self, copy: Copy, at: datetime) -> str:
        """Why a copy fails at its end; empty where it succeeds."""
        held = self.signatures[copy.signature]
        if copy.fate == "failed":
            return "500 InternalServerError Copy failed."
        if held.revoked or held.expires_at < at:
            return "403 AuthenticationFailed Copy failed when reading the source."
        if isinstance(copy.source, BlobRef):
            source = self.blobs.get(copy.source)
            if source is None or source.etag != copy.source_etag:
                return "412 ConditionNotMet Copy failed: the source was changed."
        return ""

    def _changed(self, copy: Copy, size: int | None) -> None:
        blob = self.blobs.get(copy.target)
        if blob is None or blob.copy is not copy:
            return
        blob.etag = self.new_etag()
        blob.modified_at = copy.ended_at or self.now
        blob.size = blob.size if size is None else size
        blob.content = copy.content if copy.status is CopyStatus.SUCCESS else ""

    def _settle_image(self, lab_id: str, image: Image) -> None:
        if image.due_at is None or image.due_at > self.now:
            return
        image.due_at = None
        if image.state == "Deleting":
            if self.images[lab_id].get(image.name.lower()) is image:
                del self.images[lab_id][image.name.lower()]
        elif image.state == "Creating":
            blob = self.blobs.get(image.vhd) if image.vhd else None
            # Until then the service reads the VHD: what happens to it happens to the image.
            whole = blob is not None and blob.etag == image.vhd_etag
            image.state = "Succeeded" if whole else "Failed"
            image.content = blob.content if blob is not None and whole else ""

    def seen(self, machine: Machine) -> SourceVm:
        """A machine as the survey sees it: power and disk only where it is tagged and Succeeded."""
        if machine.vm.image_path is None or machine.vm.provisioning_state != "Succeeded":
            return machine.vm.model_copy(update={"data_disks": 0})
        disk = machine.disk.source if machine.disk else None
        return machine.vm.model_copy(update={"power_state": machine.power, "disk": disk})

    def put_blob(
        self,
        place: BlobRef,
        *,
        size: int | None = None,
        content: str = "",
        text: bytes = b"",
        owner: CopyOwner | None = None,
    ) -> Blob:
        """Writes a blob, replacing what is there; with a new ETag."""
        blob = Blob(self.new_etag(), len(text) if size is None else size, self.now, self.now, content, text, owner)
        self.blobs[place] = blob
        return blob
