"""The queue of requests: a message starts a run, and a bad one becomes a report instead of poison."""

import json
from typing import Any

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.running import RunningFactory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

REQUESTS, POISON, REPORTS = "image-factory-requests", "image-factory-requests-poison", "image-factory-reports"


def report_of(factory: RunningFactory, text: str) -> dict[str, Any]:
    """Send a message and wait for the end of the run that it becomes; returns its report."""
    before = {run["id"] for run in factory.app.runs()}
    factory.stores.send(text)

    def fresh() -> list[str]:
        return [run["id"] for run in factory.app.runs() if run["id"] not in before]

    (run_id,) = wait_until(fresh, "the run that the message starts")
    report = factory.app.ended(run_id)
    wait_until(lambda: factory.stores.length(REQUESTS) == 0, "the message to be done with")
    assert fresh() == [run_id]
    return report


def test_a_message_starts_a_run_as_a_body_of_http_does(factory: RunningFactory) -> None:
    report = report_of(factory, json.dumps({"dryRun": True, "labs": worlds.wanted(Blue=["Win2022"])}))
    assert (report["trigger"], report["dryRun"], report["status"]) == ("queue", True, "Succeeded")
    assert [each["outcome"] for each in report["deliveries"]] == ["planned"]


@pytest.mark.parametrize("text", ["this is no JSON", '{"dryRun": 1, "unknown": true}', "[]"])
def test_a_malformed_message_becomes_a_failed_run_with_findings_and_is_not_retried(
    text: str, factory: RunningFactory
) -> None:
    report = report_of(factory, text)
    assert (report["trigger"], report["status"]) == ("queue", "Failed")
    assert report["error"]["code"] == "bad-request"
    assert [each for each in report["findings"] if each["severity"] == "error"]
    assert (report["saves"], report["deliveries"]) == ([], [])
    assert factory.stores.messages(POISON) == []
    html = factory.app.call("GET", f"/api/runs/{report['runId']}/report").body.decode()
    assert report["findings"][0]["code"] in html


def test_every_run_ends_with_one_notice(factory: RunningFactory) -> None:
    good = report_of(factory, '{"dryRun": true}')
    bad = report_of(factory, "no JSON")
    notices = [json.loads(message) for message in factory.stores.messages(REPORTS)]
    told = [(each["id"], each["status"]) for each in notices if each["id"] in (good["runId"], bad["runId"])]
    assert told == [(good["runId"], good["status"]), (bad["runId"], "Failed")]
