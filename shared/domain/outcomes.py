"""What became of each save, delivery and crossing of a plan, read from the notes that the run left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

from shared.domain.models import Outcome, Plan, PlannedDelivery, RegionPlan
from shared.domain.region_shape import FACTORY, hub_copy_of, pair_of, pair_target
from shared.domain.tries import FINAL_CODES, MAX_COPIES
from shared.domain.work import CopyNote, ImageNote, SaveNote

Source = Literal["factory", "hub", "lab"]
Arrival = Literal["finished", "failed", "cancelled", "planned"]

Copies = Mapping[str, Sequence[CopyNote]]  # by region
Images = Mapping[str, Sequence[ImageNote]]  # by region


@dataclass(frozen=True)
class Ending:
    """How the run as a whole ended: it decides about what has no note of its own. `code` is that of a failed run."""

    dry_run: bool = False
    cancelled: bool = False
    code: str | None = None
    message: str | None = None


class Verdict(NamedTuple):
    """An outcome; `reason` is a code of the plan or, after a failure, a text for people."""

    outcome: Outcome
    reason: str | None = None
    error_code: str | None = None


class Delivered(NamedTuple):
    """What became of a delivery, and what it took: seconds as the notes have them."""

    verdict: Verdict
    source: Source | None = None
    bytes_copied: int = 0
    copy_seconds: float = 0
    image_seconds: float = 0


class Crossed(NamedTuple):
    """A copy of an image into another region."""

    image_path: str
    region: str
    bytes: int
    outcome: Arrival


def of_saves(plan: Plan, notes: Sequence[SaveNote], ending: Ending) -> list[Verdict]:
    """The outcome of each save of the plan, in its order."""
    by_save = {note.save: note for note in notes}
    verdicts = []
    for index, save in enumerate(plan.saves):
        note = by_save.get(index)
        if save.action == "skip":
            verdicts.append(Verdict(Outcome.SKIPPED, save.reason))
        elif ending.dry_run:
            verdicts.append(Verdict(Outcome.PLANNED))
        elif note is None:
            verdicts.append(_unfinished(ending))
        elif note.state == "failed":
            verdicts.append(Verdict(Outcome.FAILED, note.message, note.code))
        else:
            verdicts.append(Verdict(Outcome.SAVED if note.state == "saved" else Outcome.CANCELLED))
    return verdicts


def of_deliveries(plan: Plan, copies: Copies, images: Images, ending: Ending) -> list[Delivered]:
    """What became of each delivery of the plan, in its order."""
    done: dict[int, Delivered] = {}
    for region in () if ending.dry_run else plan.regions:
        journal = _Journal(plan, region, copies.get(region.region, ()), images.get(region.region, ()))
        done.update((index, journal.read(pair, ending)) for pair, index in enumerate(region.pairs))
    return [done.get(index) or Delivered(_planned(each)) for index, each in enumerate(plan.deliveries)]


def _planned(delivery: PlannedDelivery) -> Verdict:
    if delivery.action == "blocked":
        return Verdict(Outcome.FAILED, delivery.reason, delivery.reason)
    outcome = Outcome.ALREADY_PRESENT if delivery.action == "present" else Outcome.PLANNED
    return Verdict(outcome, delivery.reason)


def _unfinished(ending: Ending) -> Verdict:
    if ending.cancelled:
        return Verdict(Outcome.CANCELLED)
    if ending.code is not None:
        return Verdict(Outcome.FAILED, ending.message, ending.code)
    return Verdict(Outcome.FAILED, "The run ended before this was done. Run again.", "not-finished")


class _Journal:
    """The notes of one region, by pair."""

    def __init__(self, plan: Plan, region: RegionPlan, copies: Sequence[CopyNote], images: Sequence[ImageNote]) -> None:
        self._deliveries = [plan.deliveries[index] for index in region.pairs]
        self._images = {note.pair: note for note in images}
        self._copies: dict[str, list[CopyNote]] = {}
        self._failed_crossings: dict[str, CopyNote] = {}
        paths = paths_by_image(self._deliveries)
        for note in copies:
            self._copies.setdefault(note.target, []).append(note)
            if note.state == "failed" and (pair_of(note.target) is None or note.source == FACTORY):
                self._failed_crossings[path_of(note.target, self._deliveries, paths)] = note

    def read(self, pair: int, ending: Ending) -> Delivered:
        """What became of a pair."""
        copies = self._copies.get(pair_target(pair), [])
        finished = next((note for note in reversed(copies) if note.state == "finished"), None)
        image = self._images.get(pair)
        verdict = self._judge_image(pair, image) if image else _judge_copies(copies, ending)
        if finished is None:
            return Delivered(verdict, image_seconds=image.seconds if image else 0)
        return Delivered(
            verdict, _kind(finished.source), finished.bytes, finished.seconds, image.seconds if image else 0
        )

    def _judge_image(self, pair: int, note: ImageNote) -> Verdict:
        if note.state != "failed":
            return Verdict(Outcome.DELIVERED if note.state == "delivered" else Outcome.CANCELLED)
        cause = self._failed_crossings.get(self._deliveries[pair].image_path)
        if note.code == "crossing-failed" and cause is not None:
            said = f"{note.message} The last try ended with {cause.code}: {cause.message}"
            return Verdict(Outcome.FAILED, said, note.code)
        return Verdict(Outcome.FAILED, note.message, note.code)


def _kind(source: str) -> Source:
    if source == FACTORY:
        return "factory"
    return "hub" if pair_of(source) is None else "lab"


def _judge_copies(copies: Sequence[CopyNote], ending: Ending) -> Verdict:
    """The verdict on a pair whose image was never begun."""
    failed = [note for note in copies if note.state == "failed"]
    final = failed and (len(failed) >= MAX_COPIES or failed[-1].code in FINAL_CODES)
    if final or (failed and not ending.cancelled):
        return Verdict(Outcome.FAILED, failed[-1].message, failed[-1].code)
    return _unfinished(ending)


def of_crossings(plan: Plan, copies: Copies, ending: Ending) -> list[Crossed]:
    """Every copy into another region that was tried or, in a dry run, would be made once for each image."""
    crossed = []
    for region in plan.regions:
        if region.home:
            continue
        deliveries = [plan.deliveries[index] for index in region.pairs]
        paths = paths_by_image(deliveries)
        if ending.dry_run:
            crossed += _planned_crossings(region, deliveries)
            continue
        for note in copies.get(region.region, ()):
            if note.source == FACTORY:
                path = path_of(note.target, deliveries, paths)
                crossed.append(Crossed(path, region.region, note.bytes, note.state))
    return crossed


def _planned_crossings(region: RegionPlan, deliveries: Sequence[PlannedDelivery]) -> list[Crossed]:
    crossed = []
    for _, group in groupby(deliveries, key=lambda each: each.record_id):
        labs = list(group)
        # Without a hub and without a lab that may serve others, each lab is served from the factory.
        times = 1 if region.hub or any(lab.relay for lab in labs) else len(labs)
        crossed += [Crossed(labs[0].image_path, region.region, labs[0].size_bytes, "planned")] * times
    return crossed


def paths_by_image(deliveries: Sequence[PlannedDelivery]) -> list[str]:
    """The image path of each image of a region, in the order of its shape."""
    paths = {delivery.record_id: delivery.image_path for delivery in deliveries}
    return list(paths.values())


def path_of(target: str, deliveries: Sequence[PlannedDelivery], paths: Sequence[str]) -> str:
    """The image path of a copy of a region; `paths` as `paths_by_image` gives them."""
    pair = pair_of(target)
    return paths[hub_copy_of(target)[0]] if pair is None else deliveries[pair].image_path
