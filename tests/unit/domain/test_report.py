"""The report: what became of everything, the status of the run, and its forms for spreadsheets and queues."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.domain.models import Finding, Plan, PlannedDelivery, PlannedSave, RegionPlan, Severity
from shared.domain.report import Delivery, Report, build, schema_text, to_csv
from shared.domain.work import CopyNote, ImageNote, SaveNote
from tests.unit.domain.factory_facts import GIB, NOW, a_run

PUBLISHED = Path(__file__).parents[3] / "config" / "report.schema.json"
ERROR = Finding(severity=Severity.ERROR, code="lab-not-found", message="No such lab.")
WARNING = Finding(severity=Severity.WARNING, code="no-hub", message="No hub.")


def a_delivery(lab: str = "blue", action: str = "deliver", region: str = "eastus", **facts: Any) -> PlannedDelivery:
    given = {
        "action": action,
        "subscription_id": "sub",
        "resource_group": "rg",
        "lab": lab,
        "region": region,
        "image_path": "Win/Server.json",
        "image_name": "Image1",
        "record_id": "record1",
        "size_bytes": GIB,
        **facts,
    }
    return PlannedDelivery.model_validate(given)


def a_plan(
    *deliveries: PlannedDelivery,
    saves: tuple[PlannedSave, ...] = (),
    findings: tuple[Finding, ...] = (),
    hub: str | None = "hub",
    home: bool = False,
) -> Plan:
    pairs = tuple(index for index, each in enumerate(deliveries) if each.action == "deliver")
    region = RegionPlan(region="eastus", hub=hub, home=home, pairs=pairs)
    return Plan(
        run_id="run",
        saves=saves,
        deliveries=deliveries,
        regions=(region,) if pairs else (),
        factory_region="westeurope",
        findings=findings,
    )


def a_report(
    plan: Plan | None,
    saves: tuple[SaveNote, ...] = (),
    copies: tuple[CopyNote, ...] = (),
    images: tuple[ImageNote, ...] = (),
    *,
    dry_run: bool = False,
    cancelled: bool = False,
    error: dict[str, str] | None = None,
    time_scale: float = 1,
) -> Report:
    return build(
        a_run(dry_run=dry_run),
        plan,
        saves,
        {"eastus": copies},
        {"eastus": images},
        labs_etag='"etag"',
        labs_sha256="ab",
        ended_at=NOW + timedelta(minutes=5),
        cancelled=cancelled,
        error=error,
        time_scale=time_scale,
    )


def finished(target: str = "p0", source: str = "h0.0", **facts: Any) -> CopyNote:
    return CopyNote(target=target, source=source, state="finished", **{"bytes": GIB, "seconds": 2.0, **facts})


def failed(target: str = "p0", source: str = "h0.0", code: str = "copy-failed") -> CopyNote:
    return CopyNote(target=target, source=source, state="failed", code=code, message=f"It said {code}.")


def first_delivery(*args: Any, **facts: Any) -> Delivery:
    return a_report(*args, **facts).deliveries[0]


MADE = ImageNote(pair=0, state="delivered", seconds=3)
SAVE = PlannedSave(vm="vm1", action="save", image_path="Win/Server.json", image_name="Image1", record_id="record1")
SKIP = PlannedSave(vm="vm2", action="skip", reason="no-image-path")


# Deliveries


def test_delivered_image_says_from_where_how_much_and_how_long() -> None:
    report = a_report(a_plan(a_delivery()), (), (finished(),), (MADE,), time_scale=10)
    assert report.to_json()["deliveries"] == [
        {
            "subscriptionId": "sub",
            "resourceGroup": "rg",
            "lab": "blue",
            "region": "eastus",
            "imagePath": "Win/Server.json",
            "imageName": "Image1",
            "outcome": "delivered",
            "reason": None,
            "errorCode": None,
            "source": "hub",
            "bytesCopied": GIB,
            "seconds": {"copy": 20.0, "image": 30.0},
        }
    ]


@pytest.mark.parametrize(("source", "kind"), [("factory", "factory"), ("h0.3", "hub"), ("p7", "lab")])
def test_source_of_a_delivery_is_the_factory_a_hub_or_a_lab(source: str, kind: str) -> None:
    assert first_delivery(a_plan(a_delivery()), (), (finished(source=source),), (MADE,)).source == kind


@pytest.mark.parametrize(
    ("action", "reason", "outcome", "code"),
    [("blocked", "name-taken", "failed", "name-taken"), ("present", "already-present", "already-present", None)],
)
def test_what_the_plan_decided_is_reported_with_its_reason(
    action: str, reason: str, outcome: str, code: str | None
) -> None:
    delivery = first_delivery(a_plan(a_delivery(action=action, reason=reason)))
    assert (delivery.outcome, delivery.reason, delivery.error_code) == (outcome, reason, code)


def test_failed_image_is_reported_with_its_words_and_code_though_its_copy_arrived() -> None:
    note = ImageNote(pair=0, state="failed", code="wrong-account", message="Not the lab's account.")
    delivery = first_delivery(a_plan(a_delivery()), (), (finished(),), (note,))
    assert (delivery.outcome, delivery.reason, delivery.error_code) == (
        "failed",
        "Not the lab's account.",
        "wrong-account",
    )
    assert delivery.bytes_copied == GIB


def test_failed_copy_is_reported_with_its_last_words() -> None:
    delivery = first_delivery(a_plan(a_delivery()), (), (failed(), failed(code="denied")))
    assert (delivery.outcome, delivery.reason, delivery.error_code) == ("failed", "It said denied.", "denied")


def test_copy_that_succeeded_at_the_second_try_is_delivered() -> None:
    delivery = first_delivery(a_plan(a_delivery()), (), (failed(), finished()), (MADE,))
    assert (delivery.outcome, delivery.reason) == ("delivered", None)


def test_hopeless_pair_names_the_cause_of_the_failed_crossing() -> None:
    note = ImageNote(pair=0, state="failed", code="crossing-failed", message="It could not be brought.")
    delivery = first_delivery(a_plan(a_delivery()), (), (failed("h0.0", "factory", "denied"),), (note,))
    assert delivery.error_code == "crossing-failed"
    assert delivery.reason == "It could not be brought. The last try ended with denied: It said denied."


def test_what_the_run_left_undone_is_cancelled_failed_with_the_run_or_not_finished() -> None:
    plan = a_plan(a_delivery())
    assert first_delivery(plan, cancelled=True).outcome == "cancelled"
    died = first_delivery(plan, error={"code": "run-died", "message": "It stopped."})
    assert (died.outcome, died.error_code, died.reason) == ("failed", "run-died", "It stopped.")
    assert first_delivery(plan).error_code == "not-finished"


def test_copy_that_would_have_been_tried_again_is_cancelled_with_the_run_and_a_final_one_is_not() -> None:
    plan = a_plan(a_delivery())
    assert first_delivery(plan, (), (failed(),), cancelled=True).outcome == "cancelled"
    for notes in ((failed(code="denied"),), (failed(),) * 3):
        assert first_delivery(plan, (), notes, cancelled=True).outcome == "failed"
    cancelled = ImageNote(pair=0, state="cancelled")
    assert first_delivery(plan, (), (), (cancelled,), cancelled=True).outcome == "cancelled"


# Saves


@pytest.mark.parametrize(
    ("note", "outcome", "reason", "code"),
    [
        (SaveNote(save=0, state="saved"), "saved", None, None),
        (SaveNote(save=0, state="failed", code="conflict", message="It runs."), "failed", "It runs.", "conflict"),
        (SaveNote(save=0, state="cancelled"), "cancelled", None, None),
    ],
)
def test_save_is_reported_as_its_note_says(note: SaveNote, outcome: str, reason: str | None, code: str | None) -> None:
    report = a_report(a_plan(saves=(SAVE, SKIP)), (note,))
    assert report.to_json()["saves"] == [
        {
            "vm": "vm1",
            "imagePath": "Win/Server.json",
            "imageName": "Image1",
            "outcome": outcome,
            "reason": reason,
            "errorCode": code,
        },
        {
            "vm": "vm2",
            "imagePath": None,
            "imageName": None,
            "outcome": "skipped",
            "reason": "no-image-path",
            "errorCode": None,
        },
    ]


def test_save_without_a_note_shares_the_fate_of_the_run() -> None:
    plan = a_plan(saves=(SAVE,))
    assert a_report(plan, cancelled=True).saves[0].outcome == "cancelled"
    assert a_report(plan).saves[0].error_code == "not-finished"


# Crossings


def test_crossings_are_reported_each_and_failed_ones_apart() -> None:
    copies = (failed("h0.0", "factory"), finished("h0.0", "factory"), finished("p0", "h0.0"))
    report = a_report(a_plan(a_delivery()), (), copies, (MADE,))
    assert [each.model_dump(mode="json", by_alias=True) for each in report.crossings] == [
        {
            "imagePath": "Win/Server.json",
            "fromRegion": "westeurope",
            "toRegion": "eastus",
            "bytes": size,
            "outcome": outcome,
        }
        for size, outcome in ((0, "failed"), (GIB, "finished"))
    ]
    assert report.counts.crossings == {"failed": 1, "finished": 1}


def test_copies_in_the_home_region_cross_nothing() -> None:
    assert a_report(a_plan(a_delivery(), home=True), (), (finished(source="factory"),), (MADE,)).crossings == ()


# Dry runs


def test_dry_run_reports_what_would_be_done_and_which_images_would_cross() -> None:
    deliveries = (
        a_delivery("a"),
        a_delivery("b"),
        a_delivery("c", "present", reason="already-present"),
        a_delivery("d", "blocked", reason="gen2"),
    )
    report = a_report(a_plan(*deliveries, saves=(SAVE, SKIP)), dry_run=True)
    assert [each.outcome for each in report.deliveries] == ["planned", "planned", "already-present", "failed"]
    assert [each.outcome for each in report.saves] == ["planned", "skipped"]
    assert [(each.bytes, each.outcome) for each in report.crossings] == [(GIB, "planned")]
    assert report.status == "PartiallySucceeded"


def test_dry_run_counts_a_crossing_for_each_lab_where_nobody_serves_others() -> None:
    assert len(a_report(a_plan(a_delivery("a"), a_delivery("b"), hub=None), dry_run=True).crossings) == 2
    relayed = a_plan(a_delivery("a", relay=True), a_delivery("b"), hub=None)
    assert len(a_report(relayed, dry_run=True).crossings) == 1


# Status


@pytest.mark.parametrize(
    ("plan", "status"),
    [
        (None, "Succeeded"),
        (a_plan(saves=(SKIP,)), "Succeeded"),
        (a_plan(findings=(WARNING,)), "Succeeded"),
        (a_plan(findings=(ERROR,)), "Failed"),
        (a_plan(a_delivery(action="present")), "Succeeded"),
        (a_plan(a_delivery(action="present"), findings=(ERROR,)), "PartiallySucceeded"),
        (a_plan(a_delivery(action="blocked", reason="gen2")), "Failed"),
        (a_plan(a_delivery(action="blocked", reason="gen2"), a_delivery(action="present")), "PartiallySucceeded"),
        (a_plan(a_delivery(action="blocked", reason="gen2"), saves=(SKIP,)), "Failed"),
    ],
)
def test_status_follows_failures_and_errors_and_never_skips(plan: Plan | None, status: str) -> None:
    assert a_report(plan).status == status


def test_saved_machine_makes_a_failed_delivery_partial() -> None:
    plan = a_plan(a_delivery(action="blocked", reason="gen2"), saves=(SAVE,))
    assert a_report(plan, (SaveNote(save=0, state="saved"),)).status == "PartiallySucceeded"


def test_cancelled_run_is_cancelled_and_a_dead_one_failed_whatever_was_done() -> None:
    plan = a_plan(a_delivery(action="present"))
    assert a_report(plan, cancelled=True).status == "Cancelled"
    died = a_report(plan, cancelled=True, error={"code": "run-died", "message": "It stopped."})
    assert (died.status, died.error and died.error.code) == ("Failed", "run-died")


def test_counts_add_up() -> None:
    plan = a_plan(a_delivery(), a_delivery(action="present"), saves=(SAVE, SKIP), findings=(ERROR, WARNING, WARNING))
    counts = a_report(plan, (SaveNote(save=0, state="saved"),), (finished(),), (MADE,)).to_json()["counts"]
    assert counts == {
        "saves": {"saved": 1, "skipped": 1},
        "deliveries": {"already-present": 1, "delivered": 1},
        "crossings": {},
        "findings": {"error": 1, "warning": 2},
    }


# Forms


def test_report_is_what_the_published_schema_describes() -> None:
    # When this fails, run the command that the module's own docstring gives.
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text()
    schema = json.loads(schema_text())
    Draft202012Validator.check_schema(schema)
    plan = a_plan(a_delivery(), a_delivery(action="present"), saves=(SAVE, SKIP), findings=(ERROR,))
    report = a_report(plan, (), (finished("h0.0", "factory"), finished()), (MADE,))
    value = json.loads(json.dumps(report.to_json()))
    Draft202012Validator(schema).validate(value)
    assert list(value) == list(schema["properties"])
    assert (value["schemaVersion"], value["startedAt"], value["endedAt"]) == (
        1,
        "2026-11-23T03:00:00Z",
        "2026-11-23T03:05:00Z",
    )


def test_report_is_read_back_as_it_was_written() -> None:
    report = a_report(a_plan(a_delivery(), saves=(SAVE,)), (), (finished("h0.0", "factory"), finished()), (MADE,))
    assert Report.model_validate_json(json.dumps(report.to_json())) == report


def test_table_has_a_row_for_each_save_and_delivery() -> None:
    report = a_report(a_plan(a_delivery(), saves=(SKIP,)), (), (finished(),), (MADE,))
    save, delivery = csv.DictReader(io.StringIO(to_csv(report)))
    assert (save["kind"], save["vm"], save["outcome"], save["lab"]) == ("save", "vm2", "skipped", "")
    assert (delivery["kind"], delivery["lab"], delivery["copySeconds"], delivery["source"]) == (
        "delivery",
        "blue",
        "2.0",
        "hub",
    )


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_is_a_formula_to_a_spreadsheet(cell: str) -> None:
    text = to_csv(a_report(a_plan(a_delivery(lab=cell, action="present"))))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["lab"] == f"'{cell}"


def test_commas_quotes_and_line_ends_stay_in_their_cell() -> None:
    text = to_csv(a_report(a_plan(a_delivery(lab='a,"b"\r\nc', action="present"))))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["lab"] == 'a,"b"\r\nc'
