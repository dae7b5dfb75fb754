"""Finds the machine's Chromium and starts it for one file of tests. It installs nothing and knows no page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MISSING = "no Chromium on this machine (on Debian and Ubuntu: apt install chromium)"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable() -> Path | None:
    """Where Chromium is: the setting CHROMIUM, or the first of its names on the path; None when there is none."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


@contextmanager
def running(path: Path) -> Iterator[Browser]:
    """Run the browser; it has ended when the context has."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
