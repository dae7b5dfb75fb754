"""Frozen records that cross rooms, in the words of the design. They hold facts and never decide."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

OsState = Literal["Generalized", "Specialized"]
OsType = Literal["Windows", "Linux"]


class Record(BaseModel):
    """A frozen value that is written as JSON with camelCase keys and read back from either spelling."""

    # Validators are built when a record is first made: indexing the app must not wait for them.
    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid", defer_build=True
    )

    def to_json(self) -> dict[str, Any]:
        """This record as JSON-native values; absent stays absent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The record that `to_json` wrote. Raises pydantic's ValidationError."""
        return cls.model_validate(value)


class Severity(StrEnum):
    """How much a finding matters: an error blocks what it names, a warning blocks nothing."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Record):
    """Something wrong or suspicious in the configuration, with its place: `path` such as `Labs[3].ImagePaths[0]`."""

    severity: Severity
    code: str
    message: str
    path: str = ""
    line: int | None = None  # 1-based, as editors count
    column: int | None = None


class TargetLab(Record):
    """One lab of labs.json, checked. `image_paths` are entries as written, cleaned of findings."""

    subscription_id: str
    name: str
    resource_group: str | None = None
    image_paths: tuple[str, ...]
    relay: bool = True
    path: str = ""  # place in the file, e.g. Labs[3]
    line: int | None = None
    column: int | None = None


class LabsFile(Record):
    """What labs.json says: the usable labs, all findings, and whether the file as a whole is unusable (`blocked`)."""

    labs: tuple[TargetLab, ...] = ()
    findings: tuple[Finding, ...] = ()
    blocked: bool = False


class Lab(Record):
    """A DevTest Labs lab as Azure knows it. `id` is the lower-cased ARM id, `region` lower case without blanks."""

    id: str
    subscription_id: str
    resource_group: str
    name: str
    region: str
    account: str  # name of the artifacts storage account


class SourceDisk(Record):
    """The OS disk of a factory VM. `size_bytes` is the disk without the 512-byte VHD footer."""

    id: str
    unique_id: str
    ownership_time: datetime | None = None  # LastOwnershipUpdateTime: moves at start, deallocation, attach and detach
    size_bytes: int
    generation: Literal["V1", "V2"] = "V1"


class SourceVm(Record):
    """A virtual machine of the factory lab. `power_state` and `disk` are asked for tagged machines only."""

    name: str
    image_path: str | None = None
    provisioning_state: str
    power_state: str | None = None  # the word after PowerState/, e.g. deallocated
    os_type: OsType = "Windows"
    os_state: OsState | None = "Generalized"  # None: its tag ImageState is neither of the two
    description: str = ""
    disk: SourceDisk | None = None
    data_disks: int = 0
    problem: str | None = None  # why its power state and disk could not be read


class ImageRecord(Record):
    """The record of a saved image: the JSON beside its VHD, written last. Original fields first, ours after."""

    image_name: str
    image_path: str
    description: str = ""
    os_type: OsType = "Windows"
    vhd_file_name: str
    timestamp: datetime
    other_timestamp: datetime | None = Field(default=None, exclude=True)  # with day and month exchanged; if in doubt
    format_version: int = 1  # 1: written by the scripts; 2: written by us
    os_state: OsState = "Generalized"
    source_vm: str | None = None
    source_disk_unique_id: str | None = None
    source_disk_ownership_time: datetime | None = None
    size_bytes: int | None = None
    hyper_v_generation: Literal["V1", "V2"] = Field(default="V1")
    run_id: str | None = None


class SavedImage(Record):
    """One image of the catalogue. `id` is the record's id (the file name without .json); bytes count the footer."""

    id: str
    record: ImageRecord
    size_bytes: int = 0
    vhd_present: bool = True


class Catalogue(Record):
    """All saved images of the factory, and a finding for each record that cannot be read."""

    images: tuple[SavedImage, ...] = ()
    findings: tuple[Finding, ...] = ()


class CustomImage(Record):
    """A custom image in a lab, with the two tags of ours that it may carry."""

    name: str
    image_path: str | None = None
    record_id: str | None = None  # tag ImageFactoryRecord
    provisioning_state: str = "Succeeded"
    created_at: datetime | None = None


class Only(Record):
    """Narrows a run: labs as `<subscription>/<lab>` or a bare unique name, images as entries of labs.json."""

    labs: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


class RunRequest(Record):
    """One request for a run, kept as runs/<id>/request.json. `labs` is an inline labs.json document as text."""

    id: str
    trigger: Literal["upload", "timer", "http", "queue"]
    requested_at: datetime
    labs: str | None = None
    only: Only | None = None
    dry_run: bool = False
    save: bool = True
    plan_digest: str | None = None  # of the plan that was approved; the run does no other

    @property
    def mergeable(self) -> bool:
        """Whether another full run of the stored configuration answers this request too."""
        special = self.labs is not None or self.only is not None or self.plan_digest is not None
        return self.save and not self.dry_run and not special


class Run(Record):
    """A run on its way: the request plus its start, which mints every name. Travels as JSON through history."""

    request: RunRequest
    started_at: datetime
    covers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The run's id, e.g. 20261123T030000Z-1a2b3c."""
        return self.request.id


class Outcome(StrEnum):
    """What became of one save or delivery."""

    SAVED = "saved"
    DELIVERED = "delivered"
    ALREADY_PRESENT = "already-present"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    PLANNED = "planned"


class PlannedSave(Record):
    """One VM of the factory in the plan: saved under minted names, or skipped with its reason."""

    vm: str
    action: Literal["save", "skip"]
    reason: str | None = None
    image_path: str | None = None
    image_name: str | None = None
    record_id: str | None = None
    os_type: OsType = "Windows"
    os_state: OsState = "Generalized"
    description: str = ""
    disk: SourceDisk | None = None


class PlannedDelivery(Record):
    """One lab and image pair of the plan. `blocked` ends as failed with no call made."""

    action: Literal["deliver", "present", "blocked"]
    reason: str | None = None
    repair: bool = False
    subscription_id: str
    resource_group: str
    lab: str
    lab_id: str = ""  # empty where the lab was not found
    region: str = ""
    account: str = ""
    relay: bool = False
    image_path: str
    image_name: str
    record_id: str
    size_bytes: int = 0
    crosses: bool = False


class RegionPlan(Record):
    """The deliveries of one region: indices into Plan.deliveries, its hub and its share of the copy cap."""

    region: str
    hub: str | None = None  # account name; None: served from the factory or through labs
    home: bool = False  # the factory's own region
    share: int = 1
    pairs: tuple[int, ...] = ()


class Plan(Record):
    """Every save and delivery of a run, and everything not done, each with its reason."""

    run_id: str
    saves: tuple[PlannedSave, ...] = ()
    deliveries: tuple[PlannedDelivery, ...] = ()
    images: tuple[SavedImage, ...] = ()  # those that deliveries name
    regions: tuple[RegionPlan, ...] = ()
    factory: str = ""  # lower-cased id of the factory lab
    factory_region: str = ""
    findings: tuple[Finding, ...] = ()


class Limits(Record):
    """The settings that planning and relaying obey."""

    allowed_subscriptions: tuple[str, ...]
    region_hubs: dict[str, str] = Field(default_factory=dict)  # region -> account name
    relay_through_labs: bool = False
    max_concurrent_copies: int = 200
    copies_per_source: int = 1
