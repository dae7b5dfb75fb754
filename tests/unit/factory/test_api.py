"""The HTTP client: what it asks, and that every trouble is one message that says what to do and keeps the key."""

import socket
from typing import Any

import pytest

from factory.api import Api
from factory.errors import ApiError
from tests.unit.factory.fake_app import KEY, RUN_ID, FakeApp, serving, status


def failure(app: FakeApp, key: str = KEY) -> ApiError:
    with serving(app), pytest.raises(ApiError) as error:
        Api(app.url, key).start({})
    return error.value


def test_start_posts_the_request_and_gives_the_id() -> None:
    app = FakeApp()
    with serving(app):
        assert Api(app.url + "/", KEY).start({"dryRun": True}) == RUN_ID
    assert app.asked == [("POST", "/api/runs", {"dryRun": True})]


def test_run_and_report_are_asked_for_by_id() -> None:
    app = FakeApp(statuses=[status("Running")], report={"a": 1}, runs=[status("Running")])
    with serving(app):
        api = Api(app.url, KEY)
        assert api.run(RUN_ID)["status"] == "Running"
        assert api.report(RUN_ID, "json") == b'{"a": 1}'
        assert api.newest_runs() == [status("Running")]
    assert app.asked[1][1] == f"/api/runs/{RUN_ID}/report?format=json"


def test_a_problem_is_shown_with_all_its_findings() -> None:
    problem: dict[str, Any] = {
        "title": "Bad Request",
        "detail": "The request has faults.",
        "findings": [
            {"severity": "error", "code": "unknown-key", "message": "Remove it.", "path": "labs"},
            {"severity": "error", "code": "wrong-type", "message": "Write true.", "path": ""},
        ],
    }
    error = failure(FakeApp(refusal=(400, problem)))
    assert str(error).splitlines() == [
        "The request has faults.",
        "  labs: error unknown-key: Remove it.",
        "  the document: error wrong-type: Write true.",
    ]
    assert (error.status, error.passing) == (400, False)


def test_a_wrong_key_is_named_as_such_and_not_shown() -> None:
    error = failure(FakeApp(), key="wrong-secret")
    assert "IMAGE_FACTORY_KEY" in str(error)
    assert "wrong-secret" not in str(error)


def test_an_error_without_a_problem_document_gives_its_status() -> None:
    error = failure(FakeApp(broken_answers=1))
    assert str(error) == "The app answered 503 Service Unavailable."
    assert error.passing


def test_an_address_where_nobody_listens_is_one_message() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ApiError, match=f"http://127.0.0.1:{port} does not answer") as error:
        Api(f"http://127.0.0.1:{port}", KEY).newest_runs()
    assert (error.value.status, error.value.passing) == (0, True)


def test_an_answer_of_something_else_is_refused() -> None:
    app = FakeApp(statuses=[{"hello": "world"}])
    with serving(app), pytest.raises(ApiError, match="did not answer as an image factory does"):
        Api(app.url, KEY).run(RUN_ID)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "factory.example.org",
        "ftp://factory.example.org",
        "https://",
        "https://factory.example.org\r",
        "https://fäctory.example.org",
        "https://factory.example.org:port",
        "https://[factory",
        f"https://factory.example.org/api/runs?code={KEY}",
        f"https://user:{KEY}@factory.example.org",
        KEY,
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ApiError, match="is no address of an app") as error:
        Api(url, KEY)
    assert KEY not in str(error.value)


@pytest.mark.parametrize("stray", ["\r", "\r\nHost: elsewhere", "\x00", " ", "é", "\u200b"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(stray: str) -> None:
    with pytest.raises(ApiError, match="The function key has a character that no key has") as error:
        Api("https://factory.example.org", f"SECRET{stray}KEY")
    assert "SECRET" not in str(error.value)


def test_the_key_is_not_sent_unencrypted_to_another_machine() -> None:
    with pytest.raises(ApiError, match="Use https"):
        Api("http://factory.example.org", KEY)


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    app = FakeApp(runs=[])
    with serving(app):
        assert Api(app.url, KEY).newest_runs() == []
