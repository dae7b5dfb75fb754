"""The commands that look, over an emulated Azure: as people start them, in a terminal and in a pipe."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from factory.looking import entered
from local.environment import ROOT
from shared.domain import changes
from tests.emulation import EmulatedAzure, emulated

WORLD = ROOT / "local" / "worlds" / "demo.json"
LABS = ROOT / "config" / "labs.json"
pytestmark = pytest.mark.emulator


def factory(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "factory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with emulated(WORLD, tmp_path_factory.mktemp("logs")) as running:
        yield running


def test_a_look_asks_azure_for_nothing_but_reading(azure: EmulatedAzure) -> None:
    with entered(azure.environment) as source:
        outlook = source.look(LABS)
    assert len(outlook.plan.deliveries) == 10
    asked = [each for each in azure.ledger()["requests"] if each["service"] != "identity"]
    assert asked
    assert {each["method"] for each in asked} <= {"GET", "HEAD"}, asked


def test_two_looks_have_one_digest(azure: EmulatedAzure) -> None:
    with entered(azure.environment) as source:
        first, second = source.look(LABS), source.look(LABS)
    assert changes.of(first.plan).digest == changes.of(second.plan).digest


def test_a_plan_of_a_world_is_json_alone_on_standard_output() -> None:
    answer = factory("plan", "--world", str(WORLD), "--json")
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert len(document["changes"]) == 13
    assert "Starting an emulated Azure" in answer.stderr


def test_an_explanation_in_a_log_has_no_colours() -> None:
    answer = factory("explain", "TeamGreen", "Win2016", "--world", str(WORLD))
    assert answer.returncode == 0, answer.stderr
    assert "TeamGreen (Labs[2], line 15 of labs.json) has the image Win2016/Datacenter.json" in answer.stdout
    assert "\x1b" not in answer.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.parametrize("no_color", [False, True])
def test_a_terminal_gets_colours_unless_they_are_not_wanted(no_color: bool) -> None:
    import pty

    ours, its = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"TERM": "xterm-256color", "COLUMNS": "120"} | ({"NO_COLOR": "1"} if no_color else {})
    command = [sys.executable, "-m", "factory", "fleet", "--world", str(WORLD)]
    with subprocess.Popen(command, cwd=ROOT, stdin=its, stdout=its, stderr=its, env=environment) as process:
        os.close(its)
        shown = _read(ours)
        assert process.wait(60) == 0, shown
    os.close(ours)
    assert "Newest saved images" in shown
    assert ("\x1b[32m" in shown) is not no_color


def _read(terminal: int) -> str:
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody writes to the terminal any more
            return shown.decode()
        if not part:
            return shown.decode()
        shown += part


def test_a_world_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    answer = factory("plan", "--world", str(tmp_path / "none.json"))
    assert answer.returncode == 2
    assert "none.json" in answer.stderr
    assert "Traceback" not in answer.stderr
