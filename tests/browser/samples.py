"""Answers of a factory in the middle of its day, for pages: its runs, its fleet and reports.

Everything is made up, but agrees: sums are those of their parts, names and ages those of the days on which they began.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.fleet import Fleet, FleetLab, Holding, Newest, State
from shared.domain.models import Finding, Outcome, Severity
from shared.domain.report import Counts, Crossing, Delivery, Report, Save, Seconds
from shared.domain.timeline import DeliveryStretch, SaveStretch, Timeline

GIB = 1024**3
SIZE, RATE = 127 * GIB, 108 * 1024**2  # of an image, and of each copy of one
NOW = datetime(2026, 11, 23, 13, 59, 30, tzinfo=UTC)  # what the clock of the pages says
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
DAYS_SINCE_SAVED = (0, 2, 5, 9, 14, 0)  # of each of PATHS; the others are as old as their number says
REGIONS = ("westeurope", "eastus2")  # that of the factory comes first
RUNNING, WAITING, MERGED = "20261123T130000Z-a1b2c3", "20261123T130500Z-b2c3d4", "20261123T131000Z-c3d4e5"


def past(number: int = 1, status: str = "Succeeded", **facts: Any) -> dict[str, Any]:
    """A run that ended so many days ago."""
    day = _night(number)
    return {
        "id": f"{day:%Y%m%dT%H%M%SZ}-{number:06x}",
        "trigger": "timer",
        "requestedAt": day.isoformat(),
        "dryRun": False,
        "status": status,
        "startedAt": day.isoformat(),
        "endedAt": (day + timedelta(minutes=47, seconds=12)).isoformat(),
        "phase": "done",
        "counts": {"saves": {"saved": 2, "skipped": 4}, "deliveries": {"delivered": 14, "already-present": 24}},
        "bytes": {"copied": 14 * SIZE},
        "reportUrl": "",
        **facts,
    }


def request(run_id: str = WAITING, **facts: Any) -> dict[str, Any]:
    """A request that waits."""
    given = {"trigger": "http", "requestedAt": "2026-11-23T13:05:00+00:00", "dryRun": False, "status": "Waiting"}
    return {"id": run_id, **given, "phase": "", "counts": {}, "bytes": {}, **facts}


def is_wanted(lab: int, image: int) -> bool:
    """Whether labs.json gives this image to this lab."""
    return (lab + image) % 5 != 0


def _night(days_ago: int) -> datetime:
    """When the run of a night began."""
    return datetime(2026, 11, 23, 3, tzinfo=UTC) - timedelta(days=days_ago)


def _saved_at(image: int) -> datetime:
    return _saved_days_ago(DAYS_SINCE_SAVED[image] if image < len(DAYS_SINCE_SAVED) else image)


def _saved_days_ago(days: int) -> datetime:
    return _night(days) + timedelta(minutes=11)


def fleet(labs: int = len(LABS), images: int = len(PATHS)) -> Fleet:
    """A fleet of so many labs, in which most hold what is newest."""
    seen = _night(0) + timedelta(minutes=12)
    paths = [PATHS[n] if n < len(PATHS) else f"Linux/Extra-{n:02}.json" for n in range(images)]
    newest = tuple(
        Newest(image_path=path, image_name=_name(path, _saved_at(n)), saved_at=_saved_at(n))
        for n, path in enumerate(paths)
    )
    return Fleet(
        surveyed_at=seen,
        run_id=past(0)["id"],
        images=newest,
        labs=tuple(_fleet_lab(n, newest, seen) for n in range(labs)),
    )


def _fleet_lab(number: int, images: tuple[Newest, ...], seen: datetime) -> FleetLab:
    name = LABS[number] if number < len(LABS) else f"Lab{number:03}"
    lost = number == 6
    held = [
        Holding(image_path=image.image_path, state="unknown") if lost else _holding(number, n, image)
        for n, image in enumerate(images)
        if is_wanted(number, n)
    ]
    return FleetLab(
        subscription_id=SUBSCRIPTION,
        resource_group=f"team-{name.lower()}",
        lab=name,
        region="" if lost else REGIONS[number % 2],
        seen_at=seen,
        problem="lab-not-found" if lost else None,
        images=tuple(held),
    )


def _holding(lab: int, number: int, image: Newest) -> Holding:
    state: State = {0: "older", 1: "never", 2: "broken"}.get((3 * lab + 2 * number) % 13, "newest")  # type: ignore[assignment]
    if state == "never":
        return Holding(image_path=image.image_path, state=state)
    saved_at = _saved_days_ago(56) if state == "older" else _saved_at(number)
    return Holding(
        image_path=image.image_path,
        state=state,
        image_name=_name(image.image_path, saved_at),
        saved_at=saved_at,
    )


def _name(path: str, saved_at: datetime) -> str:
    """The name that the factory gives an image of that day."""
    return (
        f"{path.removesuffix('.json').replace('/', '_').replace('.', '_')}-{saved_at:%b}-{saved_at.day}-{saved_at.year}"
    )


def report(labs: int = len(LABS), images: int = len(PATHS)) -> Report:
    """The report of a run in which most went well and some did not."""
    started = _night(0)
    paths = [PATHS[n] if n < len(PATHS) else f"Linux/Extra-{n:02}.json" for n in range(images)]
    deliveries = tuple(
        _delivery(lab, number, path)
        for lab in range(labs)
        for number, path in enumerate(paths)
        if is_wanted(lab, number)
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
            _saved("ubuntu2204", 0),
            _saved("sqlserver", 4, "not-deallocated"),
            _saved("win2022dc", 5),
        ),
        crossings=tuple(_crossing(path) for path in paths if any(_crosses(each, path) for each in deliveries)),
        findings=tuple(_taken(each) for each in deliveries if each.outcome == "failed"),
        deliveries=deliveries,
        timeline=_timeline(deliveries),
    )


def _timeline(deliveries: tuple[Delivery, ...]) -> Timeline:
    done = {(each.image_path, each.region): each for each in deliveries if each.outcome is Outcome.DELIVERED}
    return Timeline(
        seconds=47 * 60 + 12,
        saves=(SaveStretch(vm="ubuntu2204", start=31, end=252), SaveStretch(vm="win2022dc", start=33, end=655)),
        deliveries=tuple(
            DeliveryStretch(region=region, image_path=path, start=start, end=start + 1400)
            for start, (path, region) in zip(range(700, 1430, 60), sorted(done), strict=False)
        ),
    )


def _taken(delivery: Delivery) -> Finding:
    number = LABS.index(delivery.lab) if delivery.lab in LABS else int(delivery.lab.removeprefix("Lab"))
    return Finding(
        severity=Severity.ERROR,
        code="name-taken",
        message=f"The lab {delivery.lab} has custom images of these names that this factory did not make, or made "
        f"otherwise: {delivery.image_name}. They are never overwritten: rename or delete them.",
        path=f"Labs[{number}]",
        line=7 * number + 3,
        column=5,
    )


def _saved(vm: str, image: int, reason: str | None = None) -> Save:
    path, outcome = PATHS[image], Outcome.SKIPPED if reason else Outcome.SAVED
    name = None if reason else _name(path, _saved_at(image))
    return Save(vm=vm, image_path=path, image_name=name, outcome=outcome, reason=reason, error_code=None)


def _crosses(delivery: Delivery, path: str) -> bool:
    return (delivery.image_path, delivery.region, delivery.outcome) == (path, REGIONS[1], Outcome.DELIVERED)


def _crossing(path: str) -> Crossing:
    return Crossing(image_path=path, from_region=REGIONS[0], to_region=REGIONS[1], bytes=SIZE, outcome="finished")


def _delivery(lab: int, number: int, path: str) -> Delivery:
    outcome = {0: "already-present", 1: "already-present", 3: "failed"}.get((3 * lab + 2 * number) % 11, "delivered")
    if outcome == "already-present" and _saved_at(number) > _night(0):
        outcome = "delivered"  # no lab has yet what this run has saved
    name = LABS[lab] if lab < len(LABS) else f"Lab{lab:03}"
    done = outcome == "delivered"
    return Delivery(
        subscription_id=SUBSCRIPTION,
        resource_group=f"team-{name.lower()}",
        lab=name,
        region=REGIONS[lab % 2],
        image_path=path,
        image_name=_name(path, _saved_at(number)),
        outcome=Outcome(outcome),
        reason="name-taken" if outcome == "failed" else None,
        error_code="name-taken" if outcome == "failed" else None,
        source=("factory", "hub")[lab % 2] if done else None,
        bytes_copied=SIZE if done else 0,
        seconds=Seconds.model_validate({"copy": SIZE / RATE if done else 0, "image": 95.0 if done else 0}),
    )
