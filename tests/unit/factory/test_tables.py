"""The tables of a report on a console."""

import io
from typing import Any

from rich.console import Console

from factory.tables import print_report
from tests.unit.factory.fake_app import REPORT


def printed(report: dict[str, Any], width: int = 160) -> str:
    output = io.StringIO()
    print_report(Console(file=output, width=width), report)
    return output.getvalue()


def test_every_lab_and_image_is_one_row_with_outcome_and_reason() -> None:
    rows = [" ".join(line.split()) for line in printed(REPORT).splitlines()]
    assert "TeamBlue Win2022_Datacenter-Nov-23-2026 delivered" in rows
    assert "Team[red] Win2022_Datacenter-Nov-23-2026 failed name-taken" in rows
    assert "win2022 Win2022_Datacenter-Nov-23-2026 saved" in rows
    assert "sqlserver skipped not-deallocated" in rows


def test_every_code_is_explained_once_with_what_to_do() -> None:
    lines = printed(REPORT, width=60).splitlines()
    explained = [line for line in lines if line.startswith("not-deallocated: ")]
    assert len(explained) == 1
    assert explained[0].endswith("then stop it in the lab, and run again.")
    assert sum(line.startswith("name-taken: ") for line in lines) == 1


def test_findings_are_shown_with_their_place() -> None:
    assert "Labs[0].X: warning unknown-key: It is not known." in printed(REPORT)


def test_the_last_line_sums_up() -> None:
    assert printed(REPORT).splitlines()[-1] == (
        "PartiallySucceeded: images 1 saved, 1 skipped; deliveries 1 delivered, 1 failed; 127.0 GiB between regions"
    )


def test_a_run_that_failed_as_a_whole_says_why() -> None:
    report = {
        "status": "Failed",
        "saves": [],
        "deliveries": [],
        "crossings": [],
        "findings": [],
        "error": {"code": "run-died", "message": "The run ended without a report. Start another."},
    }
    assert printed(report).splitlines() == ["Failed: The run ended without a report. Start another."]
