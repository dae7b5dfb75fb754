"""The served app in a browser: the dashboard starts runs, watches them end and opens their reports."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener
from tests.browser.watched import serious_faults
from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.running import RunningFactory, running_factory

PATIENCE = 60_000  # milliseconds
pytestmark = [pytest.mark.emulator, pytest.mark.func_host]


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFactory]:
    """A factory whose labs.json is uploaded, and whose first run has ended."""
    place = tmp_path_factory.mktemp("factory")
    with running_factory(worlds.written(place, worlds.two_regions()), place) as running:
        running.stores.upload(worlds.wanted(Blue=["/"], Green=["Linux"]))
        wait_until(lambda: [run for run in running.app.runs() if run["status"] == "Succeeded"], "the first run")
        yield running


@pytest.fixture
def page(new_page: Opener, factory: RunningFactory) -> Page:
    """The dashboard, with the key given."""
    page = new_page()
    page.goto(f"{factory.app.url}/api/dashboard")
    page.get_by_label("Key").fill(factory.app.function_key)
    page.keyboard.press("Enter")
    expect(page.locator("#past tbody tr").first).to_be_visible(timeout=PATIENCE)
    return page


def accepted(page: Page) -> str:
    """The id of the run that the page says was accepted."""
    expect(page.locator("#news")).to_contain_text("was accepted", timeout=PATIENCE)
    found = re.search(r"\d{8}T\d{6}Z-[0-9a-f]{6}", page.locator("#news").inner_text())
    assert found is not None
    return found[0]


def ended(page: Page, run_id: str) -> None:
    """Watch a run until it is among those of the past."""
    row = page.locator("#past tbody tr", has_text=run_id)
    expect(row).to_contain_text("Succeeded", timeout=PATIENCE)


def test_run_is_started_watched_and_read_to_its_end(page: Page) -> None:
    page.get_by_role("button", name="Start a run").click()
    run_id = accepted(page)
    ended(page, run_id)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name=f"Open, the report of {run_id}").click()
    report = opened.value
    expect(report.get_by_role("heading", name=run_id)).to_be_visible()
    # Its own style and script are at work, under the policy that it has from the dashboard.
    expect(report.locator("#shown")).to_have_text("3 of 3 deliveries shown")
    assert report.locator(".verdict").evaluate("element => getComputedStyle(element).borderRadius") != "0px"
    assert report.url.startswith("blob:")


def test_dry_run_is_started_and_watched_by_keyboard(page: Page) -> None:
    while page.evaluate("document.activeElement.value") != "dry":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    ended(page, accepted(page))


def test_table_of_a_report_is_saved_as_a_file(page: Page) -> None:
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^CSV, ")).first.click()
    assert download.value.suggested_filename.startswith("image-factory-")
    assert download.value.path().read_bytes().startswith(b"\xef\xbb\xbfkind,")


def test_fleet_shows_what_the_runs_delivered(page: Page) -> None:
    green = page.locator("#fleet tbody", has_text="Green").locator("tr").first
    expect(green).to_contain_text("newest")
    expect(page.locator("#fleet-legend")).to_contain_text("newest: 3")


def test_served_page_is_accessible_and_guarded(page: Page, factory: RunningFactory) -> None:
    assert serious_faults(page) == []
    answer = factory.app.call("GET", "/api/dashboard", key="")
    assert answer.status == 200
    assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert factory.app.call("GET", "/api/fleet", key="").status == 401


def test_fleet_is_sent_only_when_it_has_changed(factory: RunningFactory) -> None:
    first = factory.app.call("GET", "/api/fleet")
    again = factory.app.call("GET", "/api/fleet", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status, again.status, again.body) == (200, 304, b"")
