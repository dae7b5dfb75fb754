"""The newest good saved image of each image path: what deliveries choose from, and what is wrong with the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.image_paths import canonical, segments
from shared.domain.models import Finding, SavedImage, Severity


@dataclass(frozen=True)
class Candidate:
    """The image that is delivered for one image path; `blocked` is the reason why it cannot be."""

    image: SavedImage
    path: str  # canonical
    shown: str  # as people read it, with forward slashes
    blocked: str | None = None


def newest_good(images: Sequence[SavedImage]) -> tuple[tuple[Candidate, ...], tuple[Finding, ...]]:
    """One candidate for each image path, by path; where none is good the newest stands for it, blocked."""
    by_path: dict[str, list[SavedImage]] = {}
    for image in images:
        by_path.setdefault(canonical(image.record.image_path), []).append(image)
    candidates, findings = [], []
    for path, versions in sorted(by_path.items()):
        newest_first = sorted(versions, key=_age, reverse=True)
        chosen = next((image for image in newest_first if fault(image) is None), newest_first[0])
        candidates.append(Candidate(chosen, path, "/".join(segments(chosen.record.image_path)), fault(chosen)))
        newer = newest_first[: newest_first.index(chosen) + 1]
        findings += [_unusable(image, chosen) for image in newer if fault(image) is not None]
        findings += _in_doubt(chosen, [image for image in versions if image is not chosen and fault(image) is None])
    clashes = _name_clashes(candidates)
    return tuple(_refused(each, clashes) for each in candidates), (*findings, *map(_clash, clashes.values()))


def fault(image: SavedImage) -> str | None:
    """Why a saved image cannot be delivered: `vhd-missing` or `gen2`; None for a good one."""
    if not image.vhd_present:
        return "vhd-missing"
    return "gen2" if image.record.hyper_v_generation == "V2" else None


def _age(image: SavedImage) -> tuple[object, ...]:
    # Of two saves in one run the later name wins: Win-Nov-23-2026A after Win-Nov-23-2026.
    return image.record.timestamp, len(image.record.image_name), image.record.image_name, image.id


def _in_doubt(chosen: SavedImage, others: Sequence[SavedImage]) -> list[Finding]:
    """A warning where another image may be the newest, because a time's day and month could be exchanged."""
    earliest = min(_readings(chosen))
    rivals = [image for image in others if max(_readings(image)) > earliest]
    doubtful = [image for image in (chosen, *rivals) if image.record.other_timestamp]
    if not rivals or not doubtful:
        return []
    path, rival = "/".join(segments(chosen.record.image_path)), ", ".join(each.record.image_name for each in rivals)
    records = ", ".join(f"{image.id}.json ({_both(image)})" for image in doubtful)
    message = (
        f"Of the saved images of {path}, {chosen.record.image_name} is taken for the newest, but {rival} may be: "
        f"day and month of a time could be exchanged in {records}. Write the timestamp there as 2018-05-04T17:04:07Z, "
        "or retire the old images."
    )
    return [Finding(severity=Severity.WARNING, code="ambiguous-time", message=message)]


def _readings(image: SavedImage) -> list[datetime]:
    """The times that an image's record may mean."""
    return [time for time in (image.record.timestamp, image.record.other_timestamp) if time is not None]


def _both(image: SavedImage) -> str:
    return " or ".join(time.date().isoformat() for time in _readings(image))


def _unusable(image: SavedImage, chosen: SavedImage) -> Finding:
    name = f"{image.record.image_name} ({'/'.join(segments(image.record.image_path))})"
    if fault(image) == "gen2":
        problem = f"The saved image {name} comes from a Generation 2 machine, whose custom images do not boot."
        remedy = "Prepare the image on a Generation 1 machine."
    else:
        problem = f"The saved image {name} has a record, {image.id}.json, but its VHD is missing."
        remedy = "Save the machine again, or remove the record."
    instead = (
        "It is not delivered." if chosen is image else f"The older {chosen.record.image_name} is delivered instead."
    )
    message = f"{problem} {instead} {remedy}"
    return Finding(severity=Severity.WARNING, code=fault(image) or "", message=message)


def _name_clashes(candidates: Sequence[Candidate]) -> dict[str, list[Candidate]]:
    by_name: dict[str, list[Candidate]] = {}
    for each in candidates:
        by_name.setdefault(each.image.record.image_name.lower(), []).append(each)
    return {name: rivals for name, rivals in by_name.items() if len(rivals) > 1}


def _refused(candidate: Candidate, clashes: dict[str, list[Candidate]]) -> Candidate:
    if candidate.image.record.image_name.lower() not in clashes:
        return candidate
    return Candidate(candidate.image, candidate.path, candidate.shown, candidate.blocked or "name-collision")


def _clash(rivals: Sequence[Candidate]) -> Finding:
    paths = ", ".join(each.shown for each in rivals)
    message = (
        f"The saved images of {paths} are all called {rivals[0].image.record.image_name}, so a lab could not "
        "tell them apart and none is delivered. Rename a folder or file in the machines' tags ImagePath, and save them "
        "again."
    )
    return Finding(severity=Severity.ERROR, code="name-collision", message=message)
