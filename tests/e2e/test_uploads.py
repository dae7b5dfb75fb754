"""The blob trigger: which uploads start a run, and how many."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.running import RunningFactory, app_of
from tests.emulation import EmulatedAzure, emulated

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[EmulatedAzure]:
    """An emulated Azure in which nobody has uploaded anything."""
    with emulated(worlds.written(tmp_path, worlds.two_regions()), tmp_path) as running:
        yield running


def uploads(factory: RunningFactory) -> list[str]:
    """The ids of the runs that uploads have started, oldest first."""
    return [run["id"] for run in reversed(factory.app.runs()) if run["trigger"] == "upload"]


def next_upload(factory: RunningFactory, number: int) -> dict[str, Any]:
    """Wait for the run of this upload (the first is 1) and for its end; returns its report."""
    run_id = wait_until(lambda: next(iter(uploads(factory)[number - 1 :]), None), f"the run of upload {number}")
    return factory.app.ended(run_id)


def test_each_version_of_labs_json_starts_one_run_even_when_the_host_is_started_anew(
    azure: EmulatedAzure, tmp_path: Path
) -> None:
    with app_of(azure, tmp_path) as factory:
        factory.stores.upload(b"just a note", name="notes.txt")
        factory.stores.upload(worlds.wanted(Blue=["Win2022"]))
        assert delivered(next_upload(factory, 1)) == {"Blue"}
        factory.stores.upload(worlds.wanted(Blue=["Win2022"], Green=["Win2022"]))
        assert delivered(next_upload(factory, 2)) == {"Green"}
        assert len(uploads(factory)) == 2
    with app_of(azure, tmp_path) as factory:
        factory.stores.upload(worlds.wanted(Red=["Linux"]))
        assert delivered(next_upload(factory, 3)) == {"Red"}
        assert len(uploads(factory)) == 3


def test_the_name_of_the_file_may_be_in_any_case(azure: EmulatedAzure, tmp_path: Path) -> None:
    with app_of(azure, tmp_path) as factory:
        factory.stores.upload(worlds.wanted(Blue=["Win2022"]), name="Labs.JSON")
        assert delivered(next_upload(factory, 1)) == {"Blue"}


def delivered(report: dict[str, Any]) -> set[str]:
    assert report["status"] == "Succeeded"
    return {each["lab"] for each in report["deliveries"] if each["outcome"] == "delivered"}
