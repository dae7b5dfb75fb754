"""Fixtures of several test folders. The emulated Azure is started once, by the first test that wants it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulation import EmulatedAzure, emulated

WORLD = Path(__file__).parent / "contract" / "world.json"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAzure]:
    """The emulated Azure of tests/contract/world.json; tests that change it use names of their own."""
    with emulated(WORLD, tmp_path_factory.mktemp("emulator")) as azure:
        yield azure
