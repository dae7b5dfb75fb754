"""Two storage fronts for a whole test session, and a room in them for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cloud.speeds import Speeds
from tests.local.cloud.storage.rooms import ACCOUNTS, Room, RunningStorage


def _storage(speeds: Speeds, workdir: Path) -> Iterator[RunningStorage]:
    storage = RunningStorage(speeds, workdir)
    with storage.running():
        yield storage


@pytest.fixture(scope="session")
def instant_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStorage]:
    """Storage whose copies take no longer than moving their bytes."""
    yield from _storage(Speeds(time_scale=1e9), tmp_path_factory.mktemp("instant"))


@pytest.fixture(scope="session")
def slow_storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStorage]:
    """Storage whose copies are pending for longer than any test lasts."""
    yield from _storage(Speeds(copy_mib_per_second=0.0001), tmp_path_factory.mktemp("slow"))


def _room(storage: RunningStorage) -> Room:
    container = f"room-{uuid.uuid4().hex[:12]}"
    for account in ACCOUNTS:
        storage.run(storage.front.ensure_container(account, container))
    return Room(storage, container)


@pytest.fixture
def room(instant_storage: RunningStorage) -> Room:
    """A room where copies end at once."""
    return _room(instant_storage)


@pytest.fixture
def slow_room(slow_storage: RunningStorage) -> Room:
    """A room where copies stay pending."""
    return _room(slow_storage)
