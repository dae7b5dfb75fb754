"""What the PowerShell scripts would have made of a labs.json, and where this factory decides otherwise.

Their rule is one line of DistributeImages.ps1: an image goes to a lab if its path begins with an entry. It is applied
here to the entries exactly as they are written, with the scripts' own regard to capitals and slashes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from shared.domain import labs_file
from shared.domain.findings import shown
from shared.domain.image_paths import as_tag, canonical, matches, segments
from shared.domain.json_places import Array, Document, Node, Object, Place, Scalar
from shared.domain.json_reader import read
from shared.domain.models import Catalogue, LabsFile, Plan, PlannedDelivery, Record

Code = Literal[
    "prefix", "case", "slash", "blank", "lab-left-out", "region", "repair", "factory-lab", "gen2", "older-versions",
]  # fmt: skip


class Difference(Record):
    """One lab and image about which the scripts would have decided otherwise; the place is that of an entry."""

    code: Code
    lab: str
    image_path: str
    message: str
    line: int | None = None
    column: int | None = None


@dataclass
class _Listed:
    """A lab as the scripts would read it: its entries as written, each with its place."""

    name: str
    at: Place
    entries: list[tuple[str, Place]] = field(default_factory=list)


def wants(entry: str, image_path: str) -> bool:
    """Whether the scripts would have sent an image to a lab with this entry: its path begins with it, as written."""
    return as_tag(image_path).startswith(entry.replace("/", "\\"))


def compare(content: bytes, image_paths: Sequence[str]) -> tuple[Difference, ...]:
    """Where the scripts would have chosen other images for a lab, in the order of the file and of the images."""
    labs, document = labs_file.parse(content), read(content)
    ours: dict[tuple[str, str], tuple[str, ...]] = {}
    for lab in labs.labs:
        key = _key(lab.subscription_id, lab.name)
        ours[key] = (*ours.get(key, ()), *lab.image_paths)
    known = ["/".join(segments(path)) for path in image_paths]
    found: list[Difference] = []
    for key, listed in _listed(document).items():
        entries = ours.get(key)
        for path in known:
            difference = _left_out(listed, path) if entries is None else _compared(listed, entries, path)
            found += [difference] if difference else []
    return tuple(found)


def compare_plan(labs: LabsFile, plan: Plan, catalogue: Catalogue) -> tuple[Difference, ...]:
    """Where the scripts would have decided otherwise for reasons that only Azure knows: region, state, versions."""
    places = {_key(lab.subscription_id, lab.name): lab for lab in reversed(labs.labs)}
    found: list[Difference] = []
    for each in plan.deliveries:
        target = places.get(_key(each.subscription_id, each.lab))
        for code, message in _in_azure(each, catalogue):
            place = {"line": target.line, "column": target.column} if target else {}
            found.append(Difference(code=code, lab=each.lab, image_path=each.image_path, message=message, **place))
    return tuple(found)


def _compared(listed: _Listed, entries: Sequence[str], path: str) -> Difference | None:
    original = next((each for each in listed.entries if wants(each[0], path)), None)
    ours = next((entry for entry in entries if matches(entry, path)), None)
    if (original is None) == (ours is None):
        return None
    if original is not None:
        entry, at = original
        return _difference(
            "prefix",
            listed,
            path,
            at,
            f'The scripts send {path} to the lab {listed.name}, because its path begins with "{shown(entry)}". Here an '
            f"entry names a whole folder or file. Add {path} if the lab is to keep getting it.",
        )
    entry, at = next((each for each in listed.entries if matches(each[0].strip(), path)), (ours or "", listed.at))
    code, why = _why_not(entry, path)
    message = (
        f'The lab {listed.name} gets {path} here, by its entry "{shown(entry)}". The scripts do not send it: {why}'
    )
    return _difference(code, listed, path, at, f"{message} Remove or narrow the entry if the lab must not get it.")


def _why_not(entry: str, path: str) -> tuple[Code, str]:
    """Why the scripts do not see that an entry names an image."""
    if entry != entry.strip():
        return "blank", "there is a blank at its beginning or end."
    if wants("/".join(segments(entry)), path):
        return "slash", "its slashes are not where the image's path has them."
    return "case", "they compare capitals too."


def _left_out(listed: _Listed, path: str) -> Difference | None:
    if not any(wants(entry, path) for entry, _ in listed.entries):
        return None
    message = (
        f"The scripts try to send {path} to the lab {listed.name}. Here the lab is left out, because its entry has "
        "errors. Correct what the findings name."
    )
    return _difference("lab-left-out", listed, path, listed.at, message)


def _difference(code: Code, listed: _Listed, path: str, at: Place, message: str) -> Difference:
    return Difference(code=code, lab=listed.name, image_path=path, message=message, line=at.line, column=at.column)


def _in_azure(each: PlannedDelivery, catalogue: Catalogue) -> Iterable[tuple[Code, str]]:
    what = f"{each.image_path} for the lab {each.lab}"
    if each.reason == "factory-lab":
        yield "factory-lab", f"{what}: the scripts copy it onto itself and then delete the saved images. It is refused."
    elif each.reason == "gen2":
        yield "gen2", f"{what}: the scripts make a custom image of it, which does not boot. It is not delivered."
    elif each.crosses and each.action == "deliver":
        yield "region", f"{what}: the scripts refuse the lab's region {each.region}. Here it is delivered there."
    if each.repair:
        yield "repair", f"{what}: the scripts leave the failed image {each.image_name} as it is. Here it is made anew."
    older = _older(each, catalogue)
    if older and each.action != "blocked":
        yield (
            "older-versions",
            f"{what}: the scripts also send {older} older version{'s' * (older > 1)}. Here only the newest is sent.",
        )


def _older(each: PlannedDelivery, catalogue: Catalogue) -> int:
    path = canonical(each.image_path)
    return sum(
        image.id != each.record_id and image.vhd_present and canonical(image.record.image_path) == path
        for image in catalogue.images
    )


def _listed(document: Document) -> dict[tuple[str, str], _Listed]:
    """The labs as written, each once: the scripts serve every entry of a lab that is listed twice."""
    labs: dict[tuple[str, str], _Listed] = {}
    for entry in _items(_value(document.root, "Labs")):
        subscription, name = _text(_value(entry, "SubscriptionId")), _text(_value(entry, "LabName"))
        if name is None:
            continue
        key = _key(subscription or "", name)
        listed = labs.setdefault(key, _Listed(name, document.place(entry.start)))
        for item in _items(_value(entry, "ImagePaths")):
            if (text := _text(item)) is not None:
                listed.entries.append((text, document.place(item.start)))
    return labs


def _value(node: Node | None, key: str) -> Node | None:
    """PowerShell reads keys without regard to capitals."""
    members = node.members if isinstance(node, Object) else ()
    return next((member.node for member in members if member.key.lower() == key.lower()), None)


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Array) else ()


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None


def _key(subscription: str, name: str) -> tuple[str, str]:
    return subscription.lower(), name.lower()
