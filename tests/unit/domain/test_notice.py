"""The notice of a run, and the schema that it is published with."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from shared.domain import notice, report
from shared.domain.models import Finding, Plan, PlannedDelivery, PlannedSave, Severity
from shared.domain.report import Report
from shared.domain.work import SaveNote
from tests.unit.domain.factory_facts import NOW, a_run

PUBLISHED = Path(__file__).parents[3] / "config" / "notice.schema.json"
ERROR = Finding(severity=Severity.ERROR, code="lab-not-found", message="No such lab.", path="Labs[0]", line=3, column=5)
WARNING = Finding(severity=Severity.WARNING, code="no-hub", message="No hub.")
SAVE = PlannedSave(vm="golden", action="save", image_path="Win/Server.json", image_name="Win_Server-Nov-23-2026")

validator = Draft202012Validator(json.loads(notice.schema_text()))


def a_delivery(lab: str = "blue", **facts: str) -> PlannedDelivery:
    given = {
        "action": "blocked",
        "reason": "gen2",
        "subscription_id": "sub",
        "resource_group": "rg",
        "lab": lab,
        "image_path": "Win/Server.json",
        "image_name": "Image1",
        "record_id": "record1",
    }
    return PlannedDelivery.model_validate({**given, **facts})


def a_report(
    *deliveries: PlannedDelivery,
    findings: tuple[Finding, ...] = (),
    saves: tuple[SaveNote, ...] = (),
    error: dict[str, str] | None = None,
) -> Report:
    plan = Plan(run_id=a_run().id, saves=(SAVE,) * len(saves), deliveries=deliveries, findings=findings)
    return report.build(
        a_run(),
        plan,
        saves,
        {},
        {},
        labs_etag=None,
        labs_sha256=None,
        ended_at=NOW + timedelta(minutes=5),
        cancelled=False,
        error=error,
        time_scale=1,
    )


def test_published_schema_is_the_one_that_the_model_makes() -> None:
    # When this fails, run the command that the module's own docstring gives.
    assert PUBLISHED.read_text(encoding="utf-8") == notice.schema_text()
    Draft202012Validator.check_schema(json.loads(notice.schema_text()))


def test_notice_holds_status_counts_and_the_first_failures() -> None:
    failed = SaveNote(save=0, state="failed", code="copy-failed", message="It broke.")
    value = json.loads(notice.of(a_report(a_delivery(), findings=(ERROR, WARNING), saves=(failed,))))
    validator.validate(value)
    assert (value["id"], value["status"], value["counts"]["deliveries"]) == (a_run().id, "Failed", {"failed": 1})
    assert value["failures"] == [
        {
            "vm": "golden",
            "imagePath": "Win/Server.json",
            "imageName": "Win_Server-Nov-23-2026",
            "reason": "It broke.",
            "errorCode": "copy-failed",
        },
        {
            "subscriptionId": "sub",
            "lab": "blue",
            "imagePath": "Win/Server.json",
            "imageName": "Image1",
            "reason": "gen2",
            "errorCode": "gen2",
        },
    ]
    assert [each["code"] for each in value["findings"]] == ["lab-not-found"]


@pytest.mark.parametrize("error", [None, {"code": "run-died", "message": "é" * 1000}])
def test_every_notice_obeys_the_schema_and_stays_under_48_kib(error: dict[str, str] | None) -> None:
    deliveries = [a_delivery(f"lab{number}", image_path="é" * 400) for number in range(10_000)]
    long = Finding(severity=Severity.ERROR, code="lab-not-found", message="é" * 5000)
    text = notice.of(a_report(*deliveries, findings=(long,) * 10_000, error=error))
    assert len(text.encode()) < 48 * 1024
    value = json.loads(text)
    validator.validate(value)
    assert value["failures"]
    assert value["findings"]
    assert value["counts"]["deliveries"] == {"failed": 10_000}


def test_a_notice_too_large_loses_its_last_entries_alone() -> None:
    value = {"id": "run", "failures": [{"lab": "x" * 5000}] * 20, "findings": [{"code": "y"}] * 3}
    text = notice._fitting(value)
    assert len(text) <= notice.LARGEST
    assert 0 < len(json.loads(text)["failures"]) < 20
    assert len(json.loads(text)["findings"]) == 3
