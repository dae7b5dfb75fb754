"""The matcher of entries and image paths."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.image_paths import Matcher, as_tag, canonical, matches, segments, unmatched

names = st.text("abAB1. -_", min_size=1, max_size=4).filter(lambda name: name.strip(". ") != "")
files = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".json")
entries = st.one_of(files, st.lists(names, max_size=3).map("/".join), st.just("/"))
any_paths = st.text("aB/\\.json", max_size=12)


@pytest.mark.parametrize(
    ("entry", "image_path"),
    [
        ("Win2016", "Win2016/Datacenter.json"),
        ("Win2016/", "Win2016/Sub/Datacenter.json"),
        ("Win2016/Datacenter.json", r"Win2016\Datacenter.json"),
        ("Win2016/Datacenter", "Win2016/Datacenter.json"),
        ("win2016\\DATACENTER.JSON", "Win2016/Datacenter.json"),
        ("/Win2016//Datacenter.json", "Win2016/Datacenter.json"),
        ("", "Win2016/Datacenter.json"),
        ("/", "Datacenter.json"),
        ("Datacenter", "Datacenter.json"),
        ("Folder.json", "Folder.json/Datacenter.json"),
    ],
)
def test_entry_names_its_folder_or_its_file(entry: str, image_path: str) -> None:
    assert matches(entry, image_path)
    assert unmatched([entry], [image_path]) == []


@pytest.mark.parametrize(
    ("entry", "image_path"),
    [
        ("Win2016", "Win2016-Core/Datacenter.json"),
        ("Win2016", "Win2016Beta.json"),
        ("Win2016/Data", "Win2016/Datacenter.json"),
        ("Datacenter.json", "Win2016/Datacenter.json"),
        ("Win2016.json", "Win2016/Datacenter.json"),
        ("Win2016/Datacenter.json/More", "Win2016/Datacenter.json"),
    ],
)
def test_entry_names_nothing_that_only_begins_or_ends_alike(entry: str, image_path: str) -> None:
    assert not matches(entry, image_path)
    assert unmatched([entry], [image_path]) == [entry]


def test_matcher_selects_in_the_order_of_the_images() -> None:
    images = ["b/2.json", "a/1.json", "c.json", "b/1.json"]
    assert Matcher(["b", "C"]).select(images) == ["b/2.json", "c.json", "b/1.json"]
    assert Matcher([]).select(images) == []


def test_every_image_entry_is_unmatched_only_where_there_is_no_image() -> None:
    assert unmatched(["", "/"], ["a.json"]) == []
    assert unmatched(["", "/"], []) == ["", "/"]


def test_tag_is_written_with_backslashes_in_its_own_case() -> None:
    assert as_tag("/Win2016//Data.json") == r"Win2016\Data.json"
    assert as_tag(r"Win2016\Data.json") == r"Win2016\Data.json"


@settings(deadline=None)
@given(any_paths)
def test_canonical_form_is_stable_and_knows_no_case_or_slash(path: str) -> None:
    form = canonical(path)
    assert canonical(form) == form
    assert canonical(path.swapcase().replace("/", "\\")) == form
    assert canonical(as_tag(path)) == form


@settings(deadline=None)
@given(st.lists(entries, max_size=4), st.lists(files, max_size=6))
def test_matcher_agrees_with_a_plain_reading_of_the_rule(listed: list[str], images: list[str]) -> None:
    def plainly(entry: str, image_path: str) -> bool:
        wanted, parts = [[part.casefold() for part in segments(path)] for path in (entry, image_path)]
        if wanted == parts[: len(wanted)]:
            return True
        wanted[-1:] = [part.removesuffix(".json") for part in wanted[-1:]]
        return wanted == [*parts[:-1], parts[-1].removesuffix(".json")]

    matcher = Matcher(listed)
    for image_path in images:
        assert matcher.wanted(image_path) == any(plainly(entry, image_path) for entry in listed)
    assert unmatched(listed, images) == [
        entry for entry in listed if not any(plainly(entry, image_path) for image_path in images)
    ]
