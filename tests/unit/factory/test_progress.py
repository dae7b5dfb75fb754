"""How a run that goes on is shown, in a log and in a terminal."""

import io
from typing import Any

import pytest
from rich.console import Console

from factory.progress import Bars, Lines, Rate, display, duration, gibibytes


def body(**saves: int) -> dict[str, Any]:
    return {
        "status": "Running",
        "counts": {
            "saves": saves,
            "deliveries": {"waiting": 2, "delivered": 1},
            "regions": {"westeurope": {"waiting": 1, "delivered": 1}, "eastus2": {"waiting": 1, "already-present": 1}},
        },
        "bytes": {"copied": 3 * 1024**3, "total": 12 * 1024**3},
    }


def lines(*bodies: dict[str, Any]) -> list[str]:
    output = io.StringIO()
    with display(Console(file=output, width=40)) as shown:
        for each in bodies:
            shown.show(each)
    return [line.partition(" s  ")[2] for line in output.getvalue().splitlines()]


def test_a_log_gets_one_unbroken_line_of_everything_that_goes_on() -> None:
    expected = (
        "Running; Saving: 3 of 6, 1 waiting, 2 copying, 3 saved; "
        "Delivering in eastus2: 1 of 2, 1 waiting, 1 already present; "
        "Delivering in westeurope: 1 of 2, 1 waiting, 1 delivered; "
        "Bytes copied: 3.0 GiB of 12.0 GiB"
    )
    assert lines(body(waiting=1, copying=2, saved=3)) == [expected]


def test_a_log_gets_a_line_only_where_a_count_has_changed() -> None:
    further = body(waiting=1) | {"bytes": {"copied": 4 * 1024**3, "total": 12 * 1024**3}}
    assert len(lines(body(waiting=1), body(waiting=1), further, body(saved=1))) == 2


def test_the_end_of_a_run_that_failed_says_why() -> None:
    error = {"code": "plan-changed", "message": "It is another plan."}
    assert lines({"status": "Failed", "error": error}) == ["Failed: plan-changed: It is another plan."]


def test_a_run_of_which_only_the_status_is_known_is_shown() -> None:
    assert lines({"status": "Waiting", "counts": {}, "bytes": {}}, {"status": "Running"}) == ["Waiting", "Running"]


def test_a_terminal_gets_a_bar_for_saving_for_each_region_and_for_the_bytes() -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=120, _environ={"TERM": "xterm"})
    with display(console) as shown:
        assert isinstance(shown, Bars)
        shown.say("Starting [all]")
        shown.show(body(saved=1, waiting=1))
        shown.show(body(saved=2))
    text = output.getvalue()
    for part in ("Starting [all]", "Saving", "2 of 2", "Delivering in eastus2", "Bytes copied", "3.0 GiB of 12.0 GiB"):
        assert part in text


def test_a_terminal_that_cannot_move_its_cursor_gets_lines() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    assert isinstance(display(console), Lines)


def test_a_rate_and_the_time_to_go_are_measured_over_the_last_half_minute() -> None:
    now = iter([0.0, 10.0, 20.0, 100.0, 110.0])
    rate = Rate(lambda: next(now))
    mib = 1024**2
    assert rate.words(0, 6000 * mib) == ""
    assert rate.words(600 * mib, 6000 * mib) == ", 60 MiB/s, 2 min to go"
    assert rate.words(1200 * mib, 6000 * mib) == ", 60 MiB/s, 1 min to go"
    assert rate.words(1200 * mib, 6000 * mib) == ""
    assert rate.words(6000 * mib, 6000 * mib) == ""


@pytest.mark.parametrize(("seconds", "text"), [(5, "5 s"), (90, "2 min"), (5040, "1 h 24 min")])
def test_a_duration_is_written_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (512, "512 bytes"), (2048, "2 KiB"), (5 * 1024**2, "5 MiB"), (136365211648, "127.0 GiB"),
     (2048 * 1024**3, "2,048.0 GiB")],
)  # fmt: skip
def test_bytes_are_written_for_people(count: int, text: str) -> None:
    assert gibibytes(count) == text
