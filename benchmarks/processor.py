"""Processor time of calls, of fresh interpreters and of running processes: a loaded machine changes it little."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from local.environment import ROOT


def of_call(work: Callable[[], object], repeats: int) -> float:
    """Median milliseconds of processor time of a call."""

    def once() -> float:
        started = time.process_time()
        work()
        return (time.process_time() - started) * 1000

    return statistics.median(once() for _ in range(repeats))


def of_interpreter(code: str) -> float:
    """Milliseconds of processor time of a fresh interpreter that runs the code; of wall time on Windows."""
    before, started = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return (used or time.perf_counter() - started) * 1000


def of_process(process: int) -> float | None:
    """Seconds of processor time that a running process has used so far; None where there is no /proc."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
