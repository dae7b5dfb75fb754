"""The timeline of a report: from moments of the notes to seconds after the start of the run."""

from datetime import timedelta
from typing import Any

from shared.domain import span_times, timeline
from shared.domain.models import Plan, PlannedSave, RegionPlan
from shared.domain.report import build
from shared.domain.span_times import Interval
from shared.domain.timeline import DeliveryStretch, SaveStretch, Timeline
from shared.domain.work import CopyNote, ImageNote, Pass, SaveNote
from tests.unit.domain.factory_facts import NOW, a_run
from tests.unit.domain.test_report import a_delivery

PLAN = Plan(
    run_id="run",
    saves=(PlannedSave(vm="golden", action="save", image_path="Win/Server.json", record_id="record1"),),
    deliveries=(a_delivery(), a_delivery(region="westus", image_path="Linux/Box.json", record_id="record2")),
    regions=(RegionPlan(region="eastus", hub="hub", pairs=(0,)), RegionPlan(region="westus", pairs=(1,))),
    factory_region="westus",
)


def after(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


CROSSED = CopyNote(target="h0.0", source="factory", state="finished", seconds=60)
COPIED = CopyNote(target="p0", source="factory", state="finished", seconds=10)
MADE = ImageNote(pair=0, state="delivered", seconds=30)
SAVED = SaveNote(save=0, state="saved", seconds=20, ended_at=after(50))
PASSES = {
    "eastus": (Pass(at=after(200), copies=(CROSSED,)), Pass(at=after(290), images=(MADE,))),
    "westus": (Pass(at=after(120), copies=(COPIED,)),),
}
TIMES = span_times.of_journal(PLAN, (SAVED,), PASSES)


def line(scale: float = 1, times: span_times.SpanTimes = TIMES, end: float = 300) -> Timeline | None:
    return timeline.of_run(Interval(NOW, after(end)), times, scale)


def test_a_stretch_lasts_from_the_first_copy_of_an_image_for_a_region_to_its_last_custom_image() -> None:
    assert line() == Timeline(
        seconds=300,
        saves=(SaveStretch(vm="golden", start=30, end=50),),
        deliveries=(
            DeliveryStretch(region="westus", image_path="Linux/Box.json", start=110, end=120),
            DeliveryStretch(region="eastus", image_path="Win/Server.json", start=140, end=290),
        ),
    )


def test_all_times_are_those_of_an_unscaled_world() -> None:
    one, ten = line(), line(10)
    assert one
    assert ten
    assert ten.seconds == 10 * one.seconds
    assert [(each.start, each.end) for each in ten.saves] == [(300, 500)]
    assert [(each.start, each.end) for each in ten.deliveries] == [(1100, 1200), (1400, 2900)]


def test_no_stretch_leaves_its_run() -> None:
    long = SaveNote(save=0, state="saved", seconds=500, ended_at=after(301))
    found = line(times=span_times.of_journal(PLAN, (long,), {}))
    assert found
    assert (found.saves[0].start, found.saves[0].end) == (0, 300)


def test_a_run_of_whose_work_no_moment_is_known_has_none() -> None:
    earlier = {"eastus": (Pass(copies=(CROSSED,)),)}
    assert line(times=span_times.of_journal(PLAN, (SaveNote(save=0, state="saved"),), earlier)) is None


def test_the_report_has_the_timeline_of_its_run_or_null() -> None:
    given: dict[str, Any] = {"labs_etag": None, "labs_sha256": None, "cancelled": False, "error": None}
    with_times = build(a_run(), PLAN, (SAVED,), {}, {}, ended_at=after(300), time_scale=10, times=TIMES, **given)
    without = build(a_run(), PLAN, (SAVED,), {}, {}, ended_at=after(300), time_scale=10, **given)
    assert with_times.timeline == line(10)
    assert with_times.to_json()["timeline"]["saves"] == [{"vm": "golden", "start": 300, "end": 500}]
    assert without.to_json()["timeline"] is None
