"""Reading JSON: the same values as Python's json, and every usual mistake with its place and remedy."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.json_places import Array, Document, Node, Object
from shared.domain.json_reader import MAX_DEPTH, MAX_FAULTS, read, read_text

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
texts_like_json = st.lists(
    st.sampled_from(
        [*"{}[]\",:\\'/ \n\t-0127.eE", "true", "null", "NaN", '"a"', "\\u00e4", "// x", "\u00a0", "-Infinity"]
    ),
    max_size=14,
).map("".join)


def faults(text: str) -> list[tuple[int, int, str]]:
    document = read_text(text)
    return [(*document.place(fault.start), fault.message) for fault in document.faults]


def the_fault(text: str) -> tuple[int, int, str]:
    (fault,) = faults(text)
    return fault


def plain(node: Node) -> object:
    """The value as Python's json gives it: of a repeated key the last one counts."""
    match node:
        case Object():
            return {member.key: plain(member.node) for member in node.members}
        case Array():
            return [plain(item) for item in node.items]
        case _:
            return node.value


def value(document: Document) -> object:
    assert document.root is not None
    return plain(document.root)


def same(one: object, other: object) -> bool:
    # NaN is not equal to itself, but is written alike.
    return json.dumps(one) == json.dumps(other)


@settings(deadline=None)
@given(values, st.sampled_from([None, 0, 2]), st.booleans())
def test_sound_documents_have_the_values_that_python_reads(
    wanted: object, indent: int | None, plain_ascii: bool
) -> None:
    document = read_text(json.dumps(wanted, indent=indent, ensure_ascii=plain_ascii))
    assert document.faults == ()
    assert same(value(document), wanted)


@settings(deadline=None, max_examples=400)
@given(texts_like_json | st.text(max_size=20))
@example('["\\ud83d\\ude00", "\\ud800"]')
@example("[1E400, -0, -0.0, 1e-2]")
@example('{"a": 1, "a": 2}')
def test_a_text_is_faultless_exactly_when_python_reads_it(text: str) -> None:
    document = read_text(text)
    try:
        wanted = json.loads(text)
    except ValueError:
        assert document.faults
    else:
        assert document.faults == ()
        assert same(value(document), wanted)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_every_encoding_of_windows_editors_is_read(encoding: str) -> None:
    document = read('{"Name": "Büro"}'.encode(encoding))
    assert document.faults == ()
    assert value(document) == {"Name": "Büro"}


def test_other_encodings_are_named_with_the_place() -> None:
    document = read('{\n"Name": "Büro"}'.encode("cp1252"))
    (fault,) = document.faults
    assert document.root is None
    assert fault.code == "not-utf"
    assert document.place(fault.start) == (2, 11)
    assert "UTF-8" in fault.message


@pytest.mark.parametrize("text", ["", "  \r\n", "\ufeff".encode().decode("utf-8-sig")])
def test_nothing_is_an_empty_document(text: str) -> None:
    assert [fault.code for fault in read_text(text).faults] == ["empty-file"]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('["a",\n "b",\n]', 2, 5, "comma is one too many"),
        ("[1,,2]", 1, 4, "comma is one too many"),
        ("{'Labs': 1}", 1, 2, '"Labs"'),
        ("[\u201cWin2016\u201d]", 1, 2, '"Win2016"'),
        ('["a"]\n// done', 2, 1, "no comments"),
        ("[1, # one\n2]", 1, 5, "no comments"),
        ("[/* one */ 1]", 1, 2, "no comments"),
        ('["Win2016\\Datacenter.json"]', 1, 10, '"Win2016/Datacenter.json"'),
        ('["Win2016\\", "Linux"]', 1, 15, "a backslash"),
        ('["Win2016\\"\n]', 1, 10, '"Win2016/"'),
        ('["Win\\ubuntu.json"]', 1, 6, '"Win/ubuntu.json"'),
        ('{"a": [1, 2\n', 2, 1, "`[` of line 1 is not closed"),
        ('{\n"a": [1, 2}', 2, 11, "`[` of line 2 is not closed"),
        ('{"a": 1', 1, 8, "`{` of line 1 is not closed"),
        ('{"a" 1}', 1, 5, "colon"),
        ("{Labs: 1}", 1, 2, '"Labs"'),
        ("[True]", 1, 2, "`true`"),
        ("[Win2016/x.json]", 1, 2, '"Win2016/x.json"'),
        ('["a"\n"b"]', 1, 4, "comma is missing"),
        ('["a" "b"]', 1, 4, "comma is missing"),
        ('["a\nb"]', 1, 2, "no closing"),
        ('["a\tb"]', 1, 2, "control character"),
        ("[1\u00a0]", 1, 3, "U+00A0"),
        ("[1] 2", 1, 5, "Remove what follows"),
        ("[1;2]", 1, 3, "`;`"),
        ('{"a": }', 1, 7, "a value"),
        ("{1: 2}", 1, 2, "a key"),
        ("<Labs/>", 1, 1, "`<`"),
        ("[" + "1" * 5000 + "]", 1, 2, "too long"),
        ("[" * (MAX_DEPTH + 1), 1, MAX_DEPTH + 1, "deep"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_remedy(text: str, line: int, column: int, words: str) -> None:
    found = the_fault(text)
    assert found[:2] == (line, column)
    assert words in found[2]


def test_one_reading_finds_all_mistakes_and_still_the_values() -> None:
    document = read_text("{Labs: ['a\\b', /* c */ \"x\\y\",], 'n': None}")
    assert len(document.faults) == 7
    assert value(document) == {"Labs": ["a\\b", "x/y"], "n": None}


def test_hostile_texts_end_with_few_faults() -> None:
    hostile = [
        "[" * 500_000,
        "[1 /**/" * 100_000,
        '"' * 500_000,
        "\\" * 500_000,
        '["' + "\\D" * 250_000,
        "/*" * 250_000,
    ]
    hostile += ['["a\\"' * 100_000, "'" * 500_000, "[" + ",1" * 200_000, " \u00a0" * 200_000]
    for text in hostile:
        assert 1 <= len(read_text(text).faults) <= MAX_FAULTS
