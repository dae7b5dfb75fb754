"""Reports to make pages of."""

from datetime import UTC, datetime
from typing import Any

from shared.domain.models import Finding, Outcome, Severity
from shared.domain.report import Counts, Crossing, Delivery, Report, Save, Seconds

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
NO_COUNTS = Counts(saves={}, deliveries={}, crossings={}, findings={})


def report(**facts: Any) -> Report:
    common: dict[str, Any] = {
        "run_id": "20261123T030000Z-1a2b3c",
        "trigger": "upload",
        "requested_at": datetime(2026, 11, 23, 2, 59, tzinfo=UTC),
        "started_at": datetime(2026, 11, 23, 3, tzinfo=UTC),
        "ended_at": datetime(2026, 11, 23, 4, 3, 7, tzinfo=UTC),
        "status": "Succeeded",
        "counts": NO_COUNTS,
    }
    return Report(**common | facts)


def save(vm: str = "win2022", outcome: str = "saved", **facts: Any) -> Save:
    common = {
        "image_path": "Win2022/Datacenter.json",
        "image_name": "Win2022_Datacenter-Nov-23-2026",
        "reason": None,
        "error_code": None,
    }
    return Save(vm=vm, outcome=Outcome(outcome), **common | facts)


def delivery(lab: str = "TeamBlue", outcome: str = "delivered", **facts: Any) -> Delivery:
    common: dict[str, Any] = {
        "subscription_id": SUBSCRIPTION,
        "resource_group": "team-blue",
        "region": "westeurope",
        "image_path": "Win2022/Datacenter.json",
        "image_name": "Win2022_Datacenter-Nov-23-2026",
        "reason": None,
        "error_code": None,
        "source": None,
        "bytes_copied": 0,
        "seconds": Seconds.model_validate({"copy": 0, "image": 0}),
    }
    return Delivery(lab=lab, outcome=Outcome(outcome), **common | facts)


def finding(severity: Severity = Severity.ERROR, code: str = "lab-not-found", **facts: Any) -> Finding:
    common: dict[str, Any] = {
        "message": "There is no lab TeamGrey. Correct the entry.",
        "path": "Labs[2]",
        "line": 14,
        "column": 5,
    }
    return Finding(severity=severity, code=code, **common | facts)


FULL = report(
    status="PartiallySucceeded",
    labs_etag='"0x8D1"',
    saves=(save(), save("sqlserver", "skipped", image_name=None, reason="not-deallocated")),
    deliveries=(
        delivery(
            source="hub", bytes_copied=136365212160, seconds=Seconds.model_validate({"copy": 2173.2, "image": 95})
        ),
        delivery("TeamRed", "failed", reason="name-taken", region="eastus2"),
        delivery("TeamRed", "already-present", region="eastus2", image_path="Linux/Ubuntu.json"),
    ),
    crossings=(
        Crossing(
            image_path="Win2022/Datacenter.json",
            from_region="westeurope",
            to_region="eastus2",
            bytes=136365212160,
            outcome="finished",
        ),
    ),
    findings=(finding(), finding(Severity.WARNING, "unwanted-image", path="", line=None, column=None)),
)
