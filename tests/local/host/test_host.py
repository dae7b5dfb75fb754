"""The sample app in a real host process: HTTP, durable functions, storage triggers and the end of the process."""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobServiceClient, ContainerClient
from azure.storage.queue import QueueClient, QueueMessage, QueueServiceClient

from tests.local.host.conftest import SAMPLE_APP, RunningHost, sample_host, wait_until

pytestmark = pytest.mark.func_host


def test_http_request_reaches_its_function_whole(host: RunningHost) -> None:
    answer = host.call("/api/ECHO/hello/more%2Fthan?q=1&q=2", {"a": 1})
    assert (answer.status, answer.headers["X-Sample"]) == (201, "yes")
    assert answer.headers["Set-Cookie"] == "a=1; Path=/"
    assert answer.json() == {
        "params": {"word": "hello", "rest": "more/than"},
        "query": {"q": "1,2"},
        "body": '{"a": 1}',
    }


def test_literal_route_wins_over_a_parameter(host: RunningHost) -> None:
    assert host.call("/api/echo/literal").body == "literal"


def test_unknown_path_or_method_is_not_found(host: RunningHost) -> None:
    assert host.call("/api/nothing").status == 404
    assert host.call("/echo/hello").status == 404
    assert host.call("/api/echo/hello", method="PUT").status == 404


def test_function_key_opens_functions_and_the_master_key_everything(host: RunningHost) -> None:
    assert host.call("/api/secret").status == 401
    assert host.call("/api/secret", key="wrong").status == 401
    assert host.call("/api/secret", key=host.function_key).status == 200
    assert host.call(f"/api/secret?code={host.master_key}").status == 200
    assert host.call("/api/owner", key=host.function_key).status == 401
    assert host.call("/api/owner", key=host.master_key).status == 200


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}])
def test_foreign_host_or_origin_is_refused(host: RunningHost, headers: dict[str, str]) -> None:
    assert host.call("/api/echo/hello", headers=headers).status == 403


def test_own_origin_is_welcome(host: RunningHost) -> None:
    assert host.call("/api/echo/literal", headers={"Origin": host.url}).status == 200


@pytest.mark.parametrize("how", ["raise", "exit"])
def test_function_that_fails_answers_500_and_the_host_lives_on(host: RunningHost, how: str) -> None:
    answer = host.call(f"/api/fail/{how}")
    assert (answer.status, answer.body) == (500, "")
    assert host.call("/api/echo/literal").status == 200


def test_log_has_failures_in_one_line_without_secrets(host: RunningHost) -> None:
    host.call("/api/echo/hello")
    host.call("/api/fail/raise")
    log = host.log.read_text()
    assert "Function fail failed: ValueError: it failed with code=*** (function_app.py:" in log
    assert "echo was called with sig=***" in log
    assert "printed by the app" in log
    assert host.function_key not in log
    assert "hidden-code" not in log


def test_function_that_takes_too_long_is_given_up(host: RunningHost) -> None:
    assert host.call("/api/slow").status == 500
    assert "FunctionTimeout: Function slow took longer than 2 s" in host.log.read_text()


def test_pairs_of_children_run_to_their_end(host: RunningHost) -> None:
    status = host.outcome("many_pairs", 20, "pairs")
    assert (status["runtimeStatus"], status["output"]) == ("Completed", 6 * sum(range(20)))
    assert status["customStatus"] == {"phase": "pairs"}
    children = host.call("/api/children/pairs:", key=host.function_key).json()
    assert children == sorted(f"pairs:{n}" for n in range(20))
    wait_until(lambda: _counter(host, "pairs") == 20, "all signals")


@pytest.mark.parametrize(
    ("how", "details"),
    [
        ("raise", ["LookupError", "no such thing: a detail"]),
        ("exit", ["InvocationError", "Function misbehave raised SystemExit"]),
        ("cancel", ["InvocationError", "Function misbehave raised CancelledError"]),
        ("absent", ["AppError", "The app has no activity named 'absent'"]),
    ],
)
def test_failed_activity_tells_its_type_and_message(host: RunningHost, how: str, details: list[str]) -> None:
    assert host.outcome("troubled", how)["output"] == details


@pytest.mark.parametrize("name", ["exits", "no_such_orchestration"])
def test_orchestration_that_cannot_run_has_failed(host: RunningHost, name: str) -> None:
    assert host.outcome(name)["runtimeStatus"] == "Failed"


def test_entity_that_fails_keeps_its_state_and_answers_again(host: RunningHost) -> None:
    assert host.outcome("asks_entity", "add")["output"] == 5
    assert host.outcome("asks_entity", "exit")["output"] == "TaskFailedError"
    assert host.outcome("asks_entity", "add")["output"] == 10


def test_entity_starts_an_orchestration(host: RunningHost) -> None:
    host.call("/api/signal/starter/start", "by-entity", key=host.function_key)
    found = wait_until(lambda: host.call("/api/children/by-entity", key=host.function_key).json(), "the orchestration")
    assert found == ["by-entity"]


def test_deleted_entity_reads_as_absent(host: RunningHost) -> None:
    host.call("/api/signal/short-lived/add", 3, key=host.function_key)
    wait_until(lambda: _counter(host, "short-lived") == 3, "the state")
    host.call("/api/signal/short-lived/delete", 0, key=host.function_key)
    wait_until(lambda: _counter(host, "short-lived") is None, "its end")


def test_blocking_activities_do_not_hold_up_other_orchestrations(host: RunningHost) -> None:
    blocked = host.start("blocks", 16)
    assert host.outcome("reflects", "at once")["output"] == "at once"
    assert host.call(blocked).status == 202
    wait_until(lambda: host.call(blocked).status == 200, "the blocking activities")


def test_management_api_shows_terminates_and_purges(host: RunningHost) -> None:
    url = host.start("waits", instance_id="managed")
    path = urlsplit(url).path
    assert host.call(path).status == 401
    assert host.call(path, key=host.function_key).status == 401
    running = host.call(path, key=host.master_key)
    assert (running.status, running.json()["name"]) == (202, "waits")
    ended = url.replace("/managed?", "/managed/terminate?") + "&reason=enough"
    assert host.call(ended, method="POST").status == 202
    wait_until(lambda: host.call(url).status == 200, "its end")
    assert host.call(url).json()["runtimeStatus"] == "Terminated"
    assert host.call(ended, method="POST").status == 410
    assert host.call(url, method="DELETE").json() == {"instancesDeleted": 1}
    assert host.call(url).status == 404


def test_blob_trigger_runs_once_for_each_version(host: RunningHost, azurite: str) -> None:
    container = _container(azurite, "sample-in")
    container.upload_blob("greeting.txt", "hello")
    container.upload_blob("ignored.csv", "hello")
    out = BlobServiceClient.from_connection_string(azurite).get_blob_client("sample-out", "greeting.out")
    assert _eventually_read(out) == b"HELLO"
    container.upload_blob("greeting.txt", "hello", overwrite=True)
    wait_until(lambda: len(_blobs(host, "greeting")) == 2, "the second version")
    assert _blobs(host, "greeting") == [{"blob": "sample-in/greeting.txt", "length": 5, "text": "hello"}] * 2
    assert not _blobs(host, "ignored")


def test_queue_trigger_answers_through_its_output(host: RunningHost, azurite: str) -> None:
    _send(azurite, base64.b64encode("Grüße".encode()).decode())
    answers = QueueServiceClient.from_connection_string(azurite).get_queue_client("sample-answers")
    texts: set[str] = set()

    def all_answers() -> bool:
        texts.update(base64.b64decode(message.content).decode() for message in _receive(answers))
        return texts >= {"GRÜSSE", "grüße"}

    wait_until(all_answers, "the answers")


def test_message_in_plain_text_goes_to_poison_and_the_listener_lives_on(host: RunningHost, azurite: str) -> None:
    _send(azurite, "plain text!")
    _send(azurite, base64.b64encode(b"after the plain one").decode())
    poison = QueueServiceClient.from_connection_string(azurite).get_queue_client("sample-requests-poison")
    wait_until(lambda: "plain text!" in [message.content for message in _receive(poison)], "the poison message")
    wait_until(lambda: {"message": "after the plain one", "attempt": 1} in host.received(), "the next message")


def test_timer_that_was_due_while_the_host_was_down_is_past_due(azurite: str, tmp_path: Path) -> None:
    status = {"Last": "2001-01-01T03:00:00+00:00", "Next": "2002-01-01T03:00:00+00:00", "LastUpdated": "2001-01-01"}
    container = _container(azurite, "azure-webjobs-hosts")
    name = "timers/past-due-host/Host.Functions.on_new_year/status"
    container.upload_blob(name, json.dumps(status), overwrite=True)
    with sample_host(azurite, tmp_path / "log", AzureFunctionsWebHost__hostid="past-due-host") as host:
        wait_until(lambda: {"timer": "new-year", "past_due": True} in host.received(), "the timer")
        wait_until(lambda: _counter(host, "years") == 1, "its durable client")
        wait_until(lambda: json.loads(container.download_blob(name).readall())["Next"] > "2026", "the status")
    noted = json.loads(container.download_blob(name).readall())
    assert noted["Next"].endswith("-01-01T03:00:00+00:00")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals between processes")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_host_in_order(azurite: str, tmp_path: Path, number: signal.Signals) -> None:
    with sample_host(azurite, tmp_path / "log") as host:
        blocked = host.start("blocks", 2)
        assert host.call(blocked).status == 202
        host.process.send_signal(number)
        assert host.process.wait(20) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_host_ends_when_its_parent_closes_the_pipe(azurite: str, tmp_path: Path) -> None:
    with sample_host(azurite, tmp_path / "log") as host:
        assert host.process.stdin is not None
        host.process.stdin.close()
        assert host.process.wait(20) == 0
        address = urlsplit(host.url)
        with pytest.raises(OSError, match=r"."):
            http.client.HTTPConnection(address.netloc, timeout=5).request("GET", "/")


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--app", "no-such-folder"], "host.json is missing: --app must name the folder of a function app"),
        (["--app", str(SAMPLE_APP)], "there is no app setting SAMPLE_QUEUE: set that variable"),
    ],
)
def test_host_that_cannot_start_says_why_in_one_line(arguments: list[str], remedy: str) -> None:
    assert remedy in _cannot_start(*arguments).stderr


def test_app_that_cannot_be_imported_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    (tmp_path / "function_app.py").write_text("x = 1\nimport no_such_module\n")
    result = _cannot_start("--app", str(tmp_path))
    assert "cannot be loaded: ModuleNotFoundError: " in result.stderr
    assert "(function_app.py:2)" in result.stderr


def _cannot_start(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "local.host", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert "Traceback" not in result.stderr
    return result


def _counter(host: RunningHost, key: str) -> object:
    return host.call(f"/api/counter/{key}", key=host.function_key).json()["state"]


def _blobs(host: RunningHost, name: str) -> list[dict[str, object]]:
    return [item for item in host.received() if name in item.get("blob", "")]


def _container(azurite: str, name: str) -> ContainerClient:
    container = BlobServiceClient.from_connection_string(azurite).get_container_client(name)
    if not container.exists():
        container.create_container()
    return container


def _eventually_read(blob: BlobClient) -> bytes:
    def read() -> bytes | None:
        try:
            return bytes(blob.download_blob().readall())
        except ResourceNotFoundError:
            return None

    found = wait_until(read, "the output blob")
    assert found is not None
    return found


def _send(azurite: str, text: str) -> None:
    queue = QueueServiceClient.from_connection_string(azurite).get_queue_client("sample-requests")
    try:
        queue.send_message(text)
    except ResourceNotFoundError:
        queue.create_queue()
        queue.send_message(text)


def _receive(queue: QueueClient) -> list[QueueMessage]:
    try:
        return list(queue.receive_messages(max_messages=32))
    except ResourceNotFoundError:
        return []
