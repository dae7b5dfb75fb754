"""When a run worked on what, in seconds after its start. Records for the report; how they look is decided elsewhere."""

from collections.abc import Callable
from datetime import datetime

from shared.domain.models import Record
from shared.domain.span_times import Interval, SpanTimes


class SaveStretch(Record):
    """From when to when a machine was saved."""

    vm: str
    start: float
    end: float


class DeliveryStretch(Record):
    """From the first copy of an image for a region to its last custom image there."""

    region: str
    image_path: str
    start: float
    end: float


class Timeline(Record):
    """What was worked on and when, the earliest first. Seconds are those after the start, in an unscaled world.

    `seconds` is the length of the run. An end is as exact as the waits of the run, see domain.span_times.
    """

    seconds: float
    saves: tuple[SaveStretch, ...] = ()
    deliveries: tuple[DeliveryStretch, ...] = ()


def of_run(run: Interval, times: SpanTimes, time_scale: float) -> Timeline | None:
    """The timeline of a run that worked from and to these moments; None where no moment of its work is known."""
    if not times.saves and not times.arrivals:
        return None
    since = _seconds_since(run, time_scale)
    saves = [SaveStretch(vm=vm, start=since(each.start), end=since(each.end)) for vm, each in times.saves.items()]
    deliveries = [
        DeliveryStretch(region=region, image_path=path, start=since(each.start), end=since(each.end))
        for (region, path), each in times.arrivals.items()
    ]
    return Timeline(
        seconds=since(run.end),
        saves=tuple(sorted(saves, key=lambda each: (each.start, each.end, each.vm))),
        deliveries=tuple(
            sorted(deliveries, key=lambda each: (each.start, each.end, each.image_path, each.region)),
        ),
    )


def _seconds_since(run: Interval, time_scale: float) -> Callable[[datetime], float]:
    # Seconds of a copy are Azure's, moments are ours: a copy may seem to have begun before its run.
    return lambda moment: round((min(max(moment, run.start), run.end) - run.start).total_seconds() * time_scale, 1)
