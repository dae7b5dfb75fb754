"""The command `validate`: findings as editors and build servers read them."""

import json
import re
from pathlib import Path

import pytest

from factory.arguments import ROOT
from factory.cli import main
from factory.places import line
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


def test_json_holds_every_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", written(tmp_path, GOOD.replace(SUBSCRIPTION, "x")), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["valid"] is False
    assert document["findings"][0]["line"] == 1


def test_github_gets_an_annotation_at_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, GOOD.replace('"ImagePaths"', '"100%": 1, "ImagePaths"'))
    assert main(["validate", path, "--format", "github"]) == 0
    (annotation,) = capsys.readouterr().out.splitlines()
    assert re.match(r"::warning file=[^:]+,line=1,col=\d+,title=unknown-key::Lab .*`100%25`", annotation)


def test_every_line_is_read_by_the_documented_problem_matcher(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documented = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    found = re.search(r'"regexp": (".*")', documented)
    assert found
    main(
        [
            "validate",
            written(tmp_path, GOOD.replace(SUBSCRIPTION, "x").replace('"ImagePaths"', '"Colour": 1, "ImagePaths"')),
        ]
    )
    *findings, _ = capsys.readouterr().out.splitlines()
    for each in findings:
        matched = re.fullmatch(json.loads(found[1]), each)
        assert matched
        assert (matched[1], matched[2], matched[4]) == (str(tmp_path / "labs.json"), "1", matched[4])


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_differences_from_the_scripts_are_listed_over_given_image_paths(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "images"
    if kind == "folder":
        for name in ("Win2022/Datacenter.json", "Win2022-Core/Server.json"):
            (images / name).parent.mkdir(parents=True)
            (images / name).write_text("{}")
    else:
        images.write_text("Win2022/Datacenter.json\n\nWin2022-Core\\Server.json\n")
    path = written(tmp_path, GOOD)
    assert main(["validate", path, "--compare-with-original", "--images", str(images)]) == 0
    out = capsys.readouterr().out
    assert f"{path}:1:" in out.splitlines()[0]
    assert "difference prefix: The scripts send Win2022-Core/Server.json to the lab Blue" in out
    assert out.endswith("1 differences from the PowerShell scripts\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_image_paths_are_read_as_powershell_writes_them(
    encoding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "paths.txt"
    images.write_bytes("Win2022/Datacenter.json\r\nWin2022-Zürich/Server.json\r\n".encode(encoding))
    assert main(["validate", written(tmp_path, GOOD), "--compare-with-original", "--images", str(images)]) == 0
    assert "Win2022-Zürich/Server.json" in capsys.readouterr().out


def test_image_paths_in_another_encoding_are_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = tmp_path / "paths.txt"
    images.write_bytes("Win2022-Zürich/Server.json\n".encode("latin-1"))
    assert main(["validate", written(tmp_path, GOOD), "--compare-with-original", "--images", str(images)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"factory validate: {images} is neither UTF-8 nor UTF-16. Save it again as UTF-8")


def test_a_place_without_image_paths_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    path = written(tmp_path, GOOD)
    assert main(["validate", path, "--compare-with-original", "--images", str(empty)]) == 2
    assert "has no image paths" in capsys.readouterr().err


def test_a_finding_about_the_whole_file_has_no_line() -> None:
    finding = Finding(severity=Severity.ERROR, code="too-large", message="It is too large.")
    assert line(Path("labs.json"), finding) == "labs.json: error too-large: It is too large."
