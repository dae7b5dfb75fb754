"""Watches pages for what no page of ours may do, and asks axe for faults of accessibility."""

from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebError

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
SERIOUS = ("serious", "critical")
# What the browser itself says of an answer or a connection that a test made to fail.
EXPECTED = "Failed to load resource"


class Watched:
    """One context of a browser and what was wrong in it."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.faults: list[str] = []
        context.on("console", self._said)
        context.on("weberror", self._raised)
        context.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and EXPECTED not in message.text:
            self.faults.append(f"console: {message.text}")

    def _raised(self, error: WebError) -> None:
        self.faults.append(f"uncaught: {error.error}")

    def _asked(self, request: Request) -> None:
        url = urlsplit(request.url)
        if "code=" in url.query or "key" in url.query:
            self.faults.append(f"a key in an address: {url.path}")
        if request.is_navigation_request() or url.scheme in ("data", "blob"):
            return
        page = urlsplit(request.frame.url)
        if (url.scheme, url.netloc) != (page.scheme, page.netloc):
            self.faults.append(f"asked {url.scheme}://{url.netloc}")


def serious_faults(page: Page) -> list[str]:
    """The faults of accessibility that axe calls serious or critical, each with its first place."""
    page.evaluate(AXE)  # through the debugger: the page's own policy lets no such script in
    found: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{each['id']}: {each['help']} ({each['nodes'][0]['html'][:200]})"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


def overflows(page: Page) -> bool:
    """Whether the page is wider than its window, so that reading it needs scrolling to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def count_mutations(page: Page, selector: str) -> None:
    """Begin to count every change below an element."""
    page.evaluate(
        """(selector) => {
          window.mutations = 0;
          new MutationObserver((records) => { window.mutations += records.length; }).observe(
            document.querySelector(selector),
            { subtree: true, childList: true, attributes: true, characterData: true });
        }""",
        selector,
    )


def mutations(page: Page) -> int:
    """The changes since `count_mutations`."""
    return int(page.evaluate("window.mutations"))
