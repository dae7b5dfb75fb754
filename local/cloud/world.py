"""World files: the model of an emulated Azure, its loading and its checks, one clear error per mistake.

Nothing here touches the network or starts anything; the names of its storage accounts are derived from it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from local.cloud.arm.roles import RoleAssignment
from local.cloud.arm.throttling import Throttling
from local.cloud.errors import WorldEntryError
from local.cloud.faults import Fault
from local.cloud.speeds import Speeds
from local.cloud.world_errors import WorldError, sentences

Guid = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Location = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,29}$")]
ResourceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._()-]{0,88}$")]
OsType = Literal["Windows", "Linux"]
Generation = Literal["V1", "V2"]
Power = Literal["running", "stopped", "deallocated", "starting", "stopping", "deallocating"]
# A VHD custom image starts from a disk of a whole number of MiB; 2 TiB is the largest OS disk of a Gen 1 machine.
DiskMiB = Annotated[int, Field(ge=1, le=2 * 1024 * 1024)]
Moment = AwareDatetime

IMAGE_CONTAINER = "imagefactoryvhds"


def _read_by[T](read: Callable[[Mapping[str, Any]], T]) -> Callable[[Any], T]:
    """Let pydantic use a reader that raises WorldEntryError."""

    def validate(entry: Any) -> T:
        if not isinstance(entry, dict):
            raise PydanticCustomError("entry", "must be an object")
        try:
            return read(entry)
        except WorldEntryError as error:
            raise PydanticCustomError("entry", "{reason}", {"reason": error.reason, "place": error.place}) from error

    return validate


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


class SavedImage(_Part):
    """A saved image of the factory; no `format_version`: with a record as the PowerShell scripts wrote it."""

    image_path: Annotated[str, Field(min_length=1)]
    image_name: Annotated[str, Field(min_length=1)]
    os_type: OsType
    timestamp: Moment
    disk_mib: DiskMiB = Field(alias="diskMiB")
    description: str = ""
    format_version: int | None = None
    os_state: Literal["Generalized", "Specialized"] = "Generalized"
    hyper_v_generation: Generation = Field(default="V1", alias="hyperVGeneration")
    source_vm: str | None = None
    run_id: str | None = None
    without_vhd: bool = False


class Factory(_Part):
    """The factory lab and the images already saved in its storage."""

    subscription_id: Guid
    resource_group: ResourceName
    lab: ResourceName
    location: Location
    images: tuple[SavedImage, ...] = ()


class Hub(_Part):
    """A storage account of the factory's own in another region."""

    location: Location


class SourceVm(_Part):
    """A virtual machine of the factory lab, with its compute VM and its disks."""

    name: ResourceName
    os_type: OsType
    power: Power
    disk_mib: DiskMiB = Field(alias="diskMiB")
    image_path: str | None = None
    image_state: str | None = None
    provisioning_state: str = "Succeeded"
    hyper_v_generation: Generation = Field(default="V1", alias="hyperVGeneration")
    managed_disk: bool = True
    data_disks: Annotated[int, Field(ge=0, le=64)] = 0
    notes: str | None = None
    tags: Mapping[str, str] = Field(default_factory=dict)
    last_ownership_update: Moment = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


class LabImage(_Part):
    """A custom image already in a lab; without `image_path` it carries no tag of the factory's."""

    name: ResourceName
    image_path: str | None = None
    record: str | None = None
    state: Literal["Succeeded", "Failed", "Creating"] = "Succeeded"
    os_type: OsType = "Windows"
    tags: Mapping[str, str] = Field(default_factory=dict)


class Lab(_Part):
    """A lab; the factory lab too is seen as one (`World.every_lab`)."""

    subscription_id: Guid
    resource_group: ResourceName
    name: ResourceName
    location: Location
    images: tuple[LabImage, ...] = ()

    @property
    def key(self) -> str:
        """The lab's identity: its ARM id without case."""
        group = f"/subscriptions/{self.subscription_id}/resourcegroups/{self.resource_group}"
        return f"{group}/providers/microsoft.devtestlab/labs/{self.name}".lower()

    @property
    def artifacts_account(self) -> str:
        """Name of the lab's storage account, 3 to 24 lower-case letters and digits."""
        return _account_name("a" + self.name, self.key)


class LongRunning(_Part):
    """When long-running operations end: after the time that `speeds` gives, or after being found running so often."""

    polls: Annotated[int, Field(ge=0, le=10_000)] | None = None


class World(_Part):
    """An emulated Azure: the factory, its hubs and VMs, the target labs, and how the service behaves.

    Without `role_assignments` the caller may do everything, without `throttling` as often as it likes, and without
    `page_size` every list is one page. `seed` decides which requests meet the faults that have a probability.
    """

    factory: Factory
    hubs: tuple[Hub, ...] = ()
    vms: tuple[SourceVm, ...] = ()
    labs: tuple[Lab, ...] = ()
    speeds: Annotated[Speeds, PlainValidator(_read_by(Speeds.from_json))] = Field(default_factory=Speeds)
    long_running: LongRunning = LongRunning()
    role_assignments: (
        tuple[Annotated[RoleAssignment, PlainValidator(_read_by(RoleAssignment.from_json))], ...] | None
    ) = None
    throttling: Throttling | None = None
    page_size: Annotated[int, Field(ge=1)] | None = None
    seed: int = 0
    faults: tuple[Annotated[Fault, PlainValidator(_read_by(Fault.from_json))], ...] = ()

    @property
    def factory_lab(self) -> Lab:
        """The factory lab as a lab like any other."""
        source = self.factory
        return Lab.model_construct(
            subscription_id=source.subscription_id,
            resource_group=source.resource_group,
            name=source.lab,
            location=source.location,
            images=(),
        )

    @property
    def every_lab(self) -> tuple[Lab, ...]:
        """The factory lab, then the target labs in the file's order."""
        return (self.factory_lab, *self.labs)

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """All subscription ids, the factory's first, each once."""
        return tuple(dict.fromkeys(lab.subscription_id.lower() for lab in self.every_lab))

    @property
    def app_account(self) -> str:
        """Name of the account that holds the app's own containers and queues."""
        return _account_name("imagefactory", self.factory_lab.key)

    @property
    def hub_accounts(self) -> dict[str, str]:
        """Region -> hub account, for the regions that `hubs` names."""
        key = self.factory_lab.key
        return {hub.location: _account_name("hub" + hub.location, f"{key}/{hub.location}") for hub in self.hubs}

    @property
    def accounts(self) -> dict[str, str]:
        """Every storage account of the world -> its region."""
        accounts = {self.app_account: self.factory.location}
        accounts.update({account: region for region, account in self.hub_accounts.items()})
        accounts.update({lab.artifacts_account: lab.location for lab in self.every_lab})
        return accounts

    @model_validator(mode="after")
    def _names_are_unique(self) -> "World":
        mistakes = [
            *_repeated("labs", [lab.key for lab in self.labs]),
            *_repeated("hubs", [h.location for h in self.hubs]),
        ]
        mistakes += _repeated("vms", [vm.name.lower() for vm in self.vms])
        mistakes += [
            f"labs[{place}]: is the factory lab itself; give the target lab another name or resource group"
            for place, lab in enumerate(self.labs)
            if lab.key == self.factory_lab.key
        ]
        for place, lab in enumerate(self.labs):
            mistakes += _repeated(f"labs[{place}].images", [image.name.lower() for image in lab.images])
        known = {vm.name.lower() for vm in self.vms}
        mistakes += [
            f"factory.images[{place}].sourceVm: there is no VM named {image.source_vm!r} in vms"
            for place, image in enumerate(self.factory.images)
            if image.source_vm is not None and image.source_vm.lower() not in known
        ]
        if mistakes:
            raise _Mistakes(mistakes)
        return self


class _Mistakes(Exception):
    """Mistakes between parts; not a ValueError, so that pydantic lets it pass."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(mistakes))


def load_world(path: Path) -> World:
    """Read a world file (UTF-8 JSON); raises WorldError with every mistake found."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WorldError(str(path), [f"cannot be read as UTF-8 text: {error}"]) from error
    return parse_world(text, source=str(path))


def parse_world(text: str, *, source: str = "world") -> World:
    """Make a World of JSON text; raises WorldError with every mistake found."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise WorldError(source, [f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}"]) from error
    try:
        return World.model_validate_json(text)
    except _Mistakes as error:
        raise WorldError(source, error.mistakes) from error
    except ValidationError as error:
        raise WorldError(source, list(sentences(error, World))) from error


def _repeated(place: str, keys: Sequence[str]) -> list[str]:
    first: dict[str, int] = {}
    return [
        f"{place}[{index}]: the same as {place}[{first[key]}]; remove one of them"
        for index, key in enumerate(keys)
        if first.setdefault(key, index) != index
    ]


def _account_name(readable: str, key: str) -> str:
    letters = re.sub(r"[^a-z0-9]", "", readable.lower())[:16]
    return letters + hashlib.sha256(key.encode()).hexdigest()[:8]
