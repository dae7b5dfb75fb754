"""A browser for each file of tests, and pages that fail their test when they break a rule of all pages."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.watched import Watched

FOLDER = Path(__file__).parent
PATIENCE = 30_000  # milliseconds: what is true comes soon, but not on a machine that does much else

expect.set_options(timeout=PATIENCE)

type Opener = Callable[..., Page]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where there is no Chromium one line says so; where every change is tested, that is a failure instead."""
    ours = [item for item in items if FOLDER in item.path.parents]
    if ours and chromium.executable() is None and os.environ.get("CI") != "true":
        ours[0].add_marker(pytest.mark.skip(reason=f"{len(ours)} browser tests: {chromium.MISSING}"))
        items[:] = [item for item in items if item not in ours[1:]]
        config.hook.pytest_deselected(items=ours[1:])


# For each file, not for the session: while it runs, nothing else in this process may run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium.executable()
    if path is None:
        pytest.fail(chromium.MISSING)
    with chromium.running(path) as running:
        yield running


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Opener]:
    """Opens pages; none of them may ask another host, break its policy or raise an error."""
    watched: list[Watched] = []

    def open_page(*, width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        watched.append(Watched(context))
        return context.new_page()

    yield open_page
    for each in watched:
        each.context.close()
    assert [fault for each in watched for fault in each.faults] == []
