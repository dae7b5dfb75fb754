"""Answers of a factory in the middle of its day, for pages: its runs, its fleet and reports. Everything is made up."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.fleet import Fleet, FleetLab, Holding, Newest, State
from shared.domain.models import Finding, Outcome, Severity
from shared.domain.report import Counts, Crossing, Delivery, Report, Save, Seconds
from shared.domain.timeline import DeliveryStretch, SaveStretch, Timeline

GIB = 1024**3
SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
PATHS = (
    "Linux/Ubuntu-22.04.json",
    "Win11/VisualStudio2022.json",
    "Win2016/Datacenter.json",
    "Win2019/BuildAgent.json",
    "Win2019/SqlServer.json",
    "Win2022/Datacenter.json",
)
LABS = ("Amber", "Azure", "Copper", "Coral", "Indigo", "Jade", "Olive", "Silver")
REGIONS = ("westeurope", "eastus2")
RUNNING, WAITING, MERGED = "20261123T130000Z-a1b2c3", "20261123T130500Z-b2c3d4", "20261123T131000Z-c3d4e5"


def past(number: int = 1, status: str = "Succeeded", **facts: Any) -> dict[str, Any]:
    """A run that ended so many days ago."""
    day = datetime(2026, 11, 23, 3, tzinfo=UTC) - timedelta(days=number)
    return {
        "id": f"{day:%Y%m%dT%H%M%SZ}-{number:06x}",
        "trigger": "timer",
        "requestedAt": day.isoformat(),
        "dryRun": False,
        "status": status,
        "startedAt": day.isoformat(),
        "endedAt": (day + timedelta(minutes=47, seconds=12)).isoformat(),
        "phase": "done",
        "counts": {"saves": {"saved": 2, "skipped": 4}, "deliveries": {"delivered": 16, "already-present": 24}},
        "bytes": {"copied": 640 * GIB},
        "reportUrl": "",
        **facts,
    }


def request(run_id: str = WAITING, **facts: Any) -> dict[str, Any]:
    """A request that waits."""
    given = {"trigger": "http", "requestedAt": "2026-11-23T13:05:00+00:00", "dryRun": False, "status": "Waiting"}
    return {"id": run_id, **given, "phase": "", "counts": {}, "bytes": {}, **facts}


def running(done: float = 0.4, **facts: Any) -> dict[str, Any]:
    """A run that has done a part of its work."""
    regions = [_region("eastus2", done / 2), _region("westeurope", done)]
    copied = sum(region["copied"] for region in regions)
    return {
        "id": RUNNING,
        "trigger": "upload",
        "requestedAt": "2026-11-23T13:00:00+00:00",
        "dryRun": False,
        "status": "Running",
        "startedAt": (datetime.now(UTC) - timedelta(minutes=21)).isoformat(),
        "phase": "delivering",
        "counts": {"saves": {"saved": 2}, "deliveries": {}, "regions": {}},
        "bytes": {"copied": copied, "total": sum(region["total"] for region in regions)},
        "copies": {"inFlight": 5, "bytesPerSecond": 310 * 1024**2},
        "secondsToGo": 1130,
        "saves": [
            _save("ubuntu2204", PATHS[0], "saved", 30 * GIB, 30 * GIB),
            _save("win2022dc", PATHS[5], "copying", int(127 * GIB * done), 127 * GIB, bytesPerSecond=61 * 1024**2),
        ],
        "regions": regions,
        **facts,
    }


def _save(vm: str, path: str, state: str, copied: int, total: int, **facts: Any) -> dict[str, Any]:
    given = {"vm": vm, "imagePath": path, "state": state, "copied": copied, "total": total}
    return {**given, "bytesPerSecond": 0, **facts}


def _region(name: str, done: float) -> dict[str, Any]:
    images = [{"imagePath": path, "delivered": int(8 * done), "failed": 0, "labs": 8} for path in PATHS[:4]]
    images[0]["failed"] = 1
    return {
        "region": name,
        "counts": {"waiting": 12, "copying": 4, "staged": 0, "imaging": 3, "delivered": 12, "failed": 1},
        "inFlight": 4,
        "copied": int(1016 * GIB * done),
        "total": 1016 * GIB,
        "bytesPerSecond": 240 * 1024**2,
        "secondsToGo": 1130,
        "images": images,
    }


def fleet(labs: int = len(LABS), images: int = len(PATHS)) -> Fleet:
    """A fleet of so many labs, in which most hold what is newest."""
    now = datetime.now(UTC).replace(microsecond=0)
    paths = [PATHS[n] if n < len(PATHS) else f"Linux/Extra-{n:02}.json" for n in range(images)]
    newest = tuple(
        Newest(image_path=path, image_name=_name(path, "Nov-20-2026"), saved_at=now - timedelta(days=3 + 2 * n))
        for n, path in enumerate(paths)
    )
    return Fleet(
        surveyed_at=now - timedelta(hours=9),
        run_id=past()["id"],
        images=newest,
        labs=tuple(_fleet_lab(n, newest, now) for n in range(labs)),
    )


def _fleet_lab(number: int, images: tuple[Newest, ...], now: datetime) -> FleetLab:
    name = LABS[number] if number < len(LABS) else f"Lab{number:03}"
    lost = number == 6
    held = [
        Holding(image_path=image.image_path, state="unknown") if lost else _holding(number, n, image, now)
        for n, image in enumerate(images)
        if (number + n) % 5
    ]
    return FleetLab(
        subscription_id=SUBSCRIPTION,
        resource_group=f"team-{name.lower()}",
        lab=name,
        region="" if lost else REGIONS[number % 2],
        seen_at=now - timedelta(hours=9),
        problem="lab-not-found" if lost else None,
        images=tuple(held),
    )


def _holding(lab: int, number: int, image: Newest, now: datetime) -> Holding:
    state: State = {0: "older", 1: "never", 2: "broken"}.get((3 * lab + 2 * number) % 13, "newest")  # type: ignore[assignment]
    if state == "never":
        return Holding(image_path=image.image_path, state=state)
    old = state == "older"
    return Holding(
        image_path=image.image_path,
        state=state,
        image_name=_name(image.image_path, "Sep-28-2026") if old else image.image_name,
        saved_at=now - timedelta(days=56) if old else image.saved_at,
    )


def _name(path: str, day: str) -> str:
    return f"{path.removesuffix('.json').replace('/', '_').replace('.', '_')}-{day}"


def report(labs: int = len(LABS), images: int = len(PATHS)) -> Report:
    """The report of a run in which most went well and some did not."""
    started = datetime(2026, 11, 23, 3, tzinfo=UTC)
    paths = [PATHS[n] if n < len(PATHS) else f"Linux/Extra-{n:02}.json" for n in range(images)]
    deliveries = tuple(
        _delivery(lab, number, path) for lab in range(labs) for number, path in enumerate(paths) if (lab + number) % 5
    )
    return Report(
        run_id="20261123T030000Z-1a2b3c",
        trigger="timer",
        labs_etag='"0x8DD2C5A1B7E4F10"',
        requested_at=started,
        started_at=started,
        ended_at=started + timedelta(minutes=47, seconds=12),
        status="PartiallySucceeded",
        counts=Counts(saves={}, deliveries={}, crossings={}, findings={}),
        saves=(
            _saved("ubuntu2204", PATHS[0], "saved"),
            _saved("sqlserver", PATHS[4], "skipped", "not-deallocated"),
            _saved("win2022dc", PATHS[5], "saved"),
        ),
        crossings=(
            Crossing(
                image_path=PATHS[5], from_region=REGIONS[0], to_region=REGIONS[1], bytes=127 * GIB, outcome="finished"
            ),
        ),
        findings=tuple(
            _taken(number, each) for number, each in enumerate(each for each in deliveries if each.outcome == "failed")
        ),
        deliveries=deliveries,
        timeline=_timeline(deliveries),
    )


def _timeline(deliveries: tuple[Delivery, ...]) -> Timeline:
    done = {(each.image_path, each.region): each for each in deliveries if each.outcome is Outcome.DELIVERED}
    return Timeline(
        seconds=47 * 60 + 12,
        saves=(SaveStretch(vm="ubuntu2204", start=31, end=252), SaveStretch(vm="win2022dc", start=33, end=655)),
        deliveries=tuple(
            DeliveryStretch(region=region, image_path=path, start=start, end=min(start + 1400, 2830))
            for start, (path, region) in zip(range(700, 2800, 130), sorted(done), strict=False)
        ),
    )


def _taken(number: int, delivery: Delivery) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code="name-taken",
        message=f"The lab {delivery.lab} has custom images of these names that this factory did not make, or made "
        f"otherwise: {delivery.image_name}. They are never overwritten: rename or delete them.",
        path=f"Labs[{number}]",
        line=7 * number + 3,
        column=5,
    )


def _saved(vm: str, path: str, outcome: str, reason: str | None = None) -> Save:
    name = _name(path, "Nov-23-2026") if outcome == "saved" else None
    return Save(vm=vm, image_path=path, image_name=name, outcome=Outcome(outcome), reason=reason, error_code=None)


def _delivery(lab: int, number: int, path: str) -> Delivery:
    outcome = {0: "already-present", 1: "already-present", 3: "failed"}.get((3 * lab + 2 * number) % 11, "delivered")
    name = LABS[lab] if lab < len(LABS) else f"Lab{lab:03}"
    done = outcome == "delivered"
    return Delivery(
        subscription_id=SUBSCRIPTION,
        resource_group=f"team-{name.lower()}",
        lab=name,
        region=REGIONS[lab % 2],
        image_path=path,
        image_name=_name(path, "Nov-23-2026"),
        outcome=Outcome(outcome),
        reason="name-taken" if outcome == "failed" else None,
        error_code="name-taken" if outcome == "failed" else None,
        source="hub" if done else None,
        bytes_copied=127 * GIB if done else 0,
        seconds=Seconds.model_validate({"copy": 2173.0 if done else 0, "image": 95.0 if done else 0}),
    )
