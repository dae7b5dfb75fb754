"""Follows a run of a running app until it has ended. How that looks on a screen is not known here."""

import time
from collections.abc import Callable
from typing import Any

from factory.api import Api
from factory.errors import ApiError
from shared.domain.report import FINAL

# A deployed app that scales or restarts is silent for a while; the run itself goes on.
SILENCE_SECONDS = 120.0


def follow(
    api: Api,
    run_id: str,
    *,
    show: Callable[[dict[str, Any]], None],
    every: float,
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Show a run every so many seconds until it has ended, or the run that answers it; returns its last status.

    `check` is called before each look and may raise what makes waiting pointless. Raises ApiError.
    """
    silent_since: float | None = None
    while True:
        check()
        try:
            body = api.run(run_id)
        except ApiError as error:
            silent_since = silent_since or time.monotonic()
            if not error.passing or time.monotonic() - silent_since > SILENCE_SECONDS:
                raise
        else:
            silent_since = None
            show(body)
            if body["status"] in FINAL:
                return body
            run_id = body.get("coveredBy") or run_id
        time.sleep(every)


def uploaded_run(api: Api, *, seconds: float, every: float, check: Callable[[], None]) -> str:
    """The id of the newest run that an upload started; waits for it. Raises ApiError when none comes."""
    deadline = time.monotonic() + seconds
    while True:
        check()
        for run in api.newest_runs():
            if run["trigger"] == "upload":
                return str(run["id"])
        if time.monotonic() > deadline:
            raise ApiError(f"labs.json was uploaded, but no run began within {seconds:.0f} seconds.")
        time.sleep(every)
