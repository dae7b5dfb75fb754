"""Child processes: their ready line, their errors, and that nothing of them is left, whatever they do against it."""

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections import UserDict
from collections.abc import Iterator, KeysView
from pathlib import Path

import pytest

from local.processes import Child, ChildError, Children

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to ignore")

READY = "import json, sys; print(json.dumps({'url': 'http://here'}), flush=True); "
UNTIL_INPUT_ENDS = READY + "sys.stdin.read()"
DEAF = READY + "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    with Children(folder=tmp_path, logs=tmp_path / "logs", grace=0.5) as children:
        yield children


def start(children: Children, code: str, name: str = "test child") -> Child:
    return children.start(name, [sys.executable, "-c", code], os.environ)


def is_alive(process: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def until_gone(process: int) -> bool:
    """A killed grandchild is reaped by whoever adopts it, a moment later."""
    deadline = time.monotonic() + 30
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(process)


def test_ready_line_is_read_as_json(children: Children) -> None:
    assert start(children, UNTIL_INPUT_ENDS).ready(30) == {"url": "http://here"}


def test_leaving_the_context_ends_a_child_by_the_end_of_its_input(tmp_path: Path) -> None:
    with Children(folder=tmp_path, logs=tmp_path) as children:
        child = start(children, UNTIL_INPUT_ENDS + "; print('went by itself', file=sys.stderr)")
        child.ready(30)
    assert child.ended()
    assert "went by itself" in child.log.read_text()


@posix
def test_a_child_that_ignores_all_requests_is_killed(tmp_path: Path) -> None:
    with Children(folder=tmp_path, logs=tmp_path, grace=0.2) as children:
        child = start(children, DEAF)
        child.ready(30)
    assert not is_alive(child.id)


@posix
def test_what_a_dead_child_left_behind_is_ended_too(tmp_path: Path) -> None:
    grandchild = (
        "import json, os, subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "print(json.dumps({'pid': child.pid}), flush=True); os._exit(3)"
    )
    with Children(folder=tmp_path, logs=tmp_path) as children:
        left_behind = start(children, grandchild).ready(30)["pid"]
        assert is_alive(left_behind)
    assert until_gone(left_behind)


@posix
def test_an_error_in_the_context_ends_every_child(tmp_path: Path) -> None:
    ids: list[int] = []

    def interrupted() -> None:
        with Children(folder=tmp_path, logs=tmp_path) as children:
            ids.extend(start(children, UNTIL_INPUT_ENDS, name).id for name in ("one", "two"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(ids) == 2
    assert not any(is_alive(process) for process in ids)


@posix
def test_an_interruption_while_stopping_kills_what_is_left(tmp_path: Path) -> None:
    children = Children(folder=tmp_path, logs=tmp_path)
    ids = [start(children, DEAF, name).id for name in ("one", "two")]
    # As a user presses Ctrl-C while the polite wait of several seconds goes on.
    threading.Timer(0.5, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        children.stop()
    assert not any(is_alive(process) for process in ids)


@posix
def test_an_interruption_while_a_child_starts_comes_when_it_is_known(tmp_path: Path) -> None:
    ids: list[int] = []

    class Interrupting(UserDict[str, str]):
        """An environment that is interrupted as soon as it is read, which is in the midst of the start."""

        def keys(self) -> KeysView[str]:
            signal.raise_signal(signal.SIGINT)
            return super().keys()

    def interrupted() -> None:
        with Children(folder=tmp_path, logs=tmp_path) as children:
            try:
                children.start("test child", [sys.executable, "-c", UNTIL_INPUT_ENDS], Interrupting(os.environ))
            finally:
                ids.extend(child.id for child in children._children)

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(ids) == 1
    assert not is_alive(ids[0])


def test_early_death_is_one_error_with_the_last_lines_and_the_log(children: Children) -> None:
    code = "import sys; print('\\n'.join(f'line {n}' for n in range(40)), file=sys.stderr); sys.exit('no such world')"
    with pytest.raises(ChildError) as error:
        start(children, code).ready(30)
    message = str(error.value)
    assert message.startswith("The test child ended before it was ready (exit status 1).")
    assert "  | no such world" in message
    assert "line 39" in message
    assert "line 5\n" not in message
    assert "test-child.log" in message


def test_a_child_that_never_gets_ready_is_given_up(children: Children) -> None:
    with pytest.raises(ChildError, match="was not ready after 0 seconds"):
        start(children, "import sys; sys.stdin.read()").ready(0.1)


def test_a_first_line_that_is_no_json_object_is_refused_without_quoting_it(children: Children) -> None:
    with pytest.raises(ChildError, match="something else than its addresses") as error:
        start(children, "import sys; print('[\"key\"]', flush=True); sys.stdin.read()").ready(30)
    assert '["key"]' not in str(error.value)


def test_check_names_the_child_that_ended_by_itself(children: Children) -> None:
    start(children, UNTIL_INPUT_ENDS, "steady one").ready(30)
    dying = start(children, READY + "sys.exit('out of disk')", "dying one")
    dying.ready(30)
    while not dying.ended():
        time.sleep(0.02)
    with pytest.raises(ChildError, match=r"The dying one ended unexpectedly \(exit status 1\)(.|\n)*out of disk"):
        children.check()


def test_output_after_the_ready_line_does_not_block_the_child(children: Children) -> None:
    child = start(children, READY + "print('x' * 1_000_000, flush=True)")
    child.ready(30)
    child.finish(30)


def test_run_waits_for_the_end_and_forgets_the_child(children: Children) -> None:
    children.run("short one", [sys.executable, "-c", "pass"], os.environ, seconds=30)
    children.check()


def test_run_that_fails_is_an_error(children: Children) -> None:
    with pytest.raises(ChildError, match=r"The short one failed \(exit status 1\)(.|\n)*refused"):
        children.run("short one", [sys.executable, "-c", "raise SystemExit('refused')"], os.environ, seconds=30)


def test_run_that_takes_too_long_is_an_error(children: Children) -> None:
    with pytest.raises(ChildError, match="did not end within 0 seconds"):
        children.run("long one", [sys.executable, "-c", "import time; time.sleep(600)"], os.environ, seconds=0.1)
