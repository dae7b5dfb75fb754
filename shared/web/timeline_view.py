"""How the timeline of a run looks: its phases, a bar for each piece of work, and the ticks. No markup lives here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from shared.domain.report import Delivery, Report, Save
from shared.domain.timeline import DeliveryStretch, Timeline
from shared.web.marks import MARKS, duration, moment
from shared.web.report_view import tally

# More bars than these for each image and region, and there is one for each region.
MOST_BARS = 200
MOST_TICKS = 6
# A moment would be no bar at all.
LEAST_WIDTH = 0.5
_MINUTE, _HOUR = 60, 3600
_STEPS = (1, 5, 10, 30, *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)), *(n * _HOUR for n in (1, 2, 3, 6, 12, 24)))


class Bar(NamedTuple):
    """One piece of work; `x` and `width` in percent of the run, the others in words; `tone` as marks have it."""

    name: str
    place: str
    x: float
    width: float
    when: str
    took: str
    outcome: str = ""
    tone: str = "mild"


class Phase(NamedTuple):
    """A phase of the run as a whole, and the bars that make it up."""

    whole: Bar
    bars: Sequence[Bar]


class Tick(NamedTuple):
    """A moment on the axis, at `x` percent."""

    x: float
    words: str


class View(NamedTuple):
    """The timeline as the page shows it."""

    sentences: Sequence[str]
    ticks: Sequence[Tick]
    phases: Sequence[Phase]


def view(report: Report) -> View | None:
    """The timeline; None where the report has none."""
    line = report.timeline
    if line is None or line.seconds <= 0:
        return None
    phases = (
        _phase("Saving", [(each.start, each.end) for each in line.saves], line, _save_bars(report, line)),
        _phase("Delivering", [(each.start, each.end) for each in line.deliveries], line, _delivery_bars(report, line)),
    )
    return View(_sentences(report, line), ticks(line.seconds), [phase for phase in phases if phase])


def ticks(seconds: float) -> list[Tick]:
    """Round moments of a run of so many seconds, its beginning first."""
    longest = _STEPS[-1]
    step = next((each for each in _STEPS if seconds / each < MOST_TICKS), longest * (1 + int(seconds / longest / 5)))
    return [Tick(round(100 * at / seconds, 2), _words(at)) for at in range(0, int(seconds) + 1, step)]


def _sentences(report: Report, line: Timeline) -> list[str]:
    began = f"The times are those since the run began at {moment(report.started_at)}."
    exact = "An end is noted when the run next looks, 2 to 60 seconds later"
    real = (report.ended_at - report.started_at).total_seconds()
    if not real or line.seconds < 1.5 * real:
        return [began, f"{exact}."]
    faster = f"{line.seconds / real:,.0f}"
    world = f"They are those of the emulated world, whose clock goes {faster} times as fast as ours."
    return [began, world, f"{exact} by our clock."]


def _phase(name: str, stretches: Sequence[tuple[float, float]], line: Timeline, bars: Sequence[Bar]) -> Phase | None:
    if not stretches:
        return None
    start, end = min(start for start, _ in stretches), max(end for _, end in stretches)
    return Phase(_bar(name, "", start, end, line.seconds), bars)


def _save_bars(report: Report, line: Timeline) -> list[Bar]:
    saves = {each.vm: each for each in report.saves}
    return [
        _bar(each.vm, saves[each.vm].image_path or "", each.start, each.end, line.seconds, [saves[each.vm]])
        for each in line.saves
    ]


def _delivery_bars(report: Report, line: Timeline) -> list[Bar]:
    if len(line.deliveries) > MOST_BARS:
        regions = _groups((each.region, each) for each in report.deliveries)
        return [
            _bar(each.region, "", each.start, each.end, line.seconds, regions[each.region])
            for each in _by_region(line.deliveries)
        ]
    pairs = _groups(((each.region, each.image_path), each) for each in report.deliveries)
    return [
        _bar(each.image_path, each.region, each.start, each.end, line.seconds, pairs[each.region, each.image_path])
        for each in line.deliveries
    ]


def _by_region(stretches: Iterable[DeliveryStretch]) -> list[DeliveryStretch]:
    widest: dict[str, DeliveryStretch] = {}
    for each in stretches:
        known = widest.get(each.region, each)
        both = {"start": min(known.start, each.start), "end": max(known.end, each.end)}
        widest[each.region] = known.model_copy(update=both)
    return list(widest.values())


def _groups[Key](keyed: Iterable[tuple[Key, Delivery]]) -> Mapping[Key, list[Delivery]]:
    groups: dict[Key, list[Delivery]] = {}
    for key, each in keyed:
        groups.setdefault(key, []).append(each)
    return groups


def _bar(
    name: str, place: str, start: float, end: float, seconds: float, group: Sequence[Save] | Sequence[Delivery] = ()
) -> Bar:
    width = max(LEAST_WIDTH, 100 * (end - start) / seconds)
    when = f"{_words(start)} to {_words(end)}"
    outcomes = {each.outcome for each in group}
    # The marks begin with the gravest.
    tone = next((mark.tone for mark in MARKS.values() if mark.outcome in outcomes), "mild")
    x = min(100 * start / seconds, 100 - width)
    return Bar(name, place, round(x, 2), round(width, 2), when, _words(end - start), tally(group), tone)


def _words(seconds: float) -> str:
    """A duration without the unit that is nought."""
    return (duration(seconds) or "0 s").removesuffix(" 0 s").removesuffix(" 0 min")
