"""When each save, region and image of a run was worked on, read from the notes of its journal.

The notes are written once in a pass, so an end is as exact as the waits between passes: 2 to 60 seconds.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.models import Plan
from shared.domain.outcomes import path_of, paths_by_image
from shared.domain.region_shape import pair_target
from shared.domain.work import Pass, SaveNote


class Interval(NamedTuple):
    """From when to when, in UTC."""

    start: datetime
    end: datetime


class SpanTimes(NamedTuple):
    """Intervals by VM, region, image path and (region, image path), and the bytes of each save.

    What has no note is left out.
    """

    saves: Mapping[str, Interval]
    bytes_saved: Mapping[str, int]
    regions: Mapping[str, Interval]
    images: Mapping[str, Interval]
    arrivals: Mapping[tuple[str, str], Interval]


def of_journal(plan: Plan, saves: Sequence[SaveNote], passes: Mapping[str, Sequence[Pass]]) -> SpanTimes:
    """The times of a run from its plan and notes; `passes` by region."""
    regions: dict[str, Interval] = {}
    images: dict[str, Interval] = {}
    arrivals: dict[tuple[str, str], Interval] = {}
    for region in plan.regions:
        deliveries = [plan.deliveries[index] for index in region.pairs]
        paths = paths_by_image(deliveries)
        for each in passes.get(region.region, ()):
            if each.at is None:
                continue
            notes = [(note.target, note.seconds) for note in each.copies]
            notes += [(pair_target(note.pair), note.seconds) for note in each.images]
            for target, seconds in notes:
                interval = Interval(each.at - timedelta(seconds=seconds), each.at)
                _widen(regions, region.region, interval)
                path = path_of(target, deliveries, paths)
                _widen(images, path, interval)
                _widen(arrivals, (region.region, path), interval)
    ended = [(plan.saves[note.save].vm, note) for note in saves]
    return SpanTimes(
        saves={
            vm: Interval(note.ended_at - timedelta(seconds=note.seconds), note.ended_at)
            for vm, note in ended
            if note.ended_at is not None
        },
        bytes_saved={vm: note.bytes for vm, note in ended},
        regions=regions,
        images=images,
        arrivals=arrivals,
    )


def _widen[Key](known: dict[Key, Interval], key: Key, seen: Interval) -> None:
    before = known.get(key, seen)
    known[key] = Interval(min(before.start, seen.start), max(before.end, seen.end))
