"""Settings of the simulated factory, for the time of one test."""

from collections.abc import Iterator

import pytest

from shared import wiring
from tests.simulation.factory import ENVIRONMENT


@pytest.fixture(autouse=True)
def settings_of_the_simulated_factory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TIME_SCALE", raising=False)
    wiring._settings.cache_clear()
    yield
    wiring._settings.cache_clear()
