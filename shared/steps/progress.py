"""How far a run that goes on is, machine by machine, region by region and image by image, with rates and time to go.

Rates are in bytes per second, times to go in seconds of the reader's clock, also where an emulated world runs faster.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.gateway.port import Gateway
from shared.steps import folder


def detail(gateway: Gateway, run_id: str, children: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """What the custom statuses of a run's children say, with the names from the run's folder.

    `secondsToGo` is that of the bytes of the phase that the run is in; it is absent while nothing can be said.
    """
    saves = _saves(gateway, run_id, children)
    regions = [_region(gateway, run_id, status) for status in children.values() if status and "region" in status]
    parts = [*saves, *regions]
    flying = sum(1 for each in saves if each["state"] == "copying") + sum(each["inFlight"] for each in regions)
    value = {
        "copies": {"inFlight": flying, "bytesPerSecond": sum(each["bytesPerSecond"] for each in parts)},
        "saves": saves,
        "regions": sorted(regions, key=lambda each: str(each["region"])),
    }
    return {**value, **_longest(parts)}


def _saves(gateway: Gateway, run_id: str, children: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    prefix = f"{run_id}:save-"
    found = {int(name.removeprefix(prefix)): each or {} for name, each in children.items() if name.startswith(prefix)}
    plan = folder.load(gateway, run_id, folder.SAVES, folder.SavePlan) if found else None
    if plan is None:
        return []
    return [_save(plan, index, status) for index, status in sorted(found.items())]


def _save(plan: folder.SavePlan, index: int, status: Mapping[str, Any]) -> dict[str, Any]:
    planned, sizes = plan.saves[index], status.get("bytes", {})
    copied, total = sizes.get("copied", 0), sizes.get("total", 0)
    named = {"vm": planned.vm, "imagePath": planned.image_path or "", "state": status.get("state", "waiting")}
    return {**named, **_pace(copied, total, status.get("rate", 0))}


def _region(gateway: Gateway, run_id: str, status: Mapping[str, Any]) -> dict[str, Any]:
    sizes = status["bytes"]
    return {
        "region": status["region"],
        "counts": status["counts"],
        "inFlight": status.get("inFlight", 0),
        **_pace(sizes["copied"], sizes["total"], status.get("rate", 0)),
        "images": _images(gateway, run_id, status["region"], status.get("images", ())),
    }


def _images(gateway: Gateway, run_id: str, region: str, counts: Sequence[Sequence[int]]) -> list[dict[str, Any]]:
    """How many labs of a region have each image; nothing where the region has too many images to say it of."""
    if not counts:
        return []
    images = folder.work_of(gateway, run_id, region).images
    return [
        {"imagePath": image.record.image_path.replace("\\", "/"), "delivered": made, "failed": failed, "labs": labs}
        for image, (made, failed, labs) in zip(images, counts, strict=True)
    ]


def _pace(copied: int, total: int, rate: float) -> dict[str, Any]:
    pace = {"copied": copied, "total": total, "bytesPerSecond": rate}
    return {**pace, "secondsToGo": round(max(0, total - copied) / rate)} if rate else pace


def _longest(parts: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """What goes on side by side ends with the last of it."""
    seconds = [each["secondsToGo"] for each in parts if "secondsToGo" in each]
    return {"secondsToGo": max(seconds)} if seconds else {}
