"""One running factory for each file of tests that wants one: two regions, instant copies, nothing done yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import worlds
from tests.e2e.running import RunningFactory, running_factory


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for worlds and logs of one file of tests."""
    return tmp_path_factory.mktemp("factory")


@pytest.fixture(scope="module")
def factory(place: Path) -> Iterator[RunningFactory]:
    """A factory of its own for each file; its tests use runs of their own and leave none on its way."""
    with running_factory(worlds.written(place, worlds.two_regions()), place) as running:
        yield running
