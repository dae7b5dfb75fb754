"""The HTTP interface of a running app as a client sees it: every answer is handed over, whatever its status."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Literal

import pytest

FINAL = ("Succeeded", "PartiallySucceeded", "Failed", "Cancelled")
PATIENCE_SECONDS = 60.0


def wait_until[T](
    condition: Callable[[], T | Literal[False] | None], what: str, *, seconds: float = PATIENCE_SECONDS
) -> T:
    """Give the condition's first true value, or fail when it has not come within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited {seconds:.0f} seconds for {what}")
        time.sleep(0.05)
    return value


@dataclass(frozen=True)
class Answer:
    """The answer to one call."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class AppClient:
    """One app: its address, a key of its functions, and the master key, which only its operator has."""

    url: str
    function_key: str = field(repr=False)
    master_key: str = field(repr=False)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request; a body that is no bytes is sent as JSON, and `key` is the function key unless given."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"x-functions-key": self.function_key if key is None else key, **(headers or {})}
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        # Without the machine's proxies: they do not know this loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())

    def start(self, body: Any = None, **headers: str) -> str:
        """Ask for a run that must be accepted; returns its id."""
        answer = self.call("POST", "/api/runs", {} if body is None else body, headers=headers)
        assert answer.status == 202, answer.body
        return str(answer.json()["id"])

    def status(self, run_id: str) -> dict[str, Any]:
        """How a run stands."""
        answer = self.call("GET", f"/api/runs/{run_id}")
        assert answer.status == 200, answer.body
        return dict(answer.json())

    def runs(self, query: str = "limit=100") -> list[dict[str, Any]]:
        """The list of runs, newest first."""
        return list(self.call("GET", f"/api/runs?{query}").json()["runs"])

    def ended(self, run_id: str, *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait for a run's end; returns its report."""
        wait_until(lambda: self.status(run_id)["status"] in FINAL, f"the end of {run_id}", seconds=seconds)
        return dict(self.call("GET", f"/api/runs/{run_id}/report?format=json").json())

    def run(self, body: Any = None) -> dict[str, Any]:
        """One run from request to report."""
        return self.ended(self.start(body))

    def becomes(self, run_id: str, status: str, *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Wait until a run has a status; returns its status document."""
        what = f"{run_id} to be {status}"
        return wait_until(lambda: (found := self.status(run_id))["status"] == status and found, what, seconds=seconds)
