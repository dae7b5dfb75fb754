"""Why a lab gets an image or does not, step by step: its entry, what it asks for, what is saved, what the lab holds.

It tells what the plan decided and decides nothing itself.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Literal

from shared.domain.image_paths import Matcher, canonical, matches, segments
from shared.domain.models import (
    Catalogue,
    Finding,
    LabsFile,
    Plan,
    PlannedDelivery,
    PlannedSave,
    Record,
    SavedImage,
    TargetLab,
)
from shared.domain.targets import may_be_one, named

Verdict = Literal["gets", "has", "blocked", "not-wanted", "not-saved", "not-listed"]


class Answer(Record):
    """What becomes of one lab and image, and why: `because` in the order of the decision, `reason` is a plan's code.

    `place` is that of the lab's entry in labs.json.
    """

    lab: str
    subscription_id: str = ""
    place: str = ""
    image_path: str
    verdict: Verdict
    reason: str | None = None
    because: tuple[str, ...] = ()


def explain(labs: LabsFile, plan: Plan, catalogue: Catalogue, lab: str, image: str) -> tuple[Answer, ...]:
    """An answer for each image that `image` names: an image path, a folder, `/` for all, or the name of a saved image.

    `lab` is a bare name or `<subscription id>/<lab>`; `catalogue` is as it would be after the plan's saves.
    """
    found = named(labs.labs, lab)
    if not found or not may_be_one(found):
        return (Answer(lab=lab, image_path=image, verdict="not-listed", because=_unlisted(labs, lab)),)
    paths = _paths(plan, catalogue, image)
    return tuple(_answer(found, plan, catalogue, path) for path in paths) or (
        _unknown(_asking(found, image), plan, catalogue, image),
    )


def _unlisted(labs: LabsFile, lab: str) -> tuple[str, ...]:
    name = lab.rpartition("/")[2]
    same = [each for each in labs.labs if each.name.lower() == name.lower()]
    if len(same) > 1:
        ids = ", ".join(f"{each.subscription_id}/{each.name}" for each in same)
        return (f"labs.json names more than one lab {name}. Ask for one of them: {ids}.",)
    faults = [each.message for each in labs.findings if f'Lab "{name}"'.lower() in each.message.lower()]
    if faults:
        return ("The entry of this lab has errors, so nothing is delivered to it.", *faults)
    close = get_close_matches(name.lower(), {each.name.lower(): each.name for each in labs.labs}, n=1)
    shown = next((each.name for each in labs.labs if close and each.name.lower() == close[0]), None)
    remedy = f"Did you mean {shown}?" if shown else "Add the lab to labs.json if it is to get images."
    return (f"labs.json does not name the lab {lab}. {remedy}",)


def _paths(plan: Plan, catalogue: Catalogue, image: str) -> list[str]:
    """The image paths that are meant, as people read them, each once."""
    known: dict[str, str] = {}
    carried = (each.image_path for each in plan.saves if each.image_path)
    for path in (*(each.record.image_path for each in catalogue.images), *carried):
        known.setdefault(canonical(path), "/".join(segments(path)))
    meant = Matcher((image,)).select(known.values())
    if not meant:
        named_so = (each for each in catalogue.images if each.record.image_name.lower() == image.lower())
        meant = [known[canonical(each.record.image_path)] for each in named_so]
    return sorted(dict.fromkeys(meant), key=str.casefold)


def _asking(found: Sequence[TargetLab], path: str) -> TargetLab:
    """Of the entries of a lab the one that asks for an image, or the first."""
    return next((each for each in found if any(matches(entry, path) for entry in each.image_paths)), found[0])


def _answer(found: Sequence[TargetLab], plan: Plan, catalogue: Catalogue, path: str) -> Answer:
    target = _asking(found, path)
    entries = [entry for entry in target.image_paths if matches(entry, path)]
    if not entries:
        return _made(target, path, "not-wanted", None, [_asks(target, path)])
    because = [_matched(target, entries[0], path)]
    delivery = _delivery(plan, target, path)
    because += _saves(plan, path)
    if delivery is None:
        because.append("There is no saved image of it. Deallocate a machine with this tag ImagePath, and run again.")
        return _made(target, path, "not-saved", None, because)
    because += _versions(plan, catalogue, delivery)
    if delivery.action == "blocked":
        because += [each.message for each in plan.findings if each.code == delivery.reason and _is_about(each, found)]
        return _made(target, path, "blocked", delivery.reason, because)
    if delivery.action == "present":
        because.append(f"The lab {delivery.lab} has a custom image {delivery.image_name} already.")
        return _made(target, path, "has", delivery.reason, because)
    because.append(_route(plan, delivery))
    return _made(target, path, "gets", delivery.reason, because)


def _unknown(target: TargetLab, plan: Plan, catalogue: Catalogue, image: str) -> Answer:
    known = {canonical(path): path for path in _paths(plan, catalogue, "/")}
    close = get_close_matches(canonical(image), known, n=1)
    remedy = f"Did you mean {known[close[0]]}?" if close else "Prepare a machine with this tag ImagePath."
    because = [f"The factory has neither a saved image nor a machine of the image path {image}. {remedy}"]
    wanted = [entry for entry in target.image_paths if matches(entry, image)]
    because += [_matched(target, wanted[0], image)] if wanted else []
    return _made(target, image, "not-saved", None, because)


def _made(target: TargetLab, path: str, verdict: Verdict, reason: str | None, because: Iterable[str]) -> Answer:
    place = f"{target.path}, line {target.line}" if target.line else target.path
    return Answer(
        lab=target.name,
        subscription_id=target.subscription_id,
        place=place,
        image_path=path,
        verdict=verdict,
        reason=reason,
        because=tuple(because),
    )


def _asks(target: TargetLab, path: str) -> str:
    if not target.image_paths:
        return f"The lab {target.name} asks for no images. Add {path} or its folder to its ImagePaths."
    asked = ", ".join(f'"{entry}"' for entry in target.image_paths)
    text = f"The lab {target.name} asks for {asked}, and none of them names {path}."
    begun = next((entry for entry in target.image_paths if canonical(path).startswith(canonical(entry))), None)
    if begun is not None:
        return f'{text} The entry "{begun}" is how the path begins, but an entry names a whole folder or file.'
    return f"{text} Add it or its folder to the ImagePaths of the lab if it is to get it."


def _matched(target: TargetLab, entry: str, path: str) -> str:
    if not canonical(entry):
        how = "means every image"
    elif canonical(path).startswith(f"{canonical(entry)}/"):
        how = "names the folder that it is in"
    else:
        how = "names it"
    return f'The lab {target.name} asks for it: its entry "{entry}" {how}.'


def _saves(plan: Plan, path: str) -> list[str]:
    """What becomes of the machines that carry this image path."""
    machines = [save for save in plan.saves if canonical(save.image_path or "") == canonical(path)]
    return [_machine(save) for save in machines]


def _machine(save: PlannedSave) -> str:
    if save.action == "save":
        return f"The machine {save.vm} is saved as {save.image_name}."
    return f"The machine {save.vm} is not saved: {save.reason}."


def _versions(plan: Plan, catalogue: Catalogue, delivery: PlannedDelivery) -> list[str]:
    """Which saved image is delivered, and that older ones are not."""
    of_path = [each for each in catalogue.images if canonical(each.record.image_path) == canonical(delivery.image_path)]
    chosen = next((each for each in of_path if each.id == delivery.record_id), None)
    if chosen is None:
        return []
    older = len(of_path) - 1
    more = f" {older} other version{'s are' if older > 1 else ' is'} not delivered." if older else ""
    if chosen.record.run_id == plan.run_id:
        return [f"Its newest image is the one that this run saves.{more}"]
    return [f"Its newest good saved image is {_dated(chosen)}.{more}"]


def _dated(image: SavedImage) -> str:
    return f"{image.record.image_name}, saved {image.record.timestamp:%Y-%m-%d %H:%M} UTC"


def _route(plan: Plan, delivery: PlannedDelivery) -> str:
    region = next((each for each in plan.regions if each.region == delivery.region), None)
    text = f"It is copied to the lab {delivery.lab} in {delivery.region}"
    if region is None or region.home:
        return f"{text}, the factory's own region."
    if region.hub:
        return f"{text} from the hub {region.hub} there, into which it crosses from {plan.factory_region} once."
    return f"{text} across regions from {plan.factory_region}: the setting REGION_HUBS names no hub there."


def _delivery(plan: Plan, target: TargetLab, path: str) -> PlannedDelivery | None:
    wanted = (target.subscription_id.lower(), target.name.lower(), canonical(path))
    groups = (target.resource_group or "").lower()
    found: Sequence[PlannedDelivery] = [
        each
        for each in plan.deliveries
        if (each.subscription_id.lower(), each.lab.lower(), canonical(each.image_path)) == wanted
    ]
    return next((each for each in found if not groups or each.resource_group.lower() == groups), None)


def _is_about(finding: Finding, found: Sequence[TargetLab]) -> bool:
    return finding.path in ("", *(each.path for each in found))
