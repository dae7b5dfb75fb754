"""Child processes with a ready line: start them, wait for the line, end them all. What they are is not known here.

Each child leads a group of its own, so that Ctrl-C meets only the command that started it, which then ends them.
Their standard input stays open as long as they may live: should this process be killed, they see its end and go.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

WINDOWS = os.name == "nt"
# A child that is asked to go closes its storage first; beyond this it hangs.
GRACE_SECONDS = 8.0
# Waits are made of short ones, because Windows delivers Ctrl-C only between them.
TICK_SECONDS = 0.05
LOG_LINES_IN_ERRORS = 15
INTERRUPTIONS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]


class ChildError(Exception):
    """A child process did not do its part. The message names it, quotes its last lines and says where its log is."""


class Child:
    """One process of `Children`; it has a name for people, a log file, and `grace` seconds to go when asked."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, grace: float
    ) -> None:
        self.name = name
        self.log = log
        self._grace = grace
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        log.parent.mkdir(parents=True, exist_ok=True)
        # On Windows a group is a flag, elsewhere a session.
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                creationflags=flags,
                start_new_session=not WINDOWS,
            )
        self._reader = threading.Thread(target=self._read, name=f"{name}-output", daemon=True)
        self._reader.start()

    @property
    def id(self) -> int:
        """The process id."""
        return self._process.pid

    def ended(self) -> bool:
        """Whether the process has ended. It is not reaped, so that its id, its group's too, is not given away."""
        if WINDOWS or self._process.returncode is not None:
            return self._process.poll() is not None
        return os.waitid(os.P_PID, self.id, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def ready(self, seconds: float) -> dict[str, Any]:
        """The JSON object of the child's first line. Raises ChildError if it ends, is late or says anything else."""
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=TICK_SECONDS)
                if line is None:
                    self._wait(self._grace)
                    raise self.error("ended before it was ready")
                return self._ready_line(line)
            if time.monotonic() > deadline:
                raise self.error(f"was not ready after {seconds:.0f} seconds")

    def finish(self, seconds: float) -> None:
        """Wait for the child's end. Raises ChildError if it fails or takes longer."""
        if not self._wait(seconds):
            raise self.error(f"did not end within {seconds:.0f} seconds")
        if self._process.wait() != 0:
            raise self.error("failed")

    def error(self, what: str) -> ChildError:
        """The one clear error about this child: `what` happened, its last lines, its log."""
        text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        lines = "".join(f"\n  | {line}" for line in text.splitlines()[-LOG_LINES_IN_ERRORS:])
        status = f" (exit status {self._process.wait()})" if self.ended() else ""
        return ChildError(f"The {self.name} {what}{status}. Its log is {self.log}, the last lines:{lines or ' none'}")

    def stop(self) -> None:
        """End the process and whatever it started: asked by the end of its input, then by a signal, then killed."""
        try:
            with contextlib.suppress(OSError):
                self._input.close()
            if not self._wait(self._grace) and not WINDOWS:
                os.kill(self.id, signal.SIGTERM)
                self._wait(self._grace)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the process and what it started, at once. Of one that ended by itself Windows cannot say what it left."""
        if WINDOWS:
            if not self.ended():
                taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "taskkill.exe")
                subprocess.run([str(taskkill), "/F", "/T", "/PID", str(self.id)], capture_output=True)
        elif self._process.returncode is None:
            # macOS says "not permitted" of a group in which only the unreaped leader is left.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.id, signal.SIGKILL)
        self._process.wait()
        with contextlib.suppress(OSError):
            self._input.close()
        self._reader.join(self._grace)
        if not self._reader.is_alive():
            self._output.close()

    def _wait(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > deadline:
                return False
            time.sleep(TICK_SECONDS)
        return True

    def _ready_line(self, line: str) -> dict[str, Any]:
        with contextlib.suppress(ValueError):
            value = json.loads(line)
            if isinstance(value, dict):
                return value
        # The line itself is not quoted: a broken one may hold half of the addresses, keys included.
        raise self.error("said something else than its addresses on its first line")

    def _read(self) -> None:
        """Hands on the first line and then only keeps the pipe from filling up."""
        first = self._output.readline()
        self._lines.put(first.decode("utf-8", "replace") if first else None)
        while self._output.read(65536):
            pass

    @property
    def _input(self) -> Any:
        return self._process.stdin

    @property
    def _output(self) -> Any:
        return self._process.stdout


class Children:
    """A context in which child processes live: leaving it, however it is left, ends them, the last one first."""

    def __init__(self, *, folder: Path, logs: Path, grace: float = GRACE_SECONDS) -> None:
        self._folder = folder
        self._logs = logs
        self._grace = grace
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Child:
        """Start a child whose standard error goes to `<logs>/<name>.log`."""
        log = self._logs / f"{name.replace(' ', '-')}.log"
        with _uninterrupted():
            child = Child(name, command, environment, self._folder, log, self._grace)
            self._children.append(child)
        return child

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str], *, seconds: float) -> None:
        """Run a child to its end. Raises ChildError if it fails or takes longer."""
        child = self.start(name, command, environment)
        child.finish(seconds)
        child.stop()
        self._children.remove(child)

    def check(self) -> None:
        """Raises ChildError if one of them has ended by itself."""
        for child in self._children:
            if child.ended():
                raise child.error("ended unexpectedly")

    def stop(self) -> None:
        """End them all. An interruption meanwhile kills at once what is left, and is then raised."""
        try:
            while self._children:
                self._children[-1].stop()
                self._children.pop()
        finally:
            for child in self._children:
                child.kill()
            self._children.clear()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Holds Ctrl-C and its like back: cut off between its start and its listing, a process would be nobody's."""
    held: list[tuple[int, FrameType | None]] = []
    before: dict[int, Callable[[int, FrameType | None], Any]] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in INTERRUPTIONS:
                handler = signal.getsignal(number)
                if callable(handler):
                    before[number] = handler
                    signal.signal(number, lambda number, frame: held.append((number, frame)))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for number, frame in held:
        before[number](number, frame)
