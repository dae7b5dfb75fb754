"""An Azure in memory, as far as the factory can see: labs, machines, disks, blobs, copies, images and time.

Time stands still until a test moves it; copies and images end when it has passed them. `FakeGateway` is the door.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Literal

from shared.domain import image_records
from shared.domain.errors import Conflict, Denied, NotFound
from shared.domain.models import (
    BlobRef,
    CopyOwner,
    CopyStatus,
    ImageRecord,
    Lab,
    OsState,
    OsType,
    SourceDisk,
    SourceVm,
)
from shared.gateway.port import LabsBlob
from tests.fakes.faults import Call, Strike, When

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
IMAGE_CONTAINER = "imagefactoryvhds"
MIB = 1024 * 1024
FOOTER = 512

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


@dataclass
class FakeCloud:
    """The state of the fake Azure. Tests set it up and look at it; only `FakeGateway` changes it as Azure would.

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
    hubs: dict[str, str] = field(default_factory=dict)  # account -> region
    calls: list[Call] = field(default_factory=list)
    strikes: list[Strike] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lock = RLock()
        self._moved = timedelta()
        self._numbers = 0
        self.factory = self.add_lab("ImageFactory", resource_group="image-factory")

    # Time

    @property
    def now(self) -> datetime:
        """The time in this Azure, UTC."""
        return (self.clock() if self.clock else self.start) + self._moved

    def advance(self, seconds: float) -> None:
        """Lets time pass, and ends what is due."""
        with self.lock:
            self._moved += timedelta(seconds=seconds)
            self.settle()

    def finish_copies(self) -> None:
        """Ends every pending copy now, a stalled one excepted."""
        with self.lock:
            for copy in self.copies:
                if copy.status is CopyStatus.PENDING and copy.fate != "stalled":
                    self._end(copy, self.now)

    def finish_images(self) -> None:
        """Ends the making and the deletion of every custom image now."""
        with self.lock:
            for lab_id, images in self.images.items():
                for image in list(images.values()):
                    if image.due_at is not None:
                        image.due_at = self.now
                        self._settle_image(lab_id, image)

    def settle(self) -> None:
        """Ends the copies and images whose time has come."""
        for copy in self.copies:
            due = copy.started_at + timedelta(seconds=copy.seconds)
            if copy.status is CopyStatus.PENDING and copy.fate != "stalled" and due <= self.now:
                self._end(copy, due)
        for lab_id, images in self.images.items():
            for image in list(images.values()):
                self._settle_image(lab_id, image)

    # Setting up

    def add_lab(
        self,
        name: str,
        *,
        region: str = "westeurope",
        subscription_id: str = SUBSCRIPTION,
        resource_group: str | None = None,
        account: str | None = None,
    ) -> Lab:
        """A new lab; its group is named after it, its account `a` and its name."""
        group = resource_group or name.lower()
        lab = Lab(
            id=f"/subscriptions/{subscription_id}/resourcegroups/{group}/providers/microsoft.devtestlab/labs/{name}".lower(),
            subscription_id=subscription_id,
            resource_group=group,
            name=name,
            region=region,
            account=account or f"a{name.lower()}".replace("-", "").replace("_", ""),
        )
        self.labs[lab.id] = lab
        self.images[lab.id] = {}
        return lab

    def add_hub(self, region: str, account: str | None = None) -> str:
        """A hub's account in this region; its name."""
        name = account or f"hub{region}"
        self.hubs[name] = region
        return name

    def region_of(self, account: str) -> str:
        """The region of an account of a lab or hub."""
        return self.hubs.get(account) or next(lab.region for lab in self.labs.values() if lab.account == account)

    def add_vm(
        self,
        name: str,
        image_path: str | None = None,
        *,
        power: str = "deallocated",
        provisioning_state: str = "Succeeded",
        os_type: OsType = "Windows",
        os_state: OsState = "Generalized",
        disk_mib: int = 1024,
        generation: Literal["V1", "V2"] = "V1",
        managed_disk: bool = True,
        data_disks: int = 0,
        description: str = "",
    ) -> SourceVm:
        """A new machine of the factory lab, as `source_vms` would show it now."""
        vm = SourceVm(
            name=name,
            image_path=image_path,
            provisioning_state=provisioning_state,
            os_type=os_type,
            os_state=os_state,
            description=description,
            data_disks=data_disks,
        )
        disk = None
        if managed_disk:
            where = (
                f"/subscriptions/{SUBSCRIPTION}/resourceGroups/compute/providers/Microsoft.Compute/disks/{name}_OsDisk"
            )
            disk = Disk(
                SourceDisk(
                    id=where,
                    unique_id=f"unique-{name}",
                    ownership_time=self.now - timedelta(days=1),
                    size_bytes=disk_mib * MIB,
                    generation=generation,
                )
            )
            self.disks[where.lower()] = disk
        self.machines[name] = Machine(vm, power, disk)
        return self.seen(self.machines[name])

    def seen(self, machine: Machine) -> SourceVm:
        """A machine as the survey sees it: power and disk only where it is tagged and Succeeded."""
        if machine.vm.image_path is None or machine.vm.provisioning_state != "Succeeded":
            return machine.vm.model_copy(update={"data_disks": 0})
        disk = machine.disk.source if machine.disk else None
        return machine.vm.model_copy(update={"power_state": machine.power, "disk": disk})

    def start_vm(self, name: str) -> None:
        """Starts a machine: its bytes change. Conflict while access to its disk is out."""
        machine = self.machines[name]
        if machine.disk is not None:
            if any(grant.disk_id.lower() == machine.disk.source.id.lower() for grant in self.outstanding_grants):
                raise Conflict("conflict", f"There is an active shared access signature outstanding for disk {name}.")
            machine.disk.boots += 1
        self._turn(machine, "running")

    def deallocate_vm(self, name: str) -> None:
        """Stops a machine and gives back its hardware."""
        self._turn(self.machines[name], "deallocated")

    def _turn(self, machine: Machine, power: str) -> None:
        machine.power = power
        if machine.disk is not None:
            machine.disk.source = machine.disk.source.model_copy(update={"ownership_time": self.now})

    def add_saved_image(
        self,
        record_id: str,
        image_path: str,
        image_name: str,
        *,
        disk_mib: int = 1024,
        vhd: bool = True,
        record: ImageRecord | None = None,
    ) -> ImageRecord:
        """A saved image: its record, and its VHD unless that is to be missing."""
        size = disk_mib * MIB + FOOTER
        record = record or ImageRecord(
            image_name=image_name,
            image_path=image_path,
            vhd_file_name=f"{record_id}.vhd",
            timestamp=self.now - timedelta(days=7),
            format_version=2,
            size_bytes=size,
        )
        place = BlobRef(account=self.factory.account, container=IMAGE_CONTAINER, name=f"{record_id}.json")
        self.put_blob(place, text=image_records.dumps(record).encode())
        if vhd:
            self.put_blob(
                place.model_copy(update={"name": record.vhd_file_name}), size=size, content=f"saved {record_id}"
            )
        return record

    def add_image(
        self,
        lab: Lab,
        name: str,
        *,
        image_path: str | None = None,
        record_id: str | None = None,
        state: str = "Succeeded",
    ) -> Image:
        """A custom image that is there already; without `image_path` it carries no tag of the factory's."""
        tags = {"ImagePath": image_path, "ImageFactoryRecord": record_id}
        image = Image(name, {key: value for key, value in tags.items() if value is not None}, state)
        image.created_at = self.now - timedelta(days=1)
        self.images[lab.id][name.lower()] = image
        return image

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

    def put_labs_file(self, content: bytes, name: str = "labs.json") -> LabsBlob:
        """Uploads labs.json."""
        self.labs_blob = LabsBlob(name, content, self.new_etag())
        return self.labs_blob

    # Looking

    @property
    def outstanding_grants(self) -> list[Grant]:
        """Access to disks that was granted and not yet revoked."""
        return [grant for grant in self.grants if grant.revoked_at is None]

    @property
    def pending_copies(self) -> list[Copy]:
        """The copies in flight."""
        return [copy for copy in self.copies if copy.status is CopyStatus.PENDING]

    def image(self, lab: Lab, name: str) -> Image:
        """One custom image. Raises KeyError when there is none."""
        return self.images[lab.id][name.lower()]

    def called(self, name: str) -> list[str]:
        """The objects of all calls of this name so far, in order."""
        return [call.what for call in self.calls if call.name == name]

    # Working: for FakeGateway

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
        signature = f"s{self.new_number()}"
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
