"""Rules for single texts of labs.json."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.labs_rules import (
    MAX_BYTES,
    group_problem,
    has_wildcard,
    image_path_problem,
    lab_problem,
    subscription_problem,
)


@pytest.mark.parametrize("text", ["01234567-89ab-cdef-0123-456789abcdef", "C3D2E8B4-90A6-4C57-8B1D-5E7F4A9D2C02"])
def test_subscription_id_is_a_guid_in_any_case(text: str) -> None:
    assert subscription_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "<subscription ID>",
        "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        "your-subscription-id",
        "$(sub)",
        "{{ sub }}",
        "${SUB}",
    ],
)
def test_placeholder_of_an_id_is_named_as_such(text: str) -> None:
    problem = subscription_problem(text)
    assert problem is not None
    assert problem.code == "placeholder"


@pytest.mark.parametrize("text", ["a", "Team_Blue-2", "x" * 50])
def test_lab_names_are_letters_digits_hyphens_and_underscores(text: str) -> None:
    assert lab_problem(text) is None


@pytest.mark.parametrize("text", ["", "x" * 51, "a.b", "a b", "ä", "a/b", "Blue\n"])
def test_other_names_are_no_lab_names(text: str) -> None:
    assert lab_problem(text) is not None


@pytest.mark.parametrize(("text", "good"), [("rg-1_(x).y", True), ("Büro", True), ("x" * 91, False), ("a.", False)])
def test_group_names_follow_azure(text: str, good: bool) -> None:
    assert (group_problem(text) is None) is good


@pytest.mark.parametrize(
    "text", ["", "/", "Win2016", "a/b c/d.json", "..hidden/a..b", "Büro/ü.json", "your-lab/x.json"]
)
def test_usable_image_paths(text: str) -> None:
    assert image_path_problem(text) is None


@pytest.mark.parametrize(
    ("text", "words"), [("D:\\x", "drive"), ("a/ .. /b", "`..`"), ("a\u200bb", "U+200B"), ("a\tb", "a/tb")]
)
def test_unusable_image_path_is_told_why(text: str, words: str) -> None:
    problem = image_path_problem(text)
    assert problem is not None
    assert problem.code == "bad-image-path"
    assert words in problem.text


@settings(deadline=None)
@given(st.text(max_size=20))
def test_accepted_image_paths_can_be_shown_and_stay_below_their_root(text: str) -> None:
    if image_path_problem(text) is None:
        assert text.isprintable()
        assert ".." not in text.replace("\\", "/").split("/")


def test_wildcards_are_stars_and_question_marks() -> None:
    assert has_wildcard("Win*")
    assert has_wildcard("Win201?")
    assert not has_wildcard("Win2016")


@pytest.mark.parametrize("beginning", ["<", "{{", "$(", "${", "#{"])
def test_text_of_a_mebibyte_is_refused_for_its_length_whatever_it_is_made_of(beginning: str) -> None:
    # Looking for an end after each beginning would take many minutes here, and the worker with it.
    text = beginning * (MAX_BYTES // len(beginning))
    codes = [problem_of(text).code for problem_of in (subscription_problem, lab_problem, group_problem)]  # type: ignore[union-attr]
    assert codes == ["not-a-guid", "bad-name", "bad-name"]
    problem = image_path_problem(text)
    assert problem is not None
    assert "no image path has more than 256" in problem.text


@pytest.mark.parametrize("text", ["{{ a {b} }}", "$(Get-Name (x))", "${a${b}}", "#{a}#", "x/<folder>", "a}} {{b}}"])
def test_placeholder_may_stand_anywhere_and_hold_brackets(text: str) -> None:
    assert lab_problem(text) == lab_problem("<lab>")
    problem = image_path_problem(text)
    assert problem is not None
    assert problem.code == "placeholder"


@pytest.mark.parametrize("text", ["a}}b{{", ">a<", ")$(", "}${"])
def test_end_before_its_beginning_makes_no_placeholder(text: str) -> None:
    assert image_path_problem(text) is None
