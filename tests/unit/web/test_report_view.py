"""What the report page says: the verdict, the problems with their remedies, and the matrix."""

import pytest

from shared.domain.models import Outcome, Severity
from shared.domain.report import Problem
from shared.web import report_view
from shared.web.explanations import EXPLANATIONS, explain
from shared.web.marks import MARKS, duration, size
from tests.unit.web.reports import FULL, delivery, finding, report, save


@pytest.mark.parametrize(
    ("status", "title", "tone"),
    [("Succeeded", "Succeeded", "good"), ("PartiallySucceeded", "Partially succeeded", "warn"),
     ("Failed", "Failed", "bad"), ("Cancelled", "Cancelled", "warn")],
)  # fmt: skip
def test_verdict_of_each_status(status: str, title: str, tone: str) -> None:
    verdict = report_view.verdict(report(status=status))
    assert (verdict.title, verdict.tone) == (title, tone)


def test_verdict_counts_what_was_done_and_says_why_the_run_failed() -> None:
    failed = report(
        status="Failed",
        error=Problem(code="run-died", message="The run died."),
        saves=(save(), save("b"), save("c", "skipped")),
        deliveries=(delivery(), delivery("Red", "already-present"), delivery("Green", "failed")),
    )
    assert report_view.verdict(failed).sentences == [
        "The run died.",
        "Machines: 2 saved, 1 skipped.",
        "Deliveries: 1 already present, 1 delivered, 1 failed.",
    ]


def test_a_dry_run_says_that_nothing_was_changed() -> None:
    assert "nothing was changed" in report_view.verdict(report(dry_run=True)).sentences[0]


def test_problems_gather_what_failed_for_one_reason_and_say_what_to_do() -> None:
    labs = [delivery(f"Lab{number:02}", "failed", reason="name-taken") for number in range(12)]
    (problem,) = report_view.problems(report(deliveries=tuple(labs)))
    assert problem.title == explain("name-taken").meaning
    assert any("Rename or delete that custom image" in sentence for sentence in problem.sentences)
    assert problem.places[0] == "Lab00: Win2022_Datacenter-Nov-23-2026"
    assert (len(problem.places), problem.more) == (10, 2)


def test_an_error_of_the_configuration_is_a_problem_with_its_place() -> None:
    (problem,) = report_view.problems(report(findings=(finding(), finding(Severity.WARNING, "unwanted-image"))))
    assert problem.sentences[0] == "There is no lab TeamGrey. Correct the entry. (Labs[2], line 14)"


def test_the_words_of_a_failure_are_shown_for_a_code_without_explanation() -> None:
    text = "Could not make the image. Azure says: out of luck."
    (problem,) = report_view.problems(report(saves=(save("a", "failed", reason=text, error_code="bad-luck"),)))
    assert (problem.title, problem.sentences) == ("bad-luck", [text])


def test_the_reason_with_most_places_comes_first() -> None:
    deliveries = (
        delivery("A", "failed", reason="lab-not-found"),
        delivery("B", "failed", reason="name-taken"),
        delivery("C", "failed", reason="name-taken"),
    )
    titles = [each.title for each in report_view.problems(report(deliveries=deliveries))]
    assert titles == [explain("name-taken").meaning, explain("lab-not-found").meaning]


def test_skips_are_no_problems() -> None:
    assert report_view.problems(report(saves=(save("a", "skipped", reason="gen2"),))) == []


def test_the_matrix_has_a_row_for_each_lab_and_a_gap_where_nothing_is_wanted() -> None:
    rows = report_view.delivery_rows(FULL)
    paths = report_view.columns(rows)
    assert paths == ["Linux/Ubuntu.json", "Win2022/Datacenter.json"]
    matrix = report_view.matrix(rows, paths)
    assert [(row.lab, [cell and cell.number for cell in row.cells]) for row in matrix] == [
        ("TeamBlue", [None, 0]),
        ("TeamRed", [2, 1]),
    ]


def test_labs_of_one_name_in_two_groups_are_two_rows() -> None:
    rows = report_view.delivery_rows(report(deliveries=(delivery(), delivery(resource_group="other"))))
    assert len(report_view.matrix(rows, report_view.columns(rows))) == 2


def test_the_legend_shows_the_marks_that_occur_failures_first() -> None:
    legend = report_view.legend(report_view.delivery_rows(FULL))
    assert [mark.outcome for mark in legend] == ["failed", "delivered", "already-present"]


def test_every_outcome_has_a_mark_that_is_told_apart_without_colour() -> None:
    assert set(MARKS) == {str(outcome) for outcome in Outcome}
    of_deliveries = [mark.sign for name, mark in MARKS.items() if name != "saved"]
    assert len(of_deliveries) == len(set(of_deliveries))


def test_every_explanation_is_whole_sentences() -> None:
    for code, explanation in EXPLANATIONS.items():
        assert all(part[0].isupper() and part.endswith(".") for part in explanation if part), code
    assert str(explain("unheard-of")) == str(explain(None)) == ""


@pytest.mark.parametrize(
    ("count", "text"), [(0, ""), (512, "512 bytes"), (5 * 1024**2, "5 MiB"), (136365212160, "127.0 GiB")]
)
def test_sizes_for_people(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, ""), (59.4, "59 s"), (95, "1 min 35 s"), (2173.2, "36 min 13 s"), (3787, "1 h 3 min")]
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("factory", "from the factory to westeurope"),
        ("hub", "from the hub of westeurope"),
        ("lab", "from another lab in westeurope"),
        (None, ""),
    ],
)
def test_a_delivery_says_which_way_it_came(source: str | None, words: str) -> None:
    (row,) = report_view.delivery_rows(report(deliveries=(delivery(source=source),)))
    assert row.copied == words
