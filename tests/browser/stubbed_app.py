"""The dashboard before an app whose answers a test decides. The browser asks no server: each request ends here."""

import json
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route

from shared.domain.fleet import Fleet
from shared.web import pages
from tests.browser import samples

ORIGIN = "https://factory.example"
KEY = "the-right-key"


class StubbedApp:
    """What the app knows; tests change it while the page looks on."""

    def __init__(self, page: Page, *, runs: list[dict[str, Any]] | None = None, fleet: Fleet | None = None) -> None:
        self.page = page
        self.runs = runs or []
        self.fleet = fleet or Fleet()
        self.report = "<!doctype html><title>nothing</title>"
        self.silent = False
        self.refusal: tuple[int, dict[str, Any]] | None = None  # status and problem of every call
        self.calls: list[tuple[str, str, Any]] = []  # method, path below /api, body
        page.clock.set_fixed_time(samples.NOW)
        page.route(f"{ORIGIN}/**", self._answer)

    def open(self) -> None:
        """Open the page and give it the key."""
        self.page.goto(f"{ORIGIN}/api/dashboard")
        self.page.get_by_label("Key").fill(KEY)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#board:not([hidden])")

    def refreshed(self) -> None:
        """Let the page ask now, and wait until it has shown the answers."""
        self.page.evaluate("refreshNow()")

    def asked(self, method: str, path: str) -> list[Any]:
        """The bodies of the calls of one kind."""
        return [body for verb, asked, body in self.calls if (verb, asked) == (method, path)]

    def _answer(self, route: Route) -> None:
        request, path = route.request, urlsplit(route.request.url).path.removeprefix("/api")
        if path == "/dashboard":
            route.fulfill(body=pages.dashboard_html(), content_type="text/html")
            return
        self.calls.append((request.method, path, request.post_data_json))
        if self.silent:
            route.abort("connectionrefused")
        elif request.headers.get("x-functions-key") != KEY:
            route.fulfill(status=401)
        elif self.refusal is not None:
            status, problem = self.refusal
            route.fulfill(status=status, json=problem, content_type="application/problem+json")
        else:
            self._fulfil(route, request.method, path)

    def _fulfil(self, route: Route, method: str, path: str) -> None:
        if path == "/fleet":
            route.fulfill(json=json.loads(self.fleet.model_dump_json(by_alias=True, exclude_none=True)))
        elif path.endswith("/report"):
            route.fulfill(body=self.report, content_type="text/html")
        elif method == "POST":
            route.fulfill(status=202, json={"id": "20261123T140000Z-d4e5f6", "status": "Waiting"})
        else:
            route.fulfill(json={"runs": self.runs})
