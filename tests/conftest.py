"""Fixtures of several test folders. Each test module has an emulated Azure of its own, so that none meets another's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulation import EmulatedAzure, emulated

WORLD = Path(__file__).parent / "contract" / "world.json"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAzure]:
    """The emulated Azure of tests/contract/world.json; tests of a module that change it use names of their own."""
    with emulated(WORLD, tmp_path_factory.mktemp("emulator")) as azure:
        yield azure
