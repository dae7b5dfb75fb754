"""The timeline on the report page: a bar for each piece of work, never too many, and in words too."""

import re
from datetime import timedelta

import pytest

from shared.domain.report import Report
from shared.domain.timeline import DeliveryStretch, SaveStretch, Timeline
from shared.web import pages, timeline_view
from tests.unit.web.reports import delivery, report, save

HOUR = 3600.0
SAVED = SaveStretch(vm="win2022", start=0, end=900)
PATH = "Win2022/Datacenter.json"


def arrived(region: str = "westeurope", start: float = 900, end: float = 2700, path: str = PATH) -> DeliveryStretch:
    return DeliveryStretch(region=region, image_path=path, start=start, end=end)


def a_run(*arrivals: DeliveryStretch, **facts: object) -> Report:
    deliveries = facts.pop("deliveries", None) or tuple(
        delivery(region=each.region, image_path=each.image_path) for each in arrivals
    )
    line = Timeline(seconds=HOUR, saves=(SAVED,), deliveries=arrivals)
    return report(saves=(save(),), deliveries=deliveries, timeline=line, **facts)


def shown(run: Report) -> timeline_view.View:
    view = timeline_view.view(run)
    assert view is not None
    return view


def test_a_report_without_moments_has_no_timeline() -> None:
    assert timeline_view.view(report()) is None
    assert 'id="timeline"' not in pages.report_html(report())


def test_each_machine_and_each_image_of_a_region_has_a_bar_below_its_phase() -> None:
    saving, delivering = shown(a_run(arrived(), arrived("eastus2", 1800, 3600))).phases
    assert saving.whole[:4] == ("Saving", "", 0, 25)
    assert [(bar.name, bar.place, bar.x, bar.width) for bar in saving.bars] == [("win2022", PATH, 0, 25)]
    assert delivering.whole[:4] == ("Delivering", "", 25, 75)
    assert [(bar.name, bar.place, bar.x, bar.width) for bar in delivering.bars] == [
        (PATH, "westeurope", 25, 50),
        (PATH, "eastus2", 50, 50),
    ]


def test_a_phase_that_did_nothing_is_left_out() -> None:
    assert [phase.whole.name for phase in shown(a_run()).phases] == ["Saving"]


def test_a_bar_says_in_words_when_and_how_it_ended() -> None:
    run = a_run(arrived(start=905), deliveries=(delivery(), delivery("TeamRed", "failed")))
    (bar,) = shown(run).phases[1].bars
    assert (bar.when, bar.took) == ("15 min 5 s to 45 min", "29 min 55 s")
    assert (bar.outcome, bar.tone) == ("1 delivered, 1 failed", "bad")


def test_a_moment_is_still_a_bar_within_the_picture() -> None:
    (bar,) = shown(a_run(arrived(start=HOUR, end=HOUR))).phases[1].bars
    assert bar.width > 0
    assert bar.x + bar.width == 100


def test_a_run_with_many_images_and_regions_has_one_bar_for_each_region() -> None:
    many = [
        arrived(f"region{n}", 900 + image, 2700 + image, f"Win/{image}.json") for n in range(15) for image in range(20)
    ]
    bars = shown(a_run(*many)).phases[1].bars
    assert [bar.name for bar in bars] == [f"region{n}" for n in range(15)]
    assert (bars[0].when, bars[0].outcome) == ("15 min to 45 min 19 s", "20 delivered")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, ["0 s"]),
        (50, ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s"]),
        (2832, ["0 s", "10 min", "20 min", "30 min", "40 min"]),
        (17500, ["0 s", "1 h", "2 h", "3 h", "4 h"]),
        (10 * 86400, ["0 s", "72 h", "144 h", "216 h"]),
    ],
)
def test_ticks_are_few_and_round(seconds: float, words: list[str]) -> None:
    assert [tick.words for tick in timeline_view.ticks(seconds)] == words


def test_times_of_an_emulated_world_say_so() -> None:
    began = report().started_at
    real = " ".join(shown(a_run(ended_at=began + timedelta(hours=1))).sentences)
    emulated = " ".join(shown(a_run(ended_at=began + timedelta(seconds=7.2))).sentences)
    assert "emulated" not in real
    assert "500 times as fast" in emulated


def test_the_picture_needs_no_style_attribute_and_names_are_escaped() -> None:
    html = pages.report_html(a_run(arrived(path="Win/<b>.json")))
    picture = html[html.index('id="timeline"') :]
    assert "style=" not in picture
    assert "<b>" not in picture
    assert re.search(r'<rect class="good" x="25.0%" y="25%" width="50.0%"', picture)
