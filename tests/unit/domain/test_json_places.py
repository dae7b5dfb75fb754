"""Values, keys and their places."""

import pytest

from shared.domain.json_places import Array, Object, Scalar, is_null
from shared.domain.json_reader import read_text

TEXT = '{\n  "Labs": [\r\n    "a",\n\t{"x": null, "x": 2}\r  ],\n "z": 1}'


def test_every_key_and_value_knows_its_line_and_column() -> None:
    document = read_text(TEXT)
    root = document.root
    assert isinstance(root, Object)
    labs, z = root.members
    assert document.place(root.start) == (1, 1)
    assert document.place(labs.start) == (2, 3)
    assert document.place(labs.node.start) == (2, 11)
    assert isinstance(labs.node, Array)
    assert [document.place(item.start) for item in labs.node.items] == [(3, 5), (4, 2)]
    # A lone carriage return ends a line too.
    assert document.place(z.start) == (6, 2)
    assert document.text[root.start : root.end] == TEXT


def test_repeated_keys_stay_visible() -> None:
    root = read_text('{"x": 1, "x": 2}').root
    assert isinstance(root, Object)
    assert [(member.key, member.node) for member in root.members] == [("x", Scalar(1, 6)), ("x", Scalar(2, 14))]


@pytest.mark.parametrize(("text", "null"), [("null", True), ("0", False), ("false", False), ("[]", False)])
def test_only_null_is_null(text: str, null: bool) -> None:
    root = read_text(text).root
    assert root is not None
    assert is_null(root) is null
