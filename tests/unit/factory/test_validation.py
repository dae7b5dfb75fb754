"""The command `validate`: findings as editors and build servers read them."""

from pathlib import Path

import pytest

from factory.cli import main
from factory.validation import line
from shared.domain.models import Finding, Severity

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
GOOD = f'{{"Labs": [{{"SubscriptionId": "{SUBSCRIPTION}", "LabName": "Blue", "ImagePaths": ["Win2022"]}}]}}'


def written(folder: Path, text: str) -> str:
    path = folder / "labs.json"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_good_file_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD)
    assert main(["validate", path]) == 0
    assert capsys.readouterr().out == f"{path}: 1 usable labs, 0 errors, 0 warnings\n"


def test_an_error_is_printed_with_its_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD.replace(SUBSCRIPTION, "<subscription ID>"))
    assert main(["validate", path]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"{path}:1:")
    assert ": error " in first
    assert "Labs[0]" in first


def test_a_warning_alone_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", written(tmp_path, GOOD.replace('"ImagePaths"', '"Colour": "blue", "ImagePaths"'))]) == 0
    assert ": warning unknown-key: " in capsys.readouterr().out


def test_a_file_that_is_not_there_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(tmp_path / "none.json")]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("factory validate: ")
    assert "none.json" in captured.err
    assert "Traceback" not in captured.err


def test_a_finding_about_the_whole_file_has_no_line() -> None:
    finding = Finding(severity=Severity.ERROR, code="too-large", message="It is too large.")
    assert line(Path("labs.json"), finding) == "labs.json: error too-large: It is too large."
