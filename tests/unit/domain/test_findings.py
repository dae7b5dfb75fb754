"""Collecting findings with their places."""

import pytest

from shared.domain.findings import Findings, joined, shown
from shared.domain.json_places import Node, Object
from shared.domain.json_reader import read_text
from shared.domain.models import Severity


@pytest.mark.parametrize(
    ("path", "key", "place"),
    [("", "Labs", "Labs"), ("Labs[3]", "LabName", "Labs[3].LabName"), ("Labs[3]", "odd key", 'Labs[3]["odd key"]')],
)
def test_place_of_a_member_reads_like_code(path: str, key: str, place: str) -> None:
    assert joined(path, key) == place


def test_long_and_invisible_texts_are_shown_short_and_visibly() -> None:
    assert shown("a\u202eb\n\ud800") == "a\\u202eb\\u000a\\ud800"
    assert shown("x" * 100) == "x" * 57 + "..."


@pytest.mark.parametrize(
    ("text", "name"),
    [("{}", "an object"), ("[]", "a list"), ("null", "`null`"), ("1.5", "a number"), ("true", "`true` or `false`")],
)
def test_wrong_type_says_what_was_found(text: str, name: str) -> None:
    document = read_text(text)
    findings = Findings(document)
    assert document.root is not None
    assert findings.text(document.root, "x", "`x`") is None
    assert findings.all[0].message == f"`x` must be a text in double quotes, but here is {name}."


def test_errors_are_counted_and_warnings_are_not() -> None:
    document = read_text('{"a": 1, "A": 2, "b": 3}')
    findings = Findings(document)
    root = document.root
    assert isinstance(root, Object)
    fields: dict[str, Node] = findings.fields(root, ["a"], "", "It", unknown=Severity.WARNING)
    assert list(fields) == ["a"]
    assert findings.errors == 1
    assert [(finding.code, finding.column) for finding in findings.all] == [("duplicate-key", 10), ("unknown-key", 18)]
