"""The fleet: which version of each image every lab holds, how old it is, what is newest, what never came. It decides
nothing about deliveries; it only says what a survey saw and what a run's report added to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from shared.domain.candidates import Candidate, newest_good
from shared.domain.errors import GatewayError
from shared.domain.image_paths import Matcher, canonical, segments
from shared.domain.models import CustomImage, Outcome, Record, SavedImage
from shared.domain.regions import normal
from shared.domain.report import Delivery
from shared.domain.targets import Target

# newest, older: what the lab holds. never: wanted, and no version has ever come. making, broken: no version is ready.
# not-saved: the factory has no saved image of this path (any more). unknown: the lab could not be looked at.
State = Literal["newest", "older", "never", "making", "broken", "not-saved", "unknown"]

_PROBLEM = "lab-unreadable"


class Newest(Record):
    """One image path; `image_name` is its newest good saved image. `problem` is why that one cannot be delivered."""

    image_path: str
    image_name: str | None = None
    saved_at: datetime | None = None
    problem: str | None = None


class Holding(Record):
    """What one lab holds of one image path. `saved_at` is when that version was saved, not when it was delivered."""

    image_path: str
    state: State
    image_name: str | None = None
    saved_at: datetime | None = None
    wanted: bool = True  # by labs.json


class FleetLab(Record):
    """One target lab as it was at `seen_at`; `problem` is the reason why its images are unknown."""

    subscription_id: str
    resource_group: str
    lab: str
    region: str = ""
    seen_at: datetime
    problem: str | None = None
    images: tuple[Holding, ...] = ()


class Fleet(Record):
    """All target labs of labs.json and all image paths; each lab says itself when it was seen."""

    surveyed_at: datetime | None = None
    run_id: str | None = None
    images: tuple[Newest, ...] = ()
    labs: tuple[FleetLab, ...] = ()


def survey(
    run_id: str,
    seen_at: datetime,
    catalogue: Sequence[SavedImage],
    targets: Sequence[Target],
    images: Mapping[str, tuple[CustomImage, ...] | GatewayError],
) -> Fleet:
    """The fleet as a run saw it. `images` holds, by lab id, the custom images of each lab that is not blocked."""
    candidates, _ = newest_good(catalogue)
    reader = _Reader(candidates, catalogue)
    labs = tuple(reader.lab(target, images, seen_at) for target in targets)
    newest = [
        Newest(
            image_path=each.shown,
            image_name=each.image.record.image_name,
            saved_at=each.image.record.timestamp,
            problem=each.blocked,
        )
        for each in candidates
    ]
    return Fleet(surveyed_at=seen_at, run_id=run_id, images=_with_strangers(newest, labs), labs=labs)


def after(fleet: Fleet, deliveries: Iterable[Delivery]) -> Fleet:
    """The fleet once these deliveries of the same run have ended: what was delivered is now the newest there."""
    arrived: dict[tuple[str, str, str], dict[str, Delivery]] = {}
    for each in deliveries:
        if each.outcome is Outcome.DELIVERED:
            arrived.setdefault(_key(each), {})[canonical(each.image_path)] = each
    saved_at = {canonical(each.image_path): each.saved_at for each in fleet.images}
    labs = []
    for lab in fleet.labs:
        there = arrived.get(_key(lab), {})
        held = [_renewed(each, there.get(canonical(each.image_path)), saved_at) for each in lab.images]
        labs.append(lab.model_copy(update={"images": tuple(held)}))
    return fleet.model_copy(update={"labs": tuple(labs)})


def merged(known: Fleet | None, seen: Fleet, *, whole: bool) -> Fleet:
    """What is known after a survey: all of it where it was of all of labs.json, else its labs among others."""
    if known is None or whole:
        return seen
    fresh = {_key(lab): lab for lab in seen.labs}
    labs = [fresh.pop(_key(lab), lab) for lab in known.labs]
    united = (*labs, *fresh.values())
    newest = [each for each in seen.images if each.image_name is not None]
    return seen.model_copy(update={"images": _with_strangers(newest, united), "labs": united})


class _Reader:
    """Reads labs' listings against one catalogue."""

    def __init__(self, candidates: Sequence[Candidate], catalogue: Sequence[SavedImage]) -> None:
        self._candidates = {each.path: each for each in candidates}
        self._by_id = {each.id: each for each in catalogue}
        self._by_name = {each.record.image_name.lower(): each for each in catalogue}

    def lab(
        self, target: Target, images: Mapping[str, tuple[CustomImage, ...] | GatewayError], seen_at: datetime
    ) -> FleetLab:
        """One target lab; where it could not be looked at, all that it wants is unknown."""
        lab, wanted = target.lab, Matcher(target.target.image_paths)
        listing = images.get(lab.id) if lab and not target.blocked else None
        seen = isinstance(listing, tuple)
        return FleetLab(
            subscription_id=target.target.subscription_id,
            resource_group=lab.resource_group if lab else target.target.resource_group or "",
            lab=lab.name if lab else target.target.name,
            region=normal(lab.region) if lab else "",
            seen_at=seen_at,
            problem=None if seen else target.blocked or _PROBLEM,
            images=tuple(self._holdings(listing if isinstance(listing, tuple) else None, wanted)),
        )

    def _holdings(self, listing: tuple[CustomImage, ...] | None, wanted: Matcher) -> list[Holding]:
        there: dict[str, list[CustomImage]] = {}
        for image in listing or ():
            if image.image_path:
                there.setdefault(canonical(image.image_path), []).append(image)
        shown = {path: each.shown for path, each in self._candidates.items() if path in there or wanted.wanted(path)}
        shown |= {
            path: "/".join(segments(some[0].image_path or "")) for path, some in there.items() if path not in shown
        }
        return [
            Holding(image_path=name, wanted=wanted.wanted(path), state="unknown")
            if listing is None
            else self._holding(path, name, there.get(path, []), wanted=wanted.wanted(path))
            for path, name in sorted(shown.items())
        ]

    def _holding(self, path: str, shown: str, there: Sequence[CustomImage], *, wanted: bool) -> Holding:
        if not there:
            return Holding(image_path=shown, state="never", wanted=wanted)
        ready = [each for each in there if each.provisioning_state.lower() == "succeeded"]
        best = max(ready or there, key=self._age)
        return Holding(
            image_path=shown,
            state=self._state(path, best),
            image_name=best.name,
            saved_at=self._saved_at(best),
            wanted=wanted,
        )

    def _state(self, path: str, image: CustomImage) -> State:
        if image.provisioning_state.lower() != "succeeded":
            return "broken" if image.provisioning_state.lower() == "failed" else "making"
        candidate = self._candidates.get(path)
        if candidate is None:
            return "not-saved"
        same = candidate.image.id == image.record_id
        named = image.record_id is None and candidate.image.record.image_name.lower() == image.name.lower()
        return "newest" if same or named else "older"

    def _age(self, image: CustomImage) -> tuple[float, int, str]:
        at = self._saved_at(image)
        return at.timestamp() if at else 0.0, len(image.name), image.name

    def _saved_at(self, image: CustomImage) -> datetime | None:
        """When the version was saved; of one that is not in the catalogue any more, when the lab got it."""
        saved = self._by_id.get(image.record_id) if image.record_id else self._by_name.get(image.name.lower())
        return saved.record.timestamp if saved else image.created_at


def _with_strangers(newest: Sequence[Newest], labs: Iterable[FleetLab]) -> tuple[Newest, ...]:
    """The image paths of the catalogue, and after them those that only labs hold."""
    known = {canonical(each.image_path): each for each in newest}
    for lab in labs:
        for held in lab.images:
            known.setdefault(canonical(held.image_path), Newest(image_path=held.image_path))
    return tuple(known.values())


def _renewed(held: Holding, arrived: Delivery | None, saved_at: Mapping[str, datetime | None]) -> Holding:
    if arrived is None:
        return held
    facts = {"state": "newest", "image_name": arrived.image_name, "saved_at": saved_at.get(canonical(held.image_path))}
    return held.model_copy(update=facts)


def _key(lab: FleetLab | Delivery) -> tuple[str, str, str]:
    return lab.subscription_id.lower(), lab.resource_group.lower(), lab.lab.lower()
