"""Puts into storage what a world says is there at its beginning: the app's containers and queues, and saved images."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from local.cloud.arm.resources import Disk, Resources, backslashed, stable_guid
from local.cloud.arm.times import written
from local.cloud.storage.vhd import DiskContent, fixed_vhd
from local.cloud.world import IMAGE_CONTAINER, SavedImage, World

# Made by a deployment, so they are there before the app first runs.
APP_CONTAINERS = ("image-factory", "image-factory-runs")
APP_QUEUES = ("image-factory-requests", "image-factory-reports")


class Seeded(Protocol):
    """The part of storage that takes seeds."""

    async def ensure_container(self, account: str, container: str) -> None:
        """Make a container unless it is there."""

    async def ensure_queue(self, account: str, queue: str) -> None:
        """Make a queue unless it is there."""

    async def upload_vhd(self, account: str, container: str, name: str, content: DiskContent) -> None:
        """Write a page blob."""

    async def upload_text(self, account: str, container: str, name: str, text: str) -> None:
        """Write a block blob of UTF-8 text."""


async def seed(storage: Seeded, world: World, resources: Resources) -> None:
    """Write everything that `world` says is in storage already."""
    for container in APP_CONTAINERS:
        await storage.ensure_container(world.app_account, container)
    for queue in APP_QUEUES:
        await storage.ensure_queue(world.app_account, queue)
    if world.factory.images:
        await storage.ensure_container(world.factory_lab.artifacts_account, IMAGE_CONTAINER)
    for image in world.factory.images:
        await _seed_image(storage, world, image, resources)


async def _seed_image(storage: Seeded, world: World, image: SavedImage, resources: Resources) -> None:
    account = world.factory_lab.artifacts_account
    identity = stable_guid(world.factory_lab.key, "saved", image.image_name)
    if not image.without_vhd:
        content = fixed_vhd(f"saved/{identity}", image.disk_mib)
        await storage.upload_vhd(account, IMAGE_CONTAINER, f"{identity}.vhd", content)
    record = record_of(image, f"{identity}.vhd", _source_disk(image, resources))
    # ConvertTo-Json wraps with the line ends of Windows.
    text = json.dumps(record, indent=4).replace("\n", "\r\n")
    await storage.upload_text(account, IMAGE_CONTAINER, f"{identity}.json", text)


def record_of(image: SavedImage, vhd: str, source: Disk | None) -> Mapping[str, Any]:
    """The record of a saved image: as the scripts wrote it, with the newer members where it has a `format_version`."""
    moment = image.timestamp.astimezone(UTC)
    record: dict[str, Any] = {
        "imageName": image.image_name,
        "imagePath": backslashed(image.image_path),
        "description": image.description,
        "osType": image.os_type,
        "vhdFileName": vhd,
        "timestamp": _in_culture(moment),
    }
    if image.format_version is None:
        return record
    newer = {
        "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "formatVersion": image.format_version,
        "osState": image.os_state,
        "sizeBytes": image.disk_mib * 1024 * 1024 + 512,
        "hyperVGeneration": image.hyper_v_generation,
        "runId": image.run_id,
        "sourceVm": image.source_vm,
    }
    if source is not None:
        newer["sourceDiskUniqueId"] = source.unique_id
        newer["sourceDiskOwnershipTime"] = written(source.last_ownership_update)
    return record | {key: value for key, value in newer.items() if value is not None}


def _source_disk(image: SavedImage, resources: Resources) -> Disk | None:
    for machine in resources.machines:
        if image.source_vm is not None and machine.facts.name.lower() == image.source_vm.lower() and machine.disks:
            return machine.disks[0]
    return None


def _in_culture(moment: datetime) -> str:
    """The moment as .NET's ToString writes it in the culture en-US, such as `1/31/2018 5:04:07 PM`."""
    half = "AM" if moment.hour < 12 else "PM"
    hour = moment.hour % 12 or 12
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment.minute:02d}:{moment.second:02d} {half}"
