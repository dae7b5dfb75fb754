"""Worlds for whole runs: small disks, instant copies, two regions, and no more rights than the app asks for.

Tests vary them; nothing here starts anything.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HOME, AWAY = "westeurope", "eastus2"
SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
OTHER_SUBSCRIPTION = "c3d2e8b4-90a6-4c57-8b1d-5e7f4a9d2c02"
SUBSCRIPTIONS = (SUBSCRIPTION, OTHER_SUBSCRIPTION)
ROLE = json.loads((Path(__file__).parents[2] / "infra/roles/image-factory.json").read_text(encoding="utf-8"))
# Waits shrink with the scale, and so do deadlines: at 200 a copy still has nearly two real minutes.
INSTANT = {
    "timeScale": 200,
    "copyMiBPerSecond": 100_000,
    "crossRegionMiBPerSecond": 100_000,
    "imageSeconds": 1,
    "grantSeconds": 0,
    "revokeSeconds": 0,
    "deleteImageSeconds": 1,
}


def vm(name: str, image_path: str | None, **more: Any) -> dict[str, Any]:
    """A machine of the factory lab: Windows, deallocated, 4 MiB."""
    path = {} if image_path is None else {"imagePath": image_path}
    return {"name": name, "osType": "Windows", "power": "deallocated", "diskMiB": 4, **path, **more}


def lab(name: str, location: str = HOME, **more: Any) -> dict[str, Any]:
    """A lab in a resource group of its own."""
    group = f"rg-{name.lower()}"
    return {"subscriptionId": SUBSCRIPTION, "resourceGroup": group, "name": name, "location": location, **more}


def saved(image_path: str, name: str, **more: Any) -> dict[str, Any]:
    """An image that the factory saved earlier, with a record as the scripts wrote it."""
    base = {"imagePath": image_path, "imageName": name, "osType": "Windows", "timestamp": "2026-10-05T17:04:07Z"}
    return {**base, "diskMiB": 4, **more}


def world(
    *,
    vms: Sequence[Mapping[str, Any]] = (),
    labs: Sequence[Mapping[str, Any]] = (),
    images: Sequence[Mapping[str, Any]] = (),
    hubs: Sequence[str] = (AWAY,),
) -> dict[str, Any]:
    """A world file's content with instant copies."""
    return {
        "factory": {
            "subscriptionId": SUBSCRIPTION,
            "resourceGroup": "image-factory",
            "lab": "ImageFactory",
            "location": HOME,
            "images": list(images),
        },
        "hubs": [{"location": region} for region in hubs],
        "vms": list(vms),
        "labs": list(labs),
        "speeds": INSTANT,
        # What infra/ gives the app, at the subscriptions: the groups of machines have names of the service's own.
        "roleAssignments": [{"role": ROLE, "scopes": [f"/subscriptions/{each}" for each in SUBSCRIPTIONS]}],
    }


def two_regions() -> dict[str, Any]:
    """Two machines to save, two labs at home and one away, with a hub there."""
    return world(
        vms=[vm("golden1", "Win2022/Datacenter.json"), vm("golden2", "Linux/Ubuntu.json", osType="Linux")],
        labs=[lab("Blue"), lab("Red"), lab("Green", AWAY)],
    )


def wanted(**paths: Sequence[str]) -> dict[str, Any]:
    """A labs.json that names labs of the first subscription with the images they want."""
    labs = [
        {"SubscriptionId": SUBSCRIPTION, "LabName": name, "ImagePaths": list(entries)}
        for name, entries in paths.items()
    ]
    return {"Labs": labs}


def written(folder: Path, content: Mapping[str, Any], name: str = "world.json") -> Path:
    """The content as a file."""
    file = folder / name
    file.write_text(json.dumps(content), encoding="utf-8")
    return file
