"""JSON with the place of every value and key, repeated keys included. Nothing here knows what a document means."""

import re
from bisect import bisect_right
from typing import NamedTuple

LINE_END = re.compile(r"\r\n|\r|\n")


class Place(NamedTuple):
    """A place in a text, counted from 1 as editors do; a column is one character."""

    line: int
    column: int


class Scalar(NamedTuple):
    """A text, number, boolean or null, and where it begins."""

    value: str | int | float | bool | None
    start: int


class Array(NamedTuple):
    """A list and where it begins."""

    items: "tuple[Node, ...]"
    start: int


class Member(NamedTuple):
    """One key of an object with its value, and where the key begins."""

    key: str
    node: "Node"
    start: int


class Object(NamedTuple):
    """An object, where it begins and where it ends (one after its bracket); a key may occur more than once."""

    members: tuple[Member, ...]
    start: int
    end: int


type Node = Scalar | Array | Object


class Fault(NamedTuple):
    """Why a text is not JSON, what to do, and where."""

    code: str
    message: str
    start: int


class Document:
    """A text that was read: its root (None where reading had to stop), its faults, and places for offsets."""

    def __init__(self, text: str, root: Node | None, faults: tuple[Fault, ...]) -> None:
        self.text = text
        self.root = root
        self.faults = faults
        self._lines = [0, *(line_end.end() for line_end in LINE_END.finditer(text))]

    def place(self, offset: int) -> Place:
        """The line and column of an offset of this document."""
        line = bisect_right(self._lines, offset)
        return Place(line, offset - self._lines[line - 1] + 1)


def is_null(node: Node) -> bool:
    """Whether a value is `null`."""
    return isinstance(node, Scalar) and node.value is None
