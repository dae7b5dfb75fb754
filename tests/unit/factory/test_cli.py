"""The arguments of the commands, and what becomes of their errors."""

import argparse
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from factory import remote
from factory.arguments import LABS, OUT, ROOT, WORLD, parser
from factory.cli import main
from tests.unit.factory.fake_app import KEY, REPORT, FakeApp, serving, status


def test_the_demo_needs_no_arguments() -> None:
    options = parser().parse_args(["demo"])
    assert (options.labs, options.world, options.out, options.keep) == (LABS, WORLD, OUT, False)
    assert WORLD.is_file()


def test_the_address_and_key_of_an_app_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_FACTORY_URL", "https://factory.example.org")
    monkeypatch.setenv("IMAGE_FACTORY_KEY", "from-the-environment")
    options = parser().parse_args(["run", "--key", "given"])
    assert (options.url, options.key) == ("https://factory.example.org", "given")


def test_a_python_without_the_packages_is_told_how_to_get_them() -> None:
    answer = subprocess.run(
        [sys.executable, "-S", "-m", "factory", "validate", str(LABS)], cwd=ROOT, capture_output=True, text=True
    )
    assert answer.returncode == 2
    assert "Run `python tools/setup.py` once" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["explain", "TeamBlue"],
        ["run", "--plan", "a", "--plan-digest", "b"],
        ["emulate"],
        ["validate"],
        ["demo", "--fast"],
        ["destroy"],
    ],
)
def test_wrong_arguments_are_exit_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: factory" in capsys.readouterr().err


def test_the_help_documents_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "130  interrupted" in capsys.readouterr().out


def commands() -> list[str]:
    (subparsers,) = [each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)]
    return list(subparsers.choices)


@pytest.mark.parametrize("command", commands())
def test_the_help_of_every_command_has_examples_that_are_commands(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    _, _, examples = capsys.readouterr().out.partition("examples:\n")
    for example in re.split(r"\n|;", examples.strip()):
        arguments = example.strip().removeprefix("python -m factory ").partition(" >")[0].split()
        assert parser().parse_args(arguments).command in commands()


@pytest.mark.parametrize("command", sorted(set(commands()) - {"emulate", "check-access"}))
def test_every_command_can_print_json(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "--json" in capsys.readouterr().out


def test_a_plan_without_settings_and_world_names_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FACTORY_SUBSCRIPTION_ID", raising=False)
    assert main(["plan", "--labs", str(LABS)]) == 2
    error = capsys.readouterr().err
    assert "FACTORY_SUBSCRIPTION_ID" in error
    assert "--world FILE" in error


@pytest.mark.parametrize(("end", "code"), [("Succeeded", 0), ("PartiallySucceeded", 1), ("Failed", 1)])
def test_run_follows_a_run_to_its_report(end: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    app = FakeApp(statuses=[status("Running"), status(end)], report=REPORT)
    with serving(app):
        assert remote.run(app.url, KEY, every=0) == code
    out = capsys.readouterr().out
    assert "Run 20261123T030000Z-1a2b3c was requested." in out
    assert "Team[red]" in out
    assert KEY not in out


@pytest.mark.parametrize(("missing", "name"), [("url", "IMAGE_FACTORY_URL"), ("key", "IMAGE_FACTORY_KEY")])
def test_run_names_the_setting_that_is_missing(
    missing: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"url": "https://factory.example.org", "key": "k"}
    monkeypatch.delenv(name, raising=False)
    arguments = [part for key, value in given.items() if key != missing for part in (f"--{key}", value)]
    assert main(["run", *arguments]) == 2
    assert f"factory run: {'Where is the app' if missing == 'url' else 'The app wants a function key'}" in (
        error := capsys.readouterr().err
    )
    assert name in error


def test_a_world_that_is_wrong_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world.json"
    world.write_text('{"factory": {}}')
    assert main(["demo", "--world", str(world)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"factory demo: {world}: ")
    assert "Traceback" not in error


@pytest.mark.parametrize("command", ["demo", "serve"])
@pytest.mark.parametrize("option", ["--labs", "--world"])
def test_a_file_that_is_not_there_is_one_message_before_anything_starts(
    command: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.json"
    assert main([command, option, str(missing), "--out", str(tmp_path / "out")]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"factory {command}: {missing}")
    assert "No such file" in captured.err


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_place_for_the_report_that_is_a_file_is_one_message_before_anything_starts(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "report"
    file.write_text("")
    assert main([command, "--out", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"factory {command}: {file} is no folder that can be written to: ")
    assert len(captured.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--labs", "{missing}"],
        ["plan", "--world", "{missing}"],
        ["explain", "TeamBlue", "/", "--labs", "{missing}"],
        ["explain", "TeamBlue", "/", "--world", "{missing}"],
        ["fleet", "--labs", "{missing}"],
        ["fleet", "--world", "{missing}"],
        ["emulate", "--world", "{missing}"],
        ["validate", "{missing}"],
        ["validate", str(LABS), "--compare-with-original", "--images", "{missing}"],
        ["validate", str(LABS), "--compare-with-original", "--world", "{missing}"],
        ["check-access", "--labs", "{missing}"],
    ],
)
def test_every_file_that_is_not_there_is_one_message(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "none.json")
    assert main([part.format(missing=missing) for part in arguments]) == 2
    captured = capsys.readouterr()
    assert missing in captured.err
    assert len(captured.err.splitlines()) <= 2
    assert captured.out == ""


def test_a_plan_of_a_file_that_cannot_be_used_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labs = tmp_path / "labs.json"
    labs.write_text("[1, 2")
    assert main(["plan", "--labs", str(labs)]) == 2
    assert f"{labs}:1:" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to whole consoles only")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_request_to_end_is_exit_status_130(number: signal.Signals) -> None:
    code = (
        "import sys, time; from factory import cli\n"
        "def wait(options): print('waiting', flush=True); time.sleep(600)\n"
        "cli._run = wait; cli.end_politely(); sys.exit(cli.main(['validate', 'x']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"waiting\n"
        process.send_signal(number)
        try:
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, errors) == (130, b"")
