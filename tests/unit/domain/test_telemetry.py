"""The spans of a run: one for it and for each save, region and image, with counts, bytes, outcome and honest times."""

from datetime import timedelta
from typing import Any

from shared.domain import span_times, telemetry
from shared.domain.models import ImageRecord, Plan, PlannedSave, RegionPlan, SavedImage
from shared.domain.report import Report, build
from shared.domain.telemetry import Span
from shared.domain.work import CopyNote, ImageNote, Pass, SaveNote
from tests.unit.domain.factory_facts import GIB, NOW, a_run
from tests.unit.domain.test_report import a_delivery

SAVED_AT = NOW - timedelta(days=3)
RECORD = ImageRecord(image_name="Image1", image_path="Win\\Server.json", vhd_file_name="r.vhd", timestamp=SAVED_AT)
SAVES = (
    PlannedSave(vm="golden", action="save", image_path="Win/Server.json", image_name="Image1", record_id="record1"),
    PlannedSave(vm="plain", action="skip", reason="no-image-path"),
)


def a_plan(*deliveries: Any) -> Plan:
    pairs = tuple(index for index, each in enumerate(deliveries) if each.action == "deliver")
    return Plan(
        run_id="run",
        saves=SAVES,
        deliveries=deliveries,
        images=(SavedImage(id="record1", record=RECORD, size_bytes=GIB),),
        regions=(RegionPlan(region="eastus", hub="hub", pairs=pairs),) if pairs else (),
        factory_region="westeurope",
    )


def spans_of(plan: Plan, saves: tuple[SaveNote, ...] = (), *passes: Pass, **how: Any) -> dict[str, Span]:
    """Spans by name and key."""
    copies = {"eastus": [note for each in passes for note in each.copies]}
    images = {"eastus": [note for each in passes for note in each.images]}
    given = {"labs_etag": None, "labs_sha256": None, "cancelled": False, "error": None, "time_scale": 1}
    dry_run = how.pop("dry_run", False)
    report: Report = build(
        a_run(dry_run=dry_run), plan, saves, copies, images, ended_at=NOW + timedelta(hours=1), **given | how
    )
    times = span_times.of_journal(plan, saves, {"eastus": passes})
    return {f"{each.name}:{each.key}": each for each in telemetry.spans(report, plan, times)}


def minutes(number: float) -> Any:
    return NOW + timedelta(minutes=number)


CROSSED = CopyNote(target="h0.0", source="factory", state="finished", bytes=GIB, seconds=60)
COPIED = CopyNote(target="p0", source="h0.0", state="finished", bytes=GIB, seconds=60)
REFUSED = CopyNote(
    target="p1", source="h0.0", state="failed", code="denied", message="No role. See https://a/b?sig=abc"
)
MADE = ImageNote(pair=0, state="delivered", seconds=30)
PASSES = (
    Pass(at=minutes(10), copies=(CROSSED,)),
    Pass(at=minutes(12), copies=(COPIED, REFUSED)),
    Pass(at=minutes(14), images=(MADE,)),
)
SAVED = SaveNote(save=0, state="saved", bytes=GIB, seconds=120, ended_at=minutes(5))


def a_trace() -> dict[str, Span]:
    plan = a_plan(a_delivery("blue"), a_delivery("red"), a_delivery("green", "present"))
    return spans_of(plan, (SAVED,), *PASSES)


def test_a_run_is_told_by_one_span_for_itself_and_one_for_each_save_region_and_image() -> None:
    assert set(a_trace()) == {
        "image_factory.run:20261123T030000Z-abcdef",
        "image_factory.save:golden",
        "image_factory.save:plain",
        "image_factory.region:eastus",
        "image_factory.image:Win/Server.json",
    }


def test_the_run_comes_first_for_it_is_the_parent() -> None:
    assert next(iter(a_trace().values())).name == telemetry.RUN


def test_pairs_are_counted_and_have_no_spans_of_their_own() -> None:
    few, many = (spans_of(a_plan(*(a_delivery(f"lab{n}") for n in range(labs)))) for labs in (1, 500))
    assert len(few) == len(many)
    assert many["image_factory.image:Win/Server.json"].attributes["image_factory.deliveries.failed"] == 500


def test_the_run_carries_counts_bytes_and_status() -> None:
    run = next(iter(a_trace().values()))
    expected = {
        "image_factory.run.status": "PartiallySucceeded",
        "image_factory.saves.saved": 1,
        "image_factory.saves.skipped": 1,
        "image_factory.deliveries.delivered": 1,
        "image_factory.deliveries.already_present": 1,
        "image_factory.deliveries.failed": 1,
        "image_factory.bytes.copied": GIB,
        "image_factory.bytes.crossed": GIB,
        "image_factory.crossings.finished": 1,
    }
    assert expected.items() <= run.attributes.items()
    assert (run.when.start, run.when.end) == (NOW, NOW + timedelta(hours=1))
    assert (
        run.failure
        == "1 saves and deliveries failed; 0 findings are errors. See the report of 20261123T030000Z-abcdef."
    )


def test_a_save_carries_its_bytes_and_the_time_of_its_copy() -> None:
    saved, skipped = (a_trace()[f"image_factory.save:{vm}"] for vm in ("golden", "plain"))
    assert saved.when == (minutes(3), minutes(5))
    assert saved.attributes["image_factory.bytes.copied"] == GIB
    assert saved.attributes["image_factory.outcome"] == "saved"
    assert skipped.attributes["image_factory.reason"] == "no-image-path"
    assert skipped.failure is None


def test_a_region_and_an_image_last_from_their_first_copy_to_their_last_custom_image() -> None:
    trace = a_trace()
    assert trace["image_factory.region:eastus"].when == (minutes(9), minutes(14))
    assert trace["image_factory.image:Win/Server.json"].when == (minutes(9), minutes(14))


def test_an_image_says_how_old_it_is_and_which_labs_did_not_get_it() -> None:
    image = a_trace()["image_factory.image:Win/Server.json"]
    assert image.attributes["image_factory.image.saved_at"] == SAVED_AT.isoformat()
    assert image.attributes["image_factory.failed.labs"] == "red"
    assert image.attributes["image_factory.error.code"] == "denied"
    assert image.attributes["image_factory.outcome"] == "failed"


def test_no_secret_of_a_reason_reaches_a_span() -> None:
    trace = a_trace()
    assert trace["image_factory.image:Win/Server.json"].failure == "No role. See https://a/b?…"
    assert "sig=" not in repr(trace)


def test_of_many_failed_labs_only_the_first_are_named() -> None:
    image = spans_of(a_plan(*(a_delivery(f"lab{n:03}") for n in range(100))))["image_factory.image:Win/Server.json"]
    shown = str(image.attributes["image_factory.failed.labs"])
    assert shown.startswith("lab000, lab001, ")
    assert shown.endswith("lab019, …")


def test_a_delivery_without_a_known_region_is_told_by_its_image() -> None:
    trace = spans_of(a_plan(a_delivery("gone", "blocked", region="", reason="lab-not-found")))
    assert not [key for key in trace if key.startswith(telemetry.REGION)]
    assert trace["image_factory.image:Win/Server.json"].attributes["image_factory.error.code"] == "lab-not-found"


def test_a_run_that_died_before_its_plan_is_one_failed_span() -> None:
    trace = spans_of(Plan(run_id="run"), error={"code": "run-died", "message": "The run ended without finishing."})
    (run,) = trace.values()
    assert run.attributes["image_factory.error.code"] == "run-died"
    assert run.failure == "The run ended without finishing."


def test_every_attribute_is_in_our_own_name_space_for_an_exporter_keeps_no_standard_name_as_it_is() -> None:
    died = spans_of(Plan(run_id="run"), error={"code": "run-died", "message": "It died."})
    names = {name for span in (*a_trace().values(), *died.values()) for name in span.attributes}
    assert {name for name in names if not name.startswith("image_factory.")} == set()


def test_a_dry_run_says_so_in_every_span() -> None:
    trace = spans_of(a_plan(a_delivery()), dry_run=True)
    assert all(span.attributes["image_factory.dry_run"] is True for span in trace.values())
    assert trace["image_factory.image:Win/Server.json"].attributes["image_factory.outcome"] == "planned"


def test_notes_without_a_moment_leave_the_times_of_the_run() -> None:
    earlier = spans_of(a_plan(a_delivery()), (), Pass(copies=(COPIED,), images=(MADE,)))
    assert earlier["image_factory.region:eastus"].when == (NOW, NOW + timedelta(hours=1))
