"""`python -m factory demo` as a newcomer runs it: in a terminal and in a log, to its end and interrupted."""

import csv
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from local.environment import ROOT
from tests.e2e import worlds
from tests.e2e.command import Command, in_a_terminal, with_plain_output

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.func_host,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only /proc tells whose child a process was"),
]

DEMO = ROOT / "local" / "worlds" / "demo.json"
LABS = ROOT / "config" / "labs.json"


@pytest.fixture(scope="module")
def faster_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world of the demo, with copies that take no time."""
    world = json.loads(DEMO.read_text()) | {"speeds": {**worlds.INSTANT, "copyMiBPerSecond": 10_000_000}}
    world["speeds"]["crossRegionMiBPerSecond"] = 10_000_000
    return worlds.written(tmp_path_factory.mktemp("world"), world)


def labs_and_images() -> set[tuple[str, str]]:
    """What the table must show: each lab of the sample labs.json, and the parts of the world that it delivers."""
    return {
        ("TeamBlue", "Win2022_Datacenter"), ("TeamBlue", "Linux_Ubuntu-22_04"), ("TeamBlue", "Win2016_Datacenter"),
        ("TeamRed", "Win11_VisualStudio2022"), ("TeamRed", "Win2019_BuildAgent"),
        ("TeamGreen", "Win2016_Datacenter"), ("TeamGreen", "Win2022_Datacenter"),
        ("TeamSilver", "Linux_Ubuntu-22_04"), ("TeamSilver", "Win2022_Datacenter"),
        ("TeamSilver", "Win11_VisualStudio2022"),
    }  # fmt: skip


def shown(output: str) -> set[tuple[str, str]]:
    """The labs and images of the rows of the table of deliveries, the day of the image left out."""
    found = set()
    for row in output.partition("Deliveries")[2].splitlines():
        cells = row.split()
        if len(cells) >= 3 and cells[2] in ("delivered", "already-present"):
            found.add((cells[0], "-".join(cells[1].split("-")[:-3])))
    return found


def test_in_a_terminal_the_demo_shows_every_lab_and_image_and_succeeds(tmp_path: Path) -> None:
    with in_a_terminal("demo", "--out", str(tmp_path)) as demo:
        output = demo.finish(seconds=150)
        assert demo.status == 0, output
        assert shown(output) == labs_and_images()
        for machine in ("win2022dc", "win11vs", "ubuntu2204", "buildagent", "sqlserver", "jumpbox"):
            assert machine in output
        assert demo.left_running() == []


def test_the_reports_that_the_demo_leaves_agree_with_each_other(tmp_path: Path, faster_demo: Path) -> None:
    out = tmp_path / "not" / "there" / "yet"
    with with_plain_output("demo", "--world", str(faster_demo), "--out", str(out)) as demo:
        output = demo.finish(seconds=120)
        assert demo.status == 0, output
        assert shown(output) == labs_and_images()
        assert demo.left_running() == []
    assert str(out / "report.html") in output.splitlines()[-1]
    report = json.loads((out / "report.json").read_text())
    rows = list(csv.DictReader((out / "report.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert report["status"] == "Succeeded"
    assert outcomes(report) == {(row["lab"], row["imageName"], row["outcome"]) for row in rows if row["lab"]}
    html = (out / "report.html").read_text()
    for delivery in report["deliveries"]:
        assert delivery["lab"] in html
        assert delivery["imageName"] in html


def outcomes(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(each["lab"], each["imageName"], each["outcome"]) for each in report["deliveries"]}


def test_a_run_that_does_not_succeed_is_an_exit_status_of_1(tmp_path: Path, faster_demo: Path) -> None:
    labs = worlds.written(tmp_path, worlds.wanted(TeamBlue=["Win2022"], Ghost=["Win2022"]), "labs.json")
    with with_plain_output("demo", "--world", str(faster_demo), "--labs", str(labs), "--out", str(tmp_path)) as demo:
        output = demo.finish(seconds=120)
        assert demo.status == 1, output
        assert "PartiallySucceeded" in output
        assert "lab-not-found" in output
        assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize("moment", ["Starting an emulated Azure", "Starting the app", "Saving"])
def test_ctrl_c_in_a_terminal_ends_every_process(moment: str, tmp_path: Path) -> None:
    with in_a_terminal("demo", "--out", str(tmp_path)) as demo:
        demo.read_until(moment)
        demo.type(b"\x03")
        assert_interrupted(demo)


@pytest.mark.parametrize("moment", ["Uploading", "Running"])
def test_an_interrupt_of_the_whole_process_group_ends_every_process(moment: str, tmp_path: Path) -> None:
    with with_plain_output("demo", "--out", str(tmp_path)) as demo:
        demo.read_until(moment)
        os.killpg(demo.id, signal.SIGINT)
        assert_interrupted(demo)


def assert_interrupted(demo: Command) -> None:
    output = demo.finish(seconds=60)
    assert demo.status == 130, output
    assert "Traceback" not in output
    assert demo.left_running() == []
