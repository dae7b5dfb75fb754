"""Collects the findings of one JSON document while its parts are read, each with its JSON path, line and column."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from shared.domain.json_places import Array, Document, Node, Object, Place, Scalar
from shared.domain.models import Finding, Severity

# An object with thousands of foreign keys is told about the first few; one more finding counts the rest.
MAX_UNKNOWN_KEYS = 10

_TYPES: dict[type, str] = {bool: "`true` or `false`", str: "a text", int: "a number", float: "a number"}
_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_LONGEST_SHOWN = 60


class Findings:
    """What is wrong or suspicious in one document; faults of its JSON are findings from the start."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: list[Finding] = []
        self.errors = 0  # so that a caller can see whether reading a part added any
        for fault in document.faults:
            self.error(fault.code, fault.message, "", fault.start)

    @property
    def all(self) -> tuple[Finding, ...]:
        """Every finding so far, in the order of the document."""
        return tuple(sorted(self._found, key=lambda finding: (finding.line or 0, finding.column or 0)))

    def error(self, code: str, message: str, path: str, at: int) -> None:
        """Notes an error; `at` is an offset of the document."""
        self._add(Severity.ERROR, code, message, path, at)

    def warn(self, code: str, message: str, path: str, at: int) -> None:
        """Notes a warning; `at` is an offset of the document."""
        self._add(Severity.WARNING, code, message, path, at)

    def place(self, at: int) -> Place:
        """The line and column of an offset of the document."""
        return self._document.place(at)

    def fields(
        self, node: Object, known: Sequence[str], path: str, subject: str, *, unknown: Severity
    ) -> dict[str, Node]:
        """The members of an object by their known names, matched without case.

        A known key given twice is one error, and the last one counts. Other keys are findings of severity `unknown`,
        but `$schema` and keys that begin with `_` or `//` are the author's own. `subject` begins each message.
        """
        names = {name.lower(): name for name in known}
        fields: dict[str, Node] = {}
        repeated: set[str] = set()
        foreign: list[tuple[str, int]] = []
        for member in node.members:
            name = names.get(member.key.lower())
            if name is None:
                foreign.append((member.key, member.start))
                continue
            if name in fields and name not in repeated:
                repeated.add(name)
                message = f"{subject}: the key `{name}` is here twice (capitals make no difference). Remove one."
                self.error("duplicate-key", message, joined(path, name), member.start)
            fields[name] = member.node
        self._note_unknown([key for key in foreign if not _is_authors_own(key[0])], known, path, subject, unknown)
        return fields

    def wrong_type(self, node: Node, wanted: str, path: str, subject: str, *, code: str = "wrong-type") -> None:
        """Notes that a value is of another type than wanted."""
        message = f"{subject} must be {wanted}, but here is {_type_of(node)}."
        self.error(code, message, path, node.start)

    def text(self, node: Node, path: str, subject: str) -> str | None:
        """The value of a text; None, with a finding, for anything else."""
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.value
        self.wrong_type(node, "a text in double quotes", path, subject)
        return None

    def boolean(self, node: Node, path: str, subject: str) -> bool | None:
        """The value of a boolean; None, with a finding, for anything else."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.wrong_type(node, "`true` or `false` without quotes", path, subject)
        return None

    def items(self, node: Node, path: str, subject: str, *, code: str = "wrong-type") -> tuple[Node, ...] | None:
        """The items of a list; None, with a finding, for anything else."""
        if isinstance(node, Array):
            return node.items
        self.wrong_type(node, "a list in square brackets", path, subject, code=code)
        return None

    def _note_unknown(
        self, keys: list[tuple[str, int]], known: Sequence[str], path: str, subject: str, severity: Severity
    ) -> None:
        for key, at in keys[:MAX_UNKNOWN_KEYS]:
            message = f"{subject}: the key `{shown(key)}` is not known. {_remedy(key, known)}"
            self._add(severity, "unknown-key", message, joined(path, key), at)
        if rest := keys[MAX_UNKNOWN_KEYS:]:
            message = f"{subject}: {len(rest):,} more keys are not known. Remove them."
            self._add(severity, "unknown-key", message, path, rest[0][1])

    def _add(self, severity: Severity, code: str, message: str, path: str, at: int) -> None:
        self.errors += severity is Severity.ERROR
        line, column = self._document.place(at)
        self._found.append(Finding(severity=severity, code=code, message=message, path=path, line=line, column=column))


def joined(path: str, key: str) -> str:
    """The JSON path of a member, e.g. `Labs[3].LabName`; unusual keys stand in brackets and quotes."""
    if _PLAIN_KEY.fullmatch(key) is None or len(key) > _LONGEST_SHOWN:
        return f'{path}["{shown(key)}"]'
    return f"{path}.{key}" if path else key


def shown(text: str) -> str:
    """A text of the user as a message may show it: cut where it is long, with what is invisible as its number."""
    cut = text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)


def _is_authors_own(key: str) -> bool:
    return key == "$schema" or key.startswith(("_", "//"))


def _remedy(key: str, known: Sequence[str]) -> str:
    names = {name.lower(): name for name in known}
    # difflib takes the product of both lengths: a key of a megabyte must not.
    near = get_close_matches(key[:_LONGEST_SHOWN].lower(), names, n=1)
    return f"Did you mean `{names[near[0]]}`?" if near else f"Known are {', '.join(f'`{name}`' for name in known)}."


def _type_of(node: Node) -> str:
    """What a value is, in plain words."""
    match node:
        case Object():
            return "an object"
        case Array():
            return "a list"
        case Scalar(value=None):
            return "`null`"
        case Scalar():
            return _TYPES[type(node.value)]
