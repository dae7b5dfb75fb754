"""The dashboard's page as a browser gets it: whole, the same for everybody, and allowed no more than it needs."""

import json
import re
from typing import get_args

import pytest

from shared.domain.fleet import State
from shared.domain.report import FINAL
from shared.web.dashboard_words import STATES
from shared.web.pages import dashboard_html, report_html
from tests.unit.web.reports import FULL
from tests.unit.web.test_pages import Page

DIGEST = re.compile(r"'sha256-[^']+'")


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(dashboard_html())


def policy(page: Page) -> str:
    return next(each["content"] or "" for each in page.all("meta") if "http-equiv" in each)


def test_everything_that_is_opened_is_closed(page: Page) -> None:
    assert page.open == []


def test_page_may_ask_the_app_that_it_came_from_and_nobody_else(page: Page) -> None:
    assert policy(page).startswith("default-src 'none'; ")
    assert "connect-src 'self'" in policy(page)
    assert "unsafe" not in policy(page)
    assert not re.search(r"https?:|//[a-z]", page.raw["script"].replace("// ", ""))


def test_report_that_the_page_opens_may_use_its_own_style_and_script(page: Page) -> None:
    wanted = DIGEST.findall(policy(Page(report_html(FULL))))
    assert len(wanted) == 2
    assert set(wanted) < set(DIGEST.findall(policy(page)))


def test_every_label_and_description_leads_somewhere(page: Page) -> None:
    ids = [each["id"] for _, each in page.tags if "id" in each]
    assert len(ids) == len(set(ids))
    named = [each[name] for _, each in page.tags for name in ("aria-labelledby", "aria-describedby") if name in each]
    assert set(named) <= set(ids)


def test_every_state_of_an_image_has_a_mark_of_its_own() -> None:
    assert {mark.outcome for mark in STATES} == set(get_args(State))
    assert len({mark.sign for mark in STATES}) == len(STATES)


def test_words_reach_the_script_and_end_no_element() -> None:
    (words,) = re.findall(r'<script id="words" type="application/json">(.*?)</script>', dashboard_html(), re.DOTALL)
    assert "<" not in words
    assert set(FINAL) < set(json.loads(words)["statuses"])
    assert json.loads(words)["statuses"]["PartiallySucceeded"] == {"words": "Partially succeeded", "tone": "warn"}
