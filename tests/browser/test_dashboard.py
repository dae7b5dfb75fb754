"""The dashboard as people use it, before an app whose answers are made up."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import going_on, samples
from tests.browser.conftest import Opener
from tests.browser.stubbed_app import KEY, ORIGIN, StubbedApp
from tests.browser.watched import count_mutations, mutations, overflows, serious_faults

BUSY = [samples.request(), going_on.running(), samples.past(1), samples.past(2, "PartiallySucceeded")]


@pytest.fixture
def page(new_page: Opener) -> Page:
    return new_page()


@pytest.fixture
def busy(page: Page) -> StubbedApp:
    """A factory with a run on its way, seen by somebody who has given the key."""
    app = StubbedApp(page, runs=BUSY, fleet=samples.fleet())
    app.open()
    return app


def test_nothing_is_asked_before_the_key_is_given(page: Page) -> None:
    app = StubbedApp(page, runs=BUSY)
    page.goto(f"{ORIGIN}/api/dashboard")
    expect(page.get_by_label("Key")).to_be_focused()
    expect(page.locator("#board")).to_be_hidden()
    assert app.calls == []


def test_key_is_kept_in_the_tab_alone(page: Page) -> None:
    app = StubbedApp(page, runs=BUSY)
    app.open()
    assert page.evaluate("[sessionStorage.length, localStorage.length, document.cookie, location.search]") == [
        1,
        0,
        "",
        "",
    ]
    assert KEY not in page.content()


def test_key_survives_a_reload_and_is_forgotten_when_asked(busy: StubbedApp) -> None:
    page = busy.page
    page.reload()
    expect(page.locator("#board")).to_be_visible()
    page.get_by_role("button", name="Forget the key").click()
    expect(page.locator("#board")).to_be_hidden()
    assert page.evaluate("sessionStorage.length") == 0


def test_wrong_key_is_said_and_asked_for_again(page: Page) -> None:
    StubbedApp(page)
    page.goto(f"{ORIGIN}/api/dashboard")
    page.get_by_label("Key").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="does not accept this key")).to_be_visible()
    expect(page.get_by_label("Key")).to_be_focused()


def test_running_run_shows_its_progress_copies_rate_and_time_to_go(busy: StubbedApp) -> None:
    card = busy.page.locator(".run")
    expect(card).to_contain_text("8 copies in flight · 864 MiB/s · about 42 min 9 s to go")
    expect(card.locator("tbody tr")).to_have_count(2)
    expect(card.get_by_role("progressbar", name="Linux/Ubuntu-22.04.json").first).to_be_visible()


def test_running_run_that_saves_shows_each_machine(busy: StubbedApp) -> None:
    busy.runs = [going_on.saving()]
    busy.refreshed()
    card = busy.page.locator(".run")
    expect(card).to_contain_text("1 copy in flight · 108 MiB/s")
    expect(card).to_contain_text("saving · 50.8 GiB of 127.0 GiB · 108 MiB/s")


def test_past_run_that_failed_says_why(busy: StubbedApp) -> None:
    error = {"code": "plan-changed", "message": "The plan is <another> one."}
    busy.runs = [samples.past(1, "Failed", error=error), samples.past(2)]
    busy.refreshed()
    rows = busy.page.locator("#past tbody tr")
    expect(rows.first).to_contain_text("The plan is <another> one. (plan-changed)")
    expect(rows.last.locator(".why")).to_be_empty()


@pytest.mark.parametrize("width", [1280, 900, 390])
def test_reason_with_a_digest_makes_the_past_runs_no_wider(new_page: Opener, width: int) -> None:
    page = new_page(width=width)
    app = StubbedApp(page, runs=[samples.past(2)])
    app.open()
    before = page.locator("#past").bounding_box()
    app.runs = [samples.past(1, "Failed", error={"code": "plan-changed", "message": "a1" * 32}), *app.runs]
    app.refreshed()
    expect(page.locator("#past")).to_contain_text("(plan-changed)")
    after = page.locator("#past").bounding_box()
    assert before
    assert after
    assert after["width"] == before["width"]


def test_runs_are_where_their_status_puts_them(busy: StubbedApp) -> None:
    page = busy.page
    expect(page.locator("#waiting li")).to_have_count(1)
    expect(page.locator("#past tbody tr")).to_have_count(2)
    merged = samples.request(samples.MERGED, status="Merged", coveredBy=samples.RUNNING)
    stale = samples.request("20261101T000000Z-000001", status="Merged", coveredBy=samples.past(1)["id"])
    busy.runs = [merged, *BUSY, stale]
    busy.refreshed()
    expect(page.locator("#waiting li")).to_have_count(2)
    expect(page.locator("#waiting")).to_contain_text(f"answered by {samples.RUNNING}")


def test_refresh_keeps_focus_text_scroll_and_what_is_open(busy: StubbedApp) -> None:
    page = busy.page
    page.set_viewport_size({"width": 1280, "height": 500})
    page.get_by_role("button", name="Copper").click()
    page.get_by_label("Labs", exact=True).fill("Amb")
    page.evaluate("document.querySelector('.run').mark = 'the same'; scrollTo(0, 400)")
    busy.runs = [going_on.running(0.7), *BUSY[2:], samples.past(3)]
    busy.refreshed()
    expect(page.locator("#past tbody tr")).to_have_count(3)
    expect(page.get_by_label("Labs", exact=True)).to_be_focused()
    expect(page.get_by_label("Labs", exact=True)).to_have_value("Amb")
    expect(page.get_by_role("button", name="Copper")).to_have_attribute("aria-expanded", "true")
    assert page.evaluate("document.querySelector('.run').mark") == "the same"
    assert page.evaluate("scrollY") > 0


def test_refresh_without_news_touches_nothing(busy: StubbedApp) -> None:
    busy.runs = BUSY[2:]
    busy.refreshed()
    count_mutations(busy.page, "#board")
    busy.refreshed()
    assert mutations(busy.page) == 0


def test_focus_goes_to_the_heading_when_its_run_is_gone(busy: StubbedApp) -> None:
    cancel = busy.page.locator("#waiting").get_by_role("button", name=re.compile("^Cancel"))
    cancel.focus()
    busy.runs = BUSY[1:]
    busy.refreshed()
    expect(busy.page.locator("#waiting-title")).to_be_focused()


def test_end_of_a_run_is_announced(busy: StubbedApp) -> None:
    busy.runs = [samples.past(0, "Failed"), *BUSY[2:]]
    busy.refreshed()
    expect(busy.page.locator("#news")).to_have_text(f"The run {samples.past(0)['id']} has ended: Failed.")


def test_silence_is_said_and_waited_out_ever_longer(busy: StubbedApp) -> None:
    connection = busy.page.locator("#connection")
    busy.silent = True
    busy.page.evaluate("refreshNow()")
    expect(connection).to_contain_text("The factory does not answer. What is shown is of 20")
    expect(connection).to_contain_text("Trying again in 2 s.")
    busy.page.get_by_role("button", name="Try now").click()
    expect(connection).to_contain_text("Trying again in 4 s.")
    expect(busy.page.locator(".run")).to_be_visible()
    busy.silent = False
    busy.page.get_by_role("button", name="Try now").click()
    expect(connection).to_have_text("Connected")


def test_problem_of_the_app_is_shown_in_its_own_words(busy: StubbedApp) -> None:
    busy.refusal = (502, {"detail": "Azure gave no usable answer."})
    busy.page.evaluate("refreshNow()")
    expect(busy.page.locator("#connection")).to_contain_text("Azure gave no usable answer.")


def test_run_is_started_for_some_labs_and_images(busy: StubbedApp) -> None:
    page = busy.page
    page.get_by_label("Labs", exact=True).fill("Amber, Jade")
    page.get_by_label("Images", exact=True).fill("Win2022")
    page.get_by_label("Save machines first").uncheck()
    page.get_by_role("button", name="Start a run").click()
    expect(page.locator("#news")).to_contain_text("20261123T140000Z-d4e5f6 was accepted")
    only = {"labs": ["Amber", "Jade"], "images": ["Win2022"]}
    assert busy.asked("POST", "/runs") == [{"dryRun": False, "save": False, "only": only}]


def test_dry_run_is_started_by_keyboard(busy: StubbedApp) -> None:
    page = busy.page
    page.get_by_label("Labs", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#news")).to_contain_text("The dry run 20261123T140000Z-d4e5f6")
    assert busy.asked("POST", "/runs") == [{"dryRun": True, "save": True}]
    expect(page.get_by_role("button", name="Start a dry run")).to_be_focused()


def test_refused_request_shows_all_findings(busy: StubbedApp) -> None:
    finding = {"severity": "error", "code": "unknown-key", "message": "There is no such key.", "path": "only.lab"}
    busy.refusal = (400, {"detail": "The request has 1 error.", "findings": [finding]})
    busy.page.get_by_role("button", name="Start a run").click()
    alert = busy.page.get_by_role("alert").filter(has_text="The request has 1 error.")
    expect(alert).to_contain_text("only.lab · There is no such key.")


def test_cancel_asks_first_and_can_be_left_by_escape(busy: StubbedApp) -> None:
    page, path = busy.page, f"/runs/{samples.RUNNING}/cancel"
    cancel = page.get_by_role("button", name=f"Cancel the run {samples.RUNNING}")
    cancel.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Cancel this run?")).to_be_visible()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(cancel).to_be_focused()
    assert busy.asked("POST", path) == []
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    expect(page.locator("#news")).to_contain_text("is being cancelled")
    assert len(busy.asked("POST", path)) == 1


def test_fleet_says_what_each_lab_holds_and_how_old_it_is(busy: StubbedApp) -> None:
    page = busy.page
    row = page.locator("#fleet tbody").filter(has_text="Azure").locator("tr").first
    expect(row).to_contain_text("an older version 56 d")
    expect(page.locator("#fleet-legend")).to_contain_text("never delivered: 1")
    page.get_by_role("button", name="Copper").press("Enter")
    expect(page.locator("#fleet .more")).to_contain_text("Win2019/SqlServer.json: never delivered")


def test_fleet_is_filtered_by_words_state_and_region(busy: StubbedApp) -> None:
    page, labs = busy.page, busy.page.locator("#fleet tbody")
    page.get_by_label("Words").fill("jade")
    expect(labs).to_have_count(1)
    page.get_by_role("button", name="Show all").click()
    expect(labs).to_have_count(len(samples.LABS))
    page.get_by_label("Has").select_option("older")
    expect(labs).to_have_count(1)
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Region").select_option("eastus2")
    expect(labs).to_have_count(4)


def test_fleet_is_surveyed_again_by_a_dry_run_that_saves_nothing(busy: StubbedApp) -> None:
    busy.page.get_by_role("button", name="Survey again").click()
    expect(busy.page.locator("#news")).to_contain_text("was accepted")
    assert busy.asked("POST", "/runs") == [{"dryRun": True, "save": False}]


def test_fleet_of_500_labs_stays_small_on_the_page(page: Page) -> None:
    app = StubbedApp(page, fleet=samples.fleet(500, 20))
    app.open()
    expect(page.locator("#fleet-shown")).to_have_text("100 of 500 labs shown")
    assert page.evaluate("document.querySelectorAll('#fleet *').length") < 100 * 20 * 4
    count_mutations(page, "#fleet")
    app.refreshed()
    assert mutations(page) == 0
    page.get_by_label("Words").fill("lab499")
    expect(page.locator("#fleet tbody")).to_have_count(1)
    page.get_by_label("Words").fill("")
    page.get_by_role("button", name="Show more labs").click()
    expect(page.locator("#fleet tbody")).to_have_count(200)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_state_of_the_page_is_accessible(new_page: Opener, scheme: str, width: int) -> None:
    page = new_page(width=width, color_scheme=scheme)
    app = StubbedApp(page, runs=BUSY, fleet=samples.fleet())
    page.goto(f"{ORIGIN}/api/dashboard")
    assert serious_faults(page) == []
    app.open()
    page.get_by_role("button", name="Copper").click()
    assert serious_faults(page) == []
    assert not overflows(page)
    page.locator(".run").get_by_role("button", name=re.compile("^Cancel")).click()
    assert serious_faults(page) == []
