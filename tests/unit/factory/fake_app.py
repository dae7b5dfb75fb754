"""An app that answers over HTTP as the product does, from a script of statuses."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

KEY = "the-function-key"
RUN_ID = "20261123T030000Z-1a2b3c"


@dataclass
class FakeApp:
    """Each look at the run gives the next of `statuses`; the last one stays."""

    url: str = ""
    runs: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    refusal: tuple[int, dict[str, Any]] | None = None
    broken_answers: int = 0
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def answer(self, method: str, path: str, body: Any, key: str | None) -> tuple[int, Any]:
        self.asked.append((method, path, body))
        route = urlsplit(path).path
        if key != KEY:
            return 401, None
        if self.refusal:
            return self.refusal
        if self.broken_answers:
            self.broken_answers -= 1
            return 503, None
        if route.endswith("/cancel"):
            return 202, {"id": RUN_ID, "status": "Cancelling"}
        if route.endswith("/plan"):
            return 200, self.plan
        if route.endswith("/report"):
            return 200, self.report
        if (method, route) == ("POST", "/api/runs"):
            return 202, {"id": RUN_ID, "status": "Waiting"}
        if route == "/api/runs":
            return 200, {"runs": self.runs}
        return 200, self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def serving(app: FakeApp) -> Iterator[FakeApp]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, value = app.answer(self.command, self.path, body, self.headers.get("x-functions-key"))
            content = b"" if value is None else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        app.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield app
        finally:
            server.shutdown()
            thread.join()


def status(state: str, **more: Any) -> dict[str, Any]:
    return {"id": RUN_ID, "trigger": "http", "status": state, **more}


REPORT: dict[str, Any] = {
    "status": "PartiallySucceeded",
    "saves": [
        {"vm": "win2022", "imagePath": "Win2022/Datacenter.json", "imageName": "Win2022_Datacenter-Nov-23-2026",
         "outcome": "saved"},
        {"vm": "sqlserver", "outcome": "skipped", "reason": "not-deallocated"},
    ],
    "deliveries": [
        {"lab": "TeamBlue", "imagePath": "Win2022/Datacenter.json", "imageName": "Win2022_Datacenter-Nov-23-2026",
         "outcome": "delivered"},
        {"lab": "Team[red]", "imagePath": "Win2022/Datacenter.json", "imageName": "Win2022_Datacenter-Nov-23-2026",
         "outcome": "failed", "reason": "name-taken"},
    ],
    "crossings": [{"imagePath": "Win2022/Datacenter.json", "bytes": 136365212160, "outcome": "finished"}],
    "findings": [{"severity": "warning", "code": "unknown-key", "message": "It is not known.", "path": "Labs[0].X"}],
}  # fmt: skip
