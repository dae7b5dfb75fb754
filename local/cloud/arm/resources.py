"""The resources of an emulated Azure as they stand now: labs, custom images, virtual machines and disks.

Made once from a world and then changed by the calls; nothing here knows HTTP.
"""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local.cloud import world
from local.cloud.arm import times

# Custom images without a recorded date of creation were all made at this moment, so that a world is always the same.
SEEDED_AT = datetime.fromisoformat("2026-10-06T09:11:18.118462+00:00")


def stable_guid(*names: str) -> str:
    """A GUID that depends on the names alone, so that the same world has the same ids every time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(names).lower()))


@dataclass
class CustomImage:
    """A custom image of a lab; `source` tells what the VHD was that it was made from, and is shown to tests only."""

    name: str
    properties: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    state: str = "Creating"
    source: dict[str, Any] = field(default_factory=dict)


@dataclass
class LabState:
    """A lab and its custom images, by lower-case name."""

    facts: world.Lab
    images: dict[str, CustomImage] = field(default_factory=dict)

    @property
    def group_id(self) -> str:
        """ARM id of the lab's resource group, with the case of the world file."""
        return f"/subscriptions/{self.facts.subscription_id}/resourceGroups/{self.facts.resource_group}"

    @property
    def id(self) -> str:
        """The lab's ARM id, wholly lower-cased as DevTest Labs gives it."""
        return self.facts.key

    @property
    def unique_identifier(self) -> str:
        """The lab's own GUID."""
        return stable_guid(self.id)


@dataclass
class Disk:
    """A managed disk; `boots` counts the starts of its VM, each of which changes what is on it."""

    id: str
    name: str
    region: str
    size_mib: int
    os_type: str | None
    generation: str | None
    machine: "Machine"
    last_ownership_update: datetime
    boots: int = 0

    @property
    def unique_id(self) -> str:
        """The disk's GUID; a start or a deallocation does not change it."""
        return stable_guid(self.id, "disk")

    @property
    def content_seed(self) -> str:
        """What the bytes of the disk depend on."""
        return f"{self.id.lower()}#{self.boots}"

    def touch(self) -> None:
        """Note that the disk was attached or detached, or its VM started or deallocated."""
        self.last_ownership_update = times.now()


@dataclass
class Machine:
    """A lab VM of the factory lab and the compute VM behind it."""

    facts: world.SourceVm
    lab: LabState
    power: str
    group: str
    tags: dict[str, str]
    state: str
    disks: list[Disk] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The lab VM's ARM id, wholly lower-cased as DevTest Labs gives it."""
        return f"{self.lab.id}/virtualmachines/{self.facts.name}".lower()

    @property
    def compute_id(self) -> str:
        """ARM id of the compute VM, in mixed case and in a resource group of its own."""
        subscription = self.lab.facts.subscription_id
        providers = "providers/Microsoft.Compute/virtualMachines"
        return f"/subscriptions/{subscription}/resourceGroups/{self.group}/{providers}/{self.facts.name}"

    def start(self) -> None:
        """Run the machine: what is on its OS disk changes, and so does the disks' time of ownership."""
        self._turn("running")
        for disk in self.disks[:1]:
            disk.boots += 1

    def deallocate(self) -> None:
        """Stop the machine and give back its hardware."""
        self._turn("deallocated")

    def _turn(self, power: str) -> None:
        self.power = power
        for disk in self.disks:
            disk.touch()


@dataclass
class Resources:
    """Every resource of the emulated Azure, found without regard to case."""

    subscriptions: tuple[str, ...]
    labs: dict[str, LabState]
    machines: list[Machine]
    factory: LabState

    def disks(self) -> Iterator[Disk]:
        """All managed disks."""
        for machine in self.machines:
            yield from machine.disks


def made_of(source: world.World) -> Resources:
    """Build the resources that a world file describes."""
    labs = {lab.key: LabState(lab, _seeded_images(lab)) for lab in source.every_lab}
    factory = labs[source.factory_lab.key]
    machines = [_machine(vm, factory) for vm in source.vms]
    return Resources(source.subscriptions, labs, machines, factory)


def backslashed(image_path: str) -> str:
    """An image path as the PowerShell scripts wrote it into tags and records."""
    return image_path.replace("/", "\\")


def _seeded_images(lab: world.Lab) -> dict[str, CustomImage]:
    return {image.name.lower(): _seeded_image(lab, image) for image in lab.images}


def _seeded_image(lab: world.Lab, image: world.LabImage) -> CustomImage:
    tags = dict(image.tags)
    if image.image_path is not None:
        tags["ImagePath"] = backslashed(image.image_path)
    if image.record is not None:
        tags["ImageFactoryRecord"] = image.record
    container = f"https://{lab.artifacts_account}.blob.core.windows.net/{world.IMAGE_CONTAINER}"
    properties: dict[str, Any] = {
        "vhd": {
            "imageName": f"{container}/{stable_guid(lab.key, image.name)}.vhd",
            "sysPrep": True,
            "osType": image.os_type,
        },
        "author": "Image Factory",
        "creationDate": times.written(SEEDED_AT),
        "uniqueIdentifier": stable_guid(lab.key, "customimages", image.name),
    }
    if image.state == "Succeeded":
        properties["managedImageId"] = managed_image_id(lab, image.name)
    return CustomImage(image.name, properties, tags, image.state, {"seeded": True})


def managed_image_id(lab: world.Lab, name: str) -> str:
    """ARM id of the managed image behind a custom image, in the lab's resource group."""
    group = f"/subscriptions/{lab.subscription_id}/resourcegroups/{lab.resource_group}"
    return f"{group}/providers/microsoft.compute/images/{name}".lower()


def managed_snapshot_id(lab: world.Lab, name: str) -> str:
    """ARM id of the snapshot behind a custom image that is not generalized, in the lab's resource group."""
    group = f"/subscriptions/{lab.subscription_id}/resourcegroups/{lab.resource_group}"
    return f"{group}/providers/microsoft.compute/snapshots/{name}".lower()


def _machine(vm: world.SourceVm, lab: LabState) -> Machine:
    digits = int(hashlib.sha256(f"{lab.id}/{vm.name.lower()}".encode()).hexdigest(), 16) % 10**13
    group = f"{lab.facts.name}{digits:013d}"
    machine = Machine(vm, lab, vm.power, group, _tags(vm), vm.provisioning_state)
    if vm.managed_disk:
        suffix = stable_guid(lab.id, vm.name, "osdisk").replace("-", "")
        machine.disks.append(_disk(machine, f"{vm.name}_OsDisk_1_{suffix}", vm.disk_mib, os_disk=True))
        for lun in range(vm.data_disks):
            machine.disks.append(_disk(machine, f"{vm.name}_DataDisk_{lun}", 1024, os_disk=False))
    return machine


def _tags(vm: world.SourceVm) -> dict[str, str]:
    """The tags of a lab VM: those of the world file, and those that the factory's scripts set."""
    tags = dict(vm.tags)
    if vm.image_path is not None:
        tags["ImagePath"] = backslashed(vm.image_path)
    if vm.image_state is not None:
        tags["ImageState"] = vm.image_state
    return tags


def _disk(machine: Machine, name: str, size_mib: int, *, os_disk: bool) -> Disk:
    vm, lab = machine.facts, machine.lab.facts
    return Disk(
        id=f"/subscriptions/{lab.subscription_id}/resourceGroups/{machine.group}/providers/Microsoft.Compute/disks/{name}",
        name=name,
        region=lab.location,
        size_mib=size_mib,
        os_type=vm.os_type if os_disk else None,
        generation=vm.hyper_v_generation if os_disk else None,
        machine=machine,
        last_ownership_update=vm.last_ownership_update,
    )
