"""The served app in a browser: a run whose copies go on for long is watched, and cancelled after a question."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opener
from tests.e2e import worlds
from tests.e2e.running import RunningFactory, running_factory

PATIENCE = 60_000  # milliseconds
pytestmark = [pytest.mark.emulator, pytest.mark.func_host]


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFactory]:
    """A factory in which a copy takes many minutes, and its first run."""
    place = tmp_path_factory.mktemp("factory")
    slow = worlds.two_regions()
    slow["speeds"] = {**slow["speeds"], "copyMiBPerSecond": 0.00002, "crossRegionMiBPerSecond": 0.00002}
    with running_factory(worlds.written(place, slow), place) as running:
        running.stores.upload(worlds.wanted(Blue=["/"]))
        yield running


def test_run_on_its_way_is_watched_and_cancelled(new_page: Opener, factory: RunningFactory) -> None:
    page = new_page()
    page.goto(f"{factory.app.url}/api/dashboard")
    page.get_by_label("Key").fill(factory.app.function_key)
    page.keyboard.press("Enter")
    run = page.locator(".run")
    expect(run).to_contain_text("2 copies in flight", timeout=PATIENCE)
    expect(run).to_contain_text("golden1 · Win2022/Datacenter.json")
    run.get_by_role("button", name=re.compile("^Cancel")).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    row = page.locator("#past tbody tr")
    expect(row).to_contain_text("Cancelled", timeout=PATIENCE)
    expect(row).to_contain_text("2 cancelled")
