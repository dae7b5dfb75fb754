"""The command line as a process of its own, in a terminal or with plain output, and whatever it has started."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from local.environment import ROOT

MARK = "IMAGE_FACTORY_E2E"
PATIENCE_SECONDS = 90.0
# Makes standard input the controlling terminal, which alone turns a typed Ctrl-C into a signal.
_WITH_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)


class Command:
    """One running command. Its output is read as it comes, so that it never waits for its reader."""

    def __init__(self, process: subprocess.Popen[bytes], reading: int, mark: str) -> None:
        self._process = process
        self._reading = reading
        self._mark = mark
        self._output = b""
        os.set_blocking(reading, False)

    @property
    def id(self) -> int:
        """The process id, which is its group's too."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; None before the end."""
        return self._process.poll()

    def read_until(self, words: str) -> None:
        """Wait until the command has said this."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words.encode() not in self._output:
            self._read()
            if self.status is not None or time.monotonic() > deadline:
                pytest.fail(f"{words!r} was never said, but: {self._text()}")

    def type(self, keys: bytes) -> None:
        """Press keys in the command's terminal."""
        os.write(self._reading, keys)

    def finish(self, *, seconds: float) -> str:
        """Wait for the end; returns all that was said, standard error included."""
        deadline = time.monotonic() + seconds
        while self.status is None:
            self._read()
            if time.monotonic() > deadline:
                pytest.fail(f"no end within {seconds:.0f} seconds: {self._text()}")
        self._read()
        return self._text()

    def left_running(self) -> list[int]:
        """Every living process that descends from the command, however far down."""
        return processes_with(self._mark)

    def _text(self) -> str:
        return self._output.decode("utf-8", "replace").replace("\r\n", "\n")

    def _read(self) -> None:
        try:
            while chunk := os.read(self._reading, 65536):
                self._output += chunk
        except BlockingIOError:
            time.sleep(0.02)
        except OSError:
            pass  # a terminal whose last user has gone


def processes_with(mark: str) -> list[int]:
    """All living processes that inherited the mark."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


@contextmanager
def in_a_terminal(*arguments: str) -> Iterator[Command]:
    """Run `python -m factory` in a terminal of its own, 100 columns wide."""
    import pty  # not there on Windows, where the tests that need it are skipped

    ours, its = pty.openpty()
    command = [sys.executable, "-c", _WITH_TERMINAL, sys.executable, "-m", "factory", *arguments]
    with _running(command, ours, its, {"TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1"}) as running:
        yield running


@contextmanager
def with_plain_output(*arguments: str) -> Iterator[Command]:
    """Run `python -m factory` with its output in a pipe, as in a log."""
    ours, its = os.pipe()
    with _running([sys.executable, "-m", "factory", *arguments], ours, its, {}) as running:
        yield running


@contextmanager
def _running(command: list[str], ours: int, its: int, settings: dict[str, str]) -> Iterator[Command]:
    mark = uuid.uuid4().hex
    environment = os.environ | settings | {MARK: mark}
    terminal = its if os.isatty(its) else subprocess.DEVNULL
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=terminal, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    try:
        yield Command(process, ours, mark)
    finally:
        process.kill()
        process.wait()
        for leftover in processes_with(mark):
            with suppress(ProcessLookupError):
                os.kill(leftover, signal.SIGKILL)
        os.close(ours)
