"""Whatever happens to the command line, and whenever: nothing that it started is left running."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.environment import ROOT

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.func_host,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only /proc tells whose child a process was"),
]

WORLD = ROOT / "local" / "worlds" / "one-image.json"
LABS = ROOT / "local" / "worlds" / "one-image.labs.json"
MARK = "IMAGE_FACTORY_TEST"


def processes_with(mark: str) -> list[int]:
    """All living processes that inherited the mark, however far down."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@contextmanager
def demo(out: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    mark = uuid.uuid4().hex
    command = [sys.executable, "-m", "factory", "demo", "--world", str(WORLD), "--labs", str(LABS), "--out", str(out)]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {MARK: mark}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process, mark
        finally:
            process.kill()
            for leftover in processes_with(mark):
                os.kill(leftover, signal.SIGKILL)


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"{words!r} was never said: {process.communicate()}")


@pytest.mark.parametrize("moment", ["Starting an emulated Azure", "Starting the app", "Uploading", "Running"])
def test_ctrl_c_ends_every_process(moment: str, tmp_path: Path) -> None:
    with demo(tmp_path) as (process, mark):
        read_until(process, moment)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (130, "")
        assert processes_with(mark) == []


def test_even_killed_it_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path) as (process, mark):
        read_until(process, "Running")
        assert len(processes_with(mark)) >= 4  # the command, the emulated Azure, its Azurite, the host
        process.kill()
        process.wait()
        deadline = time.monotonic() + 60
        while processes_with(mark) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert processes_with(mark) == []


def test_a_host_that_dies_is_one_clear_error(tmp_path: Path) -> None:
    with demo(tmp_path) as (process, mark):
        read_until(process, "Running")
        (host,) = [each for each in processes_with(mark) if b"local.host" in Path(f"/proc/{each}/cmdline").read_bytes()]
        os.kill(host, signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 2
        assert errors.startswith("factory demo: The Functions host ended unexpectedly")
        assert "Traceback" not in errors
        assert processes_with(mark) == []
