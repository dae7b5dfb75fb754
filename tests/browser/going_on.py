"""A run of the sample factory that goes on, as its status tells it. Every sum is that of its parts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.browser.samples import LABS, PATHS, RATE, REGIONS, RUNNING, SIZE, is_wanted


def saving(done: float = 0.4, **facts: Any) -> dict[str, Any]:
    """A run that has saved one machine, and of another this part."""
    return _going_on("saving", [_save("buildagent", 3, 1), _save("win11vs", 1, done)], [], **facts)


def running(done: float = 0.4, **facts: Any) -> dict[str, Any]:
    """A run that has saved its machines and delivers: of what is in flight this part is copied."""
    regions = [_region(1, done, rounds=1), _region(0, done, rounds=2)]
    return _going_on("delivering", [_save("buildagent", 3, 1), _save("win11vs", 1, 1)], regions, **facts)


def _going_on(phase: str, saves: list[dict[str, Any]], regions: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
    parts = [*saves, *regions]
    in_flight = sum(each["state"] == "copying" for each in saves) + sum(each["inFlight"] for each in regions)
    counts = {each["region"]: each["counts"] for each in regions}
    return {
        "id": RUNNING,
        "trigger": "upload",
        "requestedAt": "2026-11-23T13:00:00Z",
        "dryRun": False,
        "status": "Running",
        "startedAt": "2026-11-23T13:00:18Z",
        "phase": phase,
        "counts": {
            "saves": Counter(each["state"] for each in saves),
            "deliveries": _sum(counts.values()),
            "regions": counts,
        },
        "bytes": {name: sum(each[name] for each in parts) for name in ("copied", "total")},
        "copies": {"inFlight": in_flight, "bytesPerSecond": sum(each["bytesPerSecond"] for each in parts)},
        "secondsToGo": max(each["secondsToGo"] for each in parts if "secondsToGo" in each),
        "saves": saves,
        "regions": regions,
        **facts,
    }


def _save(vm: str, image: int, done: float) -> dict[str, Any]:
    flying = done < 1
    state = {"vm": vm, "imagePath": PATHS[image], "state": "copying" if flying else "saved"}
    return {**state, **_pace(int(SIZE * done), SIZE, copies=int(flying))}


def _region(number: int, done: float, *, rounds: int) -> dict[str, Any]:
    """A region in which so many labs have each of four images, and the next ones get theirs now; one has failed."""
    images = [_image(number, image, rounds) for image in range(4)]
    images[0] |= {"delivered": images[0]["delivered"] - 1, "failed": 1}
    flying = sum(each["copying"] for each in images)
    crossed = number * len(images)  # each image into a region other than the factory's, once
    copied = sum(each["delivered"] for each in images) + crossed + flying * done
    total = sum(each["labs"] for each in images) + crossed
    states = ("waiting", "copying", "staged", "imaging", "delivered", "failed")
    return {
        "region": REGIONS[number],
        "counts": {state: sum(each.get(state, 0) for each in images) for state in states},
        "inFlight": flying,
        **_pace(int(copied * SIZE), total * SIZE, copies=flying),
        "images": [{key: each[key] for key in ("imagePath", "delivered", "failed", "labs")} for each in images],
    }


def _image(region: int, image: int, rounds: int) -> dict[str, Any]:
    labs = sum(1 for lab in range(len(LABS)) if lab % 2 == region and is_wanted(lab, image))
    delivered = min(labs, rounds)
    copying = min(labs - delivered, 1)
    counts = {"delivered": delivered, "failed": 0, "copying": copying, "waiting": labs - delivered - copying}
    return {"imagePath": PATHS[image], "labs": labs, **counts}


def _pace(copied: int, total: int, *, copies: int) -> dict[str, Any]:
    pace = {"copied": copied, "total": total, "bytesPerSecond": copies * RATE}
    return {**pace, "secondsToGo": round((total - copied) / pace["bytesPerSecond"])} if copies else pace


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total
