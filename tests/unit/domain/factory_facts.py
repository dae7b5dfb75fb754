"""A small factory for the planning tests: its lab, a run, machines, images and labs, each made from a few words."""

from datetime import UTC, datetime
from typing import Any

from shared.domain.models import (
    Catalogue,
    CustomImage,
    ImageRecord,
    Lab,
    Limits,
    Only,
    Run,
    RunRequest,
    SavedImage,
    SourceDisk,
    SourceVm,
    TargetLab,
)

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
BEFORE = datetime(2026, 11, 20, 3, tzinfo=UTC)
SUB, OTHER_SUB = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
GIB = 1024**3


def a_lab(name: str = "blue", **facts: Any) -> Lab:
    given = {
        "id": f"/subscriptions/{facts.get('subscription_id', SUB)}/{facts.get('resource_group', 'rg')}/{name}".lower(),
        "subscription_id": SUB,
        "resource_group": "rg",
        "name": name,
        "region": "westeurope",
        "account": f"account{name}",
        **facts,
    }
    return Lab.model_validate(given)


FACTORY = a_lab("factory")


def a_target(name: str = "blue", *image_paths: str, **facts: Any) -> TargetLab:
    given = {"subscription_id": SUB, "name": name, "image_paths": image_paths or ("Win",), "path": "Labs[0]", "line": 7}
    return TargetLab.model_validate({**given, **facts})


def limits(**facts: Any) -> Limits:
    return Limits.model_validate({"allowed_subscriptions": (SUB, OTHER_SUB), **facts})


def a_run(*, only: Only | None = None, save: bool = True, dry_run: bool = False) -> Run:
    request = RunRequest(
        id="20261123T030000Z-abcdef", trigger="http", requested_at=NOW, only=only, save=save, dry_run=dry_run
    )
    return Run(request=request, started_at=NOW)


def a_disk(**facts: Any) -> SourceDisk:
    return SourceDisk.model_validate(
        {"id": "/disks/one", "unique_id": "disk-1", "ownership_time": BEFORE, "size_bytes": 127 * GIB, **facts}
    )


def a_vm(name: str = "vm1", image_path: str | None = "Win\\Server.json", **facts: Any) -> SourceVm:
    given = {
        "name": name,
        "image_path": image_path,
        "provisioning_state": "Succeeded",
        "power_state": "deallocated",
        "disk": a_disk(),
        **facts,
    }
    return SourceVm.model_validate(given)


def an_image(
    number: int = 1, image_path: str = "Win\\Server.json", *, present: bool = True, **facts: Any
) -> SavedImage:
    record = {
        "image_name": f"Image{number}",
        "image_path": image_path,
        "vhd_file_name": f"record{number}.vhd",
        "timestamp": BEFORE,
        **facts,
    }
    return SavedImage(
        id=f"record{number}", record=ImageRecord.model_validate(record), size_bytes=10 * GIB, vhd_present=present
    )


def a_catalogue(*images: SavedImage) -> Catalogue:
    return Catalogue(images=images)


def a_custom_image(name: str = "Image1", **facts: Any) -> CustomImage:
    given = {"name": name, "image_path": "Win\\Server.json", "record_id": "record1", **facts}
    return CustomImage.model_validate(given)
