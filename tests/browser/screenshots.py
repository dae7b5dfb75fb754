"""Pictures of each page for the README: `python -m tests.browser.screenshots` writes them to docs/images."""

import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from shared.domain import changes
from shared.domain.changes import Changes
from shared.web import pages
from tests.browser import chromium, going_on, samples
from tests.browser.stubbed_app import StubbedApp

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"
WIDTH, HEIGHT = 1280, 1000


def report(page: Page) -> None:
    """A report as far as its timeline, with one mark explained."""
    page.set_viewport_size({"width": WIDTH, "height": 1900})
    page.set_content(pages.report_html(samples.report()))
    page.get_by_role("link", name="Coral, Win2022").hover()
    page.evaluate("scrollTo(0, 0)")


def dashboard(page: Page) -> None:
    """A run in the middle of its work, one that waits, and those of the last days."""
    app = StubbedApp(page, runs=[samples.request(), going_on.running(), *_past()], fleet=samples.fleet())
    app.open()


def fleet(page: Page) -> None:
    """Labs and images, with one lab opened."""
    app = StubbedApp(page, runs=_past(), fleet=samples.fleet())
    app.open()
    page.get_by_role("button", name="Copper").click()
    page.locator("#fleet-title").evaluate("heading => heading.scrollIntoView()")


def main() -> int:
    """Write every picture and return the exit status."""
    path = chromium.executable()
    if path is None:
        print(chromium.MISSING, file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    shown: tuple[Callable[[Page], None], ...] = (report, dashboard, fleet)
    with chromium.running(path) as browser:
        for show in shown:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            show(page)
            page.screenshot(path=FOLDER / f"{show.__name__}.png", animations="disabled")
    return 0


def _past() -> list[dict[str, object]]:
    taken = {"saves": {"saved": 1, "skipped": 5}, "deliveries": {"delivered": 6, "failed": 1, "already-present": 31}}
    planned = {"saves": {"planned": 2, "skipped": 4}, "deliveries": {"planned": 14, "already-present": 24}}
    message, _ = changes.refusal("0" * 64, None, Changes(digest=changes.digest(())))
    changed = {"code": changes.PLAN_CHANGED, "message": message}
    finding = samples.report().findings[-1]
    return [
        samples.past(0),
        samples.past(1, "Failed", trigger="http", endedAt="2026-11-22T03:01:09Z", counts=planned, error=changed),
        samples.past(2, "PartiallySucceeded", counts=taken, error={"code": finding.code, "message": finding.message}),
    ]


if __name__ == "__main__":
    sys.exit(main())
