"""labs.json -> the usable target labs, and everything that is wrong with it, at once. Asks nobody whether a lab exists.

A finding of severity `error` in the entry of a lab leaves out that lab alone; only a file that is no JSON, or has no
list `Labs`, is blocked as a whole.
"""

from collections.abc import Callable
from typing import NamedTuple

from shared.domain import labs_rules as rules
from shared.domain.findings import Findings, joined, shown
from shared.domain.image_paths import canonical, distinct
from shared.domain.json_places import Node, Object, Scalar, is_null
from shared.domain.json_reader import read
from shared.domain.models import Finding, LabsFile, Severity, TargetLab
from shared.domain.targets import union

DOCUMENT_KEYS = ("Labs",)
LAB_KEYS = ("SubscriptionId", "LabName", "ResourceGroup", "ImagePaths", "Relay")
NEEDED_KEYS = ("SubscriptionId", "LabName")


class _Listed(NamedTuple):
    """A usable lab and the offset of its entry."""

    lab: TargetLab
    start: int


def parse(content: bytes) -> LabsFile:
    """Reads labs.json as it is stored: UTF-8 or UTF-16, with or without byte order mark, at most 1 MiB.

    Raises nothing. The findings stand in the order of the file.
    """
    if len(content) > rules.MAX_BYTES:
        return LabsFile(findings=(_too_large(len(content)),), blocked=True)
    document = read(content)
    findings = Findings(document)
    labs = None if document.root is None else read_labs(document.root, findings)
    blocked = labs is None or bool(document.faults)
    return LabsFile(labs=() if labs is None or blocked else labs, findings=findings.all, blocked=blocked)


def read_labs(root: Node, findings: Findings, path: str = "") -> tuple[TargetLab, ...] | None:
    """The usable labs of a whole document, whose root is at `path`; None, with a finding, where `Labs` is no list."""
    remedy = 'Write {"Labs": [...]} with one object for each lab.'
    if not isinstance(root, Object):
        findings.error("no-labs-list", f"The configuration must be an object. {remedy}", path, root.start)
        return None
    fields = findings.fields(root, DOCUMENT_KEYS, path, "The configuration", unknown=Severity.WARNING)
    if "Labs" not in fields:
        findings.error("no-labs-list", f"The configuration has no key `Labs`. {remedy}", path, root.start)
        return None
    place = joined(path, "Labs")
    if (entries := findings.items(fields["Labs"], place, "`Labs`", code="no-labs-list")) is None:
        return None
    _check_number(entries, place, fields["Labs"].start, findings)
    listed = (_read_lab(entry, f"{place}[{index}]", findings) for index, entry in enumerate(entries[: rules.MAX_LABS]))
    return _united([one for one in listed if one is not None], findings)


def read_image_paths(
    items: tuple[Node, ...], path: str, subject: str, findings: Findings, *, start: int
) -> tuple[str, ...]:
    """The usable entries of a list of image paths, each once; `subject` begins the findings of the others."""
    if len(items) > rules.MAX_PATHS:
        message = (
            f"{subject}: there are {len(items):,} image paths, and at most {rules.MAX_PATHS} are allowed. Name folders."
        )
        findings.error("too-many-paths", message, path, start)
    read = [
        _read_image_path(item, f"{path}[{index}]", subject, findings)
        for index, item in enumerate(items[: rules.MAX_PATHS])
    ]
    return distinct(entry for entry in read if entry is not None)


def _read_lab(entry: Node, path: str, findings: Findings) -> _Listed | None:
    if not isinstance(entry, Object):
        message = f"{path} must be an object with {' and '.join(f'`{key}`' for key in NEEDED_KEYS)}."
        findings.error("lab-not-object", message, path, entry.start)
        return None
    before, subject = findings.errors, _subject(entry, path)
    members = findings.fields(entry, LAB_KEYS, path, subject, unknown=Severity.WARNING)
    fields = {key: node for key, node in members.items() if not is_null(node)}
    for key in NEEDED_KEYS:
        if key not in fields:
            message = f"{subject}: the key `{key}` is missing. Add it."
            findings.error("missing-key", message, joined(path, key), entry.start)
    reader = _Fields(fields, path, subject, findings)
    subscription = reader.text("SubscriptionId", rules.subscription_problem)
    name = reader.text("LabName", rules.lab_problem)
    group = reader.text("ResourceGroup", rules.group_problem)
    image_paths, relay = reader.image_paths(entry.start), reader.relay()
    if findings.errors > before or subscription is None or name is None:
        return None
    line, column = findings.place(entry.start)
    lab = TargetLab(
        subscription_id=subscription.lower(),
        name=name,
        resource_group=group,
        image_paths=image_paths,
        relay=relay,
        path=path,
        line=line,
        column=column,
    )
    return _Listed(lab, entry.start)


class _Fields:
    """The fields of one lab, each checked as it is read."""

    def __init__(self, fields: dict[str, Node], path: str, subject: str, findings: Findings) -> None:
        self._fields, self._path, self._subject, self._findings = fields, path, subject, findings

    def text(self, key: str, problem_of: Callable[[str], rules.Problem | None]) -> str | None:
        """A text that obeys its rule; None, with a finding where it is there, otherwise."""
        if (node := self._fields.get(key)) is None:
            return None
        path = joined(self._path, key)
        value = self._findings.text(node, path, f"{self._subject}: `{key}`")
        if value is None or (problem := problem_of(value)) is None:
            return value
        message = f"{self._subject}: the {key} `{shown(value)}` {problem.text}"
        self._findings.error(problem.code, message, path, node.start)
        return None

    def image_paths(self, lab_start: int) -> tuple[str, ...]:
        """The usable entries; a lab without any is warned about."""
        path, node = joined(self._path, "ImagePaths"), self._fields.get("ImagePaths")
        items = () if node is None else self._findings.items(node, path, f"{self._subject}: `ImagePaths`")
        if items is None:
            return ()
        start = lab_start if node is None else node.start
        if not items:
            message = f"{self._subject}: no `ImagePaths`, so it gets no images. Name folders or files of images."
            self._findings.warn("no-image-paths", message, path, start)
        return read_image_paths(items, path, self._subject, self._findings, start=start)

    def relay(self) -> bool:
        """Whether further copies may be read from the lab's own; true where nothing is said."""
        if (node := self._fields.get("Relay")) is None:
            return True
        value = self._findings.boolean(node, joined(self._path, "Relay"), f"{self._subject}: `Relay`")
        return value is True


def _read_image_path(item: Node, path: str, subject: str, findings: Findings) -> str | None:
    entry = findings.text(item, path, f"{subject}: an image path")
    if entry is None:
        return None
    if (problem := rules.image_path_problem(entry)) is not None:
        findings.error(problem.code, f"{subject}: the image path `{shown(entry)}` {problem.text}", path, item.start)
        return None
    if not canonical(entry):
        message = f'{subject}: the image path "{shown(entry)}" means every image. Name folders if that is too much.'
        findings.warn("matches-everything", message, path, item.start)
    elif rules.has_wildcard(entry):
        message = (
            f"{subject}: `*` and `?` in `{shown(entry)}` are taken as they stand. To mean a folder, name it alone."
        )
        findings.warn("wildcard", message, path, item.start)
    return entry.strip()


def _united(listed: list[_Listed], findings: Findings) -> tuple[TargetLab, ...]:
    """Each lab once: entries of one subscription, group and name become one lab that gets what any of them names.

    One without a group stays by itself: only Azure knows whether it means the lab of another entry.
    """
    groups: dict[tuple[str, str, str], list[TargetLab]] = {}
    for lab, start in listed:
        group = groups.setdefault((lab.subscription_id, lab.name.lower(), (lab.resource_group or "").lower()), [])
        if group:
            message = f'Lab "{lab.name}" stands in line {group[0].line} already. It gets the images of both entries.'
            findings.warn("duplicate-lab", f"{message} Make them one.", lab.path, start)
        group.append(lab)
    return tuple(union(group) for group in groups.values())


def _check_number(entries: tuple[Node, ...], place: str, start: int, findings: Findings) -> None:
    if not entries:
        findings.warn(
            "no-labs", "`Labs` is empty, so no image is delivered. Add one object for each lab.", place, start
        )
    if len(entries) > rules.MAX_LABS:
        message = f"There are {len(entries):,} labs, and at most {rules.MAX_LABS:,} are read. Remove the rest."
        findings.error("too-many-labs", message, f"{place}[{rules.MAX_LABS}]", entries[rules.MAX_LABS].start)


def _subject(entry: Object, path: str) -> str:
    """How messages name a lab: by its name, or by its place where it has none."""
    for member in entry.members:
        if member.key.lower() == "labname" and isinstance(member.node, Scalar) and isinstance(member.node.value, str):
            return f'Lab "{shown(member.node.value)}"'
    return path


def _too_large(size: int) -> Finding:
    message = (
        f"The file has {size:,} bytes, and at most {rules.MAX_BYTES:,} are read. Name folders instead of single files."
    )
    return Finding(severity=Severity.ERROR, code="too-large", message=message, line=1, column=1)
