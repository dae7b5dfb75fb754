"""The report as people use it: a saved file, opened without any server."""

import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from shared.web import pages
from tests.browser import samples
from tests.browser.conftest import Opener
from tests.browser.watched import count_mutations, mutations, overflows, serious_faults

LABS, IMAGES = 500, 20
LINES = """element => {
  const content = document.createRange();
  content.selectNodeContents(element);
  return content.getClientRects().length;
}"""
LINES_OF_TEXT = LINES.replace("selectNodeContents(element)", "selectNode(element.firstChild)")


def saved(folder: Path, labs: int = len(samples.LABS), images: int = len(samples.PATHS)) -> str:
    """The address of a report that somebody has saved."""
    file = folder / "report.html"
    file.write_text(pages.report_html(samples.report(labs, images)), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def page(new_page: Opener, tmp_path: Path) -> Page:
    page = new_page()
    page.goto(saved(tmp_path))
    return page


def test_first_screen_says_how_it_ended_and_what_failed(page: Page) -> None:
    expect(page.locator(".verdict")).to_contain_text("Partially succeeded")
    expect(page.get_by_role("heading", name="What failed, and what to do")).to_be_in_viewport()
    expect(page.locator("#matrix")).to_be_visible()


def test_deliveries_are_filtered_by_keyboard_alone(page: Page) -> None:
    page.get_by_label("Words").focus()
    page.keyboard.type("jade ubuntu")
    page.keyboard.press("Tab")
    page.keyboard.type("failed")  # an option is chosen by its first letters
    rows = page.locator("#deliveries tbody tr:visible")
    expect(rows).to_have_count(0)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(len(samples.report().deliveries))


def test_filters_work_together(page: Page) -> None:
    page.get_by_label("Outcome").select_option("failed")
    failed = [each for each in samples.report().deliveries if each.outcome == "failed"]
    expect(page.locator("#deliveries tbody tr:visible")).to_have_count(len(failed))
    page.get_by_role("combobox", name="Region").select_option("eastus2")
    away = [each for each in failed if each.region == "eastus2"]
    expect(page.locator("#shown")).to_have_text(f"{len(away)} of {len(samples.report().deliveries)} deliveries shown")


def test_mark_explains_itself_to_keyboard_and_mouse(page: Page) -> None:
    marks = page.locator("#matrix td a")
    marks.first.focus()
    page.keyboard.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    expect(page.get_by_role("tooltip")).to_contain_text("Win2016/Datacenter.json")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    marks.nth(3).hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Win2019/SqlServer.json")


def test_tip_goes_out_of_sight_with_its_mark_and_comes_back(page: Page) -> None:
    tip = page.get_by_role("tooltip")
    mark = page.locator("#matrix td a").first
    mark.focus()
    expect(tip).to_be_visible()
    page.keyboard.press("End")
    expect(tip).to_be_hidden()
    mark.scroll_into_view_if_needed()
    expect(tip).to_be_visible()


def test_mark_with_the_focus_is_never_behind_the_names_of_the_labs(new_page: Opener, tmp_path: Path) -> None:
    page = new_page(width=390)
    page.goto(saved(tmp_path, 1, IMAGES))
    marks = page.locator("#matrix td a")
    marks.last.focus()
    for mark in reversed(marks.all()):
        expect(mark).to_be_focused()
        expect(page.get_by_role("tooltip")).to_be_visible()
        lab, cell = page.locator("#matrix tbody th").bounding_box(), mark.bounding_box()
        assert lab
        assert cell
        assert cell["x"] >= lab["x"] + lab["width"] - 1
        page.keyboard.press("ArrowLeft")


def test_names_of_the_labs_of_the_demo_are_unbroken_on_a_telephone(new_page: Opener, tmp_path: Path) -> None:
    page = new_page(width=390)
    report = samples.report(1, 2)
    deliveries = tuple(each.model_copy(update={"lab": "TeamSilver22"}) for each in report.deliveries)
    file = tmp_path / "report.html"
    file.write_text(pages.report_html(report.model_copy(update={"deliveries": deliveries})), encoding="utf-8")
    page.goto(file.as_uri())
    assert page.get_by_role("rowheader", name="TeamSilver22").first.evaluate(LINES_OF_TEXT) == 1


def test_mark_leads_to_its_delivery_by_keyboard(page: Page) -> None:
    page.get_by_label("Words").fill("silver")
    page.locator("#matrix td a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#d0")).to_be_visible()
    expect(page.locator("#d0")).to_be_in_viewport()


def test_no_name_breaks_in_the_middle_where_there_is_room(page: Page) -> None:
    machines = page.locator("section", has_text="Machines of the factory")
    for text in ("win2022dc", "sqlserver", "Outcome"):
        assert machines.get_by_text(text, exact=True).first.evaluate(LINES) == 1, text


@pytest.mark.parametrize("media", ["screen", "print"])
def test_marks_of_the_matrix_stand_below_their_images(
    new_page: Opener, tmp_path: Path, media: Literal["screen", "print"]
) -> None:
    page = new_page()
    page.emulate_media(media=media)
    page.goto(saved(tmp_path))
    heads = page.locator("#matrix thead th").all()
    for head, cell in zip(heads, page.locator("#matrix tbody tr").last.locator("th, td").all(), strict=True):
        above, below = head.bounding_box(), cell.bounding_box()
        assert above
        assert below
        assert (above["x"], above["width"]) == pytest.approx((below["x"], below["width"]), abs=1)


@pytest.mark.parametrize("way", ["focus", "hover"])
def test_mark_shows_outcome_reason_route_size_and_time(page: Page, way: str) -> None:
    words = {
        "delivered": [
            "Outcome: delivered",
            "from the factory to westeurope",
            "127.0 GiB",
            "copied in 20 min 4 s",
            "image made in 1 min",
        ],
        "failed": ["Outcome: failed", "Reason: The lab has a custom image of that name", "name-taken"],
    }
    for outcome, expected in words.items():
        mark = page.locator(f"#matrix a[aria-label$=': {outcome}']").first
        getattr(mark, way)()
        for each in expected:
            expect(page.get_by_role("tooltip")).to_contain_text(each)
        expect(mark).to_have_accessible_description(re.compile(re.escape(expected[0])))


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("media", ["screen", "print"])
def test_timeline_paints_each_bar_where_its_time_is(
    new_page: Opener, tmp_path: Path, width: int, media: Literal["screen", "print"]
) -> None:
    page = new_page(width=width)
    page.emulate_media(media=media)
    page.goto(saved(tmp_path))
    row = page.locator("#timeline tr", has_text="win2022dc")
    expect(row).to_contain_text("33 s to 10 min 55 s")
    expect(row).to_contain_text("1 saved")
    picture, bar = row.locator("svg").bounding_box(), row.locator("rect").bounding_box()
    assert picture
    assert bar
    assert (bar["x"] - picture["x"]) / picture["width"] == pytest.approx(33 / 2832, abs=0.01)
    assert bar["width"] / picture["width"] == pytest.approx(622 / 2832, abs=0.01)
    assert row.locator("rect").evaluate("bar => getComputedStyle(bar).fill") == "rgb(10, 90, 36)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_report_is_accessible(new_page: Opener, tmp_path: Path, scheme: str, width: int) -> None:
    page = new_page(width=width, color_scheme=scheme)
    page.goto(saved(tmp_path))
    page.locator("#matrix td a").first.focus()
    assert serious_faults(page) == []
    assert not overflows(page)


@pytest.mark.parametrize(("table", "count"), [("matrix", LABS), ("deliveries", None)])
def test_rows_of_a_long_report_are_laid_out_when_they_come_into_sight(
    new_page: Opener, tmp_path: Path, table: str, count: int | None
) -> None:
    page = new_page()
    page.goto(saved(tmp_path, LABS, IMAGES))
    rows = page.locator(f"#{table}").get_by_role("row")
    # A table still, to those who cannot see.
    expect(rows).to_have_count(1 + (count or len(samples.report(LABS, IMAGES).deliveries)))
    seen = "row => row.querySelector('td').checkVisibility({ contentVisibilityAuto: true })"
    assert not rows.last.evaluate(seen)
    rows.last.scroll_into_view_if_needed()
    expect(rows.last).to_be_in_viewport()
    assert rows.last.evaluate(seen)


def test_report_of_500_labs_and_20_images_changes_only_what_a_filter_changes(new_page: Opener, tmp_path: Path) -> None:
    page = new_page()
    page.goto(saved(tmp_path, LABS, IMAGES))
    deliveries = samples.report(LABS, IMAGES).deliveries
    chosen = [each for each in deliveries if each.lab == "Lab499"]
    expect(page.locator("#shown")).to_have_text(f"{len(deliveries)} of {len(deliveries)} deliveries shown")
    far = page.get_by_role("link", name="Lab497, Linux/Ubuntu-22.04.json")
    far.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("Linux_Ubuntu-22_04-Nov-23-2026")  # its row is not laid out
    count_mutations(page, "#deliveries tbody")
    page.get_by_label("Words").fill("lab499")
    expect(page.locator("#shown")).to_contain_text(f"{len(chosen)} of ")
    assert mutations(page) == len(deliveries) - len(chosen)
    page.get_by_label("Words").fill("lab499 win")
    page.get_by_label("Words").fill("lab499")
    assert mutations(page) < len(deliveries) + 2 * len(chosen)
