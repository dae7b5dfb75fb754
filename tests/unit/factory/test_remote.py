"""The commands that ask a running app."""

import json
from pathlib import Path
from typing import Any

import pytest

from factory import remote
from factory.cli import main
from factory.errors import CommandError
from shared.domain import changes
from shared.domain.changes import Change
from tests.unit.factory.fake_app import KEY, REPORT, RUN_ID, FakeApp, serving, status

OLD = Change(action="deliver", lab="/subscriptions/s/labs/blue", image="win/server.json", record="r1")
NEW = Change(action="deliver", lab="/subscriptions/s/labs/red", image="win/server.json", record="r1")
REFUSED: dict[str, Any] = REPORT | {"status": "Failed", "error": {"code": "plan-changed", "message": "Another plan."}}


def a_plan(folder: Path, *made: Change) -> Path:
    file = folder / "plan.json"
    file.write_text(json.dumps({"digest": changes.digest(made), "changes": [each.to_json() for each in made]}))
    return file


def test_a_digest_goes_with_the_request() -> None:
    app = FakeApp(statuses=[status("Succeeded")], report=REPORT)
    with serving(app):
        assert remote.run(app.url, KEY, plan="a" * 64, every=0) == 0
    assert app.asked[0] == ("POST", "/api/runs", {"planDigest": "a" * 64})


def test_a_refused_plan_is_shown_with_its_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app = FakeApp(statuses=[status("Failed")], report=REFUSED, plan={"changes": [NEW.to_json()]})
    with serving(app):
        assert remote.run(app.url, KEY, plan=a_plan(tmp_path, OLD), every=0) == 1
    assert app.asked[0][2] == {"planDigest": changes.digest([OLD])}
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == ["  + deliver win/server.json, lab red in s", "  - deliver win/server.json, lab blue in s"]


def test_a_plan_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    file = a_plan(tmp_path, OLD)
    file.write_text(file.read_text().replace("blue", "green"))
    with pytest.raises(CommandError, match="was changed: its digest is not that of its changes"):
        remote.run("http://127.0.0.1:1", KEY, plan=file)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no JSON"),
        ("[]", "has no `changes`"),
        ('{"Labs": []}', "has no `changes`"),
        ('{"changes": []}', "has no `digest`"),
        ('{"digest": "x", "changes": [1]}', "are not those of a plan"),
        ('{"digest": "x", "changes": []}', "was changed"),
    ],
)
def test_what_is_no_plan_is_refused_with_a_remedy_that_keeps_the_file(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "labs.json"
    file.write_text(text)
    with pytest.raises(CommandError) as error:
        remote.run("http://127.0.0.1:1", KEY, plan=file)
    message, _, remedy = str(error.value).partition(" Write one with: ")
    assert str(file) in message
    assert why in message
    assert remedy == "python -m factory plan --json > plan.json"


def test_a_plan_that_is_not_there_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "none.json"
    assert main(["run", "--plan", str(file), "--url", "http://127.0.0.1:1", "--key", KEY]) == 2
    assert capsys.readouterr().err == f"factory run: {file} cannot be read: No such file or directory.\n"


def test_a_carriage_return_after_key_and_address_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(FakeApp()) as app:
        assert main(["runs", "--url", f"{app.url}\r", "--key", f"{KEY}\r"]) == 0
    assert "There are no runs yet." in capsys.readouterr().out


def test_a_key_with_a_line_break_in_it_is_one_message_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--url", "http://127.0.0.1:1", "--key", "SECRET\rKEY"]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("factory runs: The function key has a character")
    assert "SECRET" not in captured.err + captured.out


def test_a_run_as_json_prints_its_report_alone(capsys: pytest.CaptureFixture[str]) -> None:
    app = FakeApp(statuses=[status("Succeeded")], report=REPORT)
    with serving(app):
        assert remote.run(app.url, KEY, as_json=True, every=0) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == REPORT
    assert "was requested" in captured.err


def test_runs_are_listed_with_what_became_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    run = status(
        "Succeeded",
        requestedAt="2026-11-23T03:00:00+00:00",
        startedAt="2026-11-23T03:00:00+00:00",
        endedAt="2026-11-23T04:24:00+00:00",
        dryRun=True,
        counts={"saves": {"saved": 2}, "deliveries": {"already-present": 3}},
    )
    app = FakeApp(runs=[run])
    with serving(app):
        assert main(["runs", "--url", app.url, "--key", KEY, "--limit", "7"]) == 0
    row = " ".join(next(line for line in capsys.readouterr().out.splitlines() if RUN_ID in line).split())
    assert row == f"{RUN_ID} http Succeeded (dry run) 2026-11-23 03:00 1 h 24 min 2 saved 3 already present"
    assert app.asked[0][1] == "/api/runs?limit=7"


def test_runs_that_did_not_succeed_say_why(capsys: pytest.CaptureFixture[str]) -> None:
    error = {"code": "lab-not-found", "message": "There is no lab Ghost."}
    failed = status("Failed", requestedAt="2026-11-23T03:00:00+00:00", error=error)
    with serving(FakeApp(runs=[failed, {**failed, "id": "another", "error": None}])) as app:
        assert main(["runs", "--url", app.url, "--key", KEY]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert last == f"{RUN_ID} Failed: lab-not-found: There is no lab Ghost."


def test_no_runs_are_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(FakeApp()) as app:
        assert main(["runs", "--url", app.url, "--key", KEY]) == 0
        assert main(["runs", "--url", app.url, "--key", KEY, "--json"]) == 0
    text, _, document = capsys.readouterr().out.partition("\n")
    assert (text, json.loads(document)) == ("There are no runs yet.", {"runs": []})


def test_cancel_names_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(FakeApp()) as app:
        assert main(["cancel", RUN_ID, "--url", app.url, "--key", KEY]) == 0
        assert main(["cancel", RUN_ID, "--url", app.url, "--key", KEY, "--json"]) == 0
    assert f"Run {RUN_ID} is being cancelled." in capsys.readouterr().out
    assert app.asked[0][:2] == ("POST", f"/api/runs/{RUN_ID}/cancel")


def test_a_run_that_cannot_be_cancelled_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    app = FakeApp(refusal=(409, {"title": "run-ended", "detail": f"The run {RUN_ID} has ended: Succeeded."}))
    with serving(app):
        assert main(["cancel", RUN_ID, "--url", app.url, "--key", KEY]) == 2
    assert capsys.readouterr().err == f"factory cancel: The run {RUN_ID} has ended: Succeeded.\n"
