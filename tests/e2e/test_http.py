"""The HTTP interface: what it accepts, what it answers, and how it says that something is wrong."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import Answer
from tests.e2e.running import RunningFactory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

NOTHING_TO_DO = {"dryRun": True, "labs": worlds.wanted(Blue=[])}


def problem(answer: Answer, status: int, title: str) -> dict[str, Any]:
    """The problem document of an answer that must be one."""
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.body
    document = dict(answer.json())
    assert (document["status"], document["title"]) == (status, title)
    assert document["detail"]
    return document


def test_a_request_is_accepted_with_the_address_of_its_run(factory: RunningFactory) -> None:
    answer = factory.app.call("POST", "/api/runs", NOTHING_TO_DO)
    assert answer.status == 202
    run_id = answer.json()["id"]
    assert answer.headers["Location"] == f"/api/runs/{run_id}"
    assert int(answer.headers["Retry-After"]) > 0
    report = factory.app.ended(run_id)
    assert (report["runId"], report["trigger"], report["dryRun"]) == (run_id, "http", True)


def test_a_request_without_a_body_is_a_whole_run(factory: RunningFactory) -> None:
    answer = factory.app.call("POST", "/api/runs", b"")
    assert answer.status == 202
    report = factory.app.ended(answer.json()["id"])
    assert (report["dryRun"], report["counts"]["saves"]) == (False, {"saved": 2})


def test_the_same_idempotency_key_gives_one_run(factory: RunningFactory) -> None:
    before = {run["id"] for run in factory.app.runs()}
    first = factory.app.start(NOTHING_TO_DO, **{"Idempotency-Key": "monday"})
    assert factory.app.start(NOTHING_TO_DO, **{"Idempotency-Key": "monday"}) == first
    factory.app.ended(first)
    assert factory.app.start(NOTHING_TO_DO, **{"Idempotency-Key": "monday"}) == first
    other = factory.app.start(NOTHING_TO_DO, **{"Idempotency-Key": "tuesday"})
    factory.app.ended(other)
    assert {run["id"] for run in factory.app.runs()} - before == {first, other}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/runs"),
        ("GET", "/api/runs"),
        ("GET", "/api/runs/20261123T000000Z-000000"),
        ("POST", "/api/runs/20261123T000000Z-000000/cancel"),
        ("GET", "/api/runs/20261123T000000Z-000000/report"),
        ("POST", "/api/labs/validate"),
    ],
)
def test_nothing_answers_without_the_function_key(method: str, path: str, factory: RunningFactory) -> None:
    assert factory.app.call(method, path, b"{}", key="").status == 401
    assert factory.app.call(method, path, b"{}", key="guessed").status == 401


def test_a_bad_body_is_answered_with_all_findings_and_starts_nothing(factory: RunningFactory) -> None:
    before = factory.app.runs()
    body = {
        "dryRun": "yes",
        "sav": True,
        "only": {"labs": []},
        "labs": {"Labs": [{"SubscriptionId": "<subscription ID>", "LabName": "no/such/name"}]},
    }
    found = problem(factory.app.call("POST", "/api/runs", body), 400, "bad-request")["findings"]
    errors = {each["path"] for each in found if each["severity"] == "error"}
    assert errors == {"dryRun", "sav", "only.labs", "labs.Labs[0].SubscriptionId", "labs.Labs[0].LabName"}
    assert all(each["line"] and each["column"] for each in found)
    assert factory.app.runs() == before


def test_a_body_that_is_not_json_is_a_bad_request(factory: RunningFactory) -> None:
    assert problem(factory.app.call("POST", "/api/runs", b"{'dryRun': true}"), 400, "bad-request")["findings"]


def test_a_body_over_one_mebibyte_is_too_large(factory: RunningFactory) -> None:
    body = b'{"dryRun": true}' + b" " * 1024 * 1024
    assert problem(factory.app.call("POST", "/api/runs", body), 413, "too-large")


def test_an_unknown_run_is_not_found(factory: RunningFactory) -> None:
    for method, path in [("GET", ""), ("GET", "/report?format=json"), ("POST", "/cancel")]:
        answer = factory.app.call(method, f"/api/runs/20200101T000000Z-abcdef{path}")
        assert "20200101T000000Z-abcdef" in problem(answer, 404, "no-such-run")["detail"]


def test_a_report_has_three_forms_and_no_other(factory: RunningFactory) -> None:
    run_id = factory.app.run(NOTHING_TO_DO)["runId"]
    types = {}
    for form in ("html", "json", "csv"):
        answer = factory.app.call("GET", f"/api/runs/{run_id}/report?format={form}")
        assert answer.status == 200
        assert answer.body
        types[form] = answer.headers["Content-Type"].partition(";")[0]
    assert types == {"html": "text/html", "json": "application/json", "csv": "text/csv"}
    problem(factory.app.call("GET", f"/api/runs/{run_id}/report?format=pdf"), 400, "bad-format")


def test_a_final_status_says_where_the_report_is_and_asks_for_no_return(factory: RunningFactory) -> None:
    run_id = factory.app.run(NOTHING_TO_DO)["runId"]
    answer = factory.app.call("GET", f"/api/runs/{run_id}")
    assert "Retry-After" not in answer.headers
    assert factory.app.call("GET", answer.json()["reportUrl"]).status == 200


def test_the_list_of_runs_is_read_page_by_page_newest_first(factory: RunningFactory) -> None:
    for _ in range(3):
        factory.app.run(NOTHING_TO_DO)
    every = [run["id"] for run in factory.app.runs()]
    assert every == sorted(every, reverse=True)
    paged: list[str] = []
    while page := factory.app.runs("limit=2" + (f"&before={paged[-1]}" if paged else "")):
        assert len(page) <= 2
        paged += [run["id"] for run in page]
    assert paged == every


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1e1", "²"])
def test_a_limit_that_makes_no_sense_is_refused(limit: str, factory: RunningFactory) -> None:
    problem(factory.app.call("GET", f"/api/runs?limit={quote(limit)}"), 400, "bad-limit")


def test_a_labs_json_is_checked_without_a_run(factory: RunningFactory) -> None:
    before = factory.app.runs()
    good = factory.app.call("POST", "/api/labs/validate", worlds.wanted(Blue=["Win2022"])).json()
    assert good == {"valid": True, "findings": []}
    bad = factory.app.call("POST", "/api/labs/validate", b'{"Labs": [{"LabName": "Blue", "ImagePath": []}]}').json()
    assert bad["valid"] is False
    assert {(each["severity"], each["path"]) for each in bad["findings"]} >= {
        ("error", "Labs[0].SubscriptionId"),
        ("warning", "Labs[0].ImagePath"),
    }
    assert factory.app.runs() == before


def test_a_page_of_another_site_is_not_answered(factory: RunningFactory) -> None:
    assert factory.app.call("GET", "/api/runs", headers={"Origin": "https://evil.example"}).status == 403
    assert factory.app.call("GET", "/api/runs", headers={"Host": "evil.example"}).status == 403
