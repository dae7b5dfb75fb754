"""What settings do to a running app: the schedule of the timer, and settings that are missing or wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.running import app_of
from tests.emulation import EmulatedAzure, emulated

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]


@pytest.fixture(scope="module")
def azure(place: Path) -> Iterator[EmulatedAzure]:
    """One emulated Azure for apps with different settings."""
    with emulated(worlds.written(place, worlds.two_regions()), place) as running:
        yield running


def test_the_timer_starts_a_run_by_its_schedule(azure: EmulatedAzure, tmp_path: Path) -> None:
    with app_of(azure, tmp_path, {"REFRESH_SCHEDULE": "*/2 * * * * *"}) as factory:
        runs = wait_until(factory.app.runs, "a run that the timer starts")
        assert runs[0]["trigger"] == "timer"
        report = factory.app.ended(runs[0]["id"])
        assert report["counts"]["saves"] == {"saved": 2}


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("FACTORY_LAB_NAME", None, "is missing"),
        ("FACTORY_SUBSCRIPTION_ID", "everything", "is not valid"),
        ("REGION_HUBS", "eastus2=hub", "is not JSON"),
    ],
)
def test_a_missing_or_malformed_setting_is_named_by_the_answer_and_by_the_log(
    setting: str, value: str | None, words: str, azure: EmulatedAzure, tmp_path: Path
) -> None:
    with app_of(azure, tmp_path, {setting: value}) as factory:
        answer = factory.app.call("POST", "/api/runs", {})
        assert answer.status == 500
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert setting in problem["detail"]
        assert words in problem["detail"]
        factory.stores.upload(worlds.wanted(Blue=["Win2022"]))
        wait_until(lambda: setting in factory.log.read_text(), "the trigger to say which setting is wrong")
        assert "Traceback" not in factory.log.read_text()


def test_a_factory_lab_that_does_not_exist_is_named_by_the_run(azure: EmulatedAzure, tmp_path: Path) -> None:
    with app_of(azure, tmp_path, {"FACTORY_LAB_NAME": "NoSuchLab"}) as factory:
        report = factory.app.run({"labs": worlds.wanted(Blue=["Win2022"])})
        assert report["status"] == "Failed"
        assert "NoSuchLab" in report["error"]["message"]
