"""Fixtures of several test folders. Each test module has an emulated Azure of its own, so that none meets another's."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulation import EmulatedAzure, emulated

WORLD = Path(__file__).parent / "contract" / "world.json"


def pytest_configure() -> None:
    """Lets programs that tests start be interrupted, even where the tests run under nohup or behind a shell's `&`.

    Whoever starts them so has signals ignored, and children inherit that; of a handler they inherit nothing.
    """
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAzure]:
    """The emulated Azure of tests/contract/world.json; tests of a module that change it use names of their own."""
    with emulated(WORLD, tmp_path_factory.mktemp("emulator")) as azure:
        yield azure
