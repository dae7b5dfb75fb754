"""A plan that was approved, over HTTP and the real engine: the run does it, or says what differs and does nothing."""

from typing import Any

from tests.e2e import worlds
from tests.e2e.running import RunningFactory

LABS = worlds.wanted(Blue=["Linux", "Win2016"])


def test_the_approved_plan_is_done_once_and_refused_when_it_is_done(factory: RunningFactory) -> None:
    planned = factory.app.run({"labs": LABS, "dryRun": True})
    plan = factory.app.call("GET", f"/api/runs/{planned['runId']}/plan").json()
    assert plan["digest"] == planned["planDigest"]
    approved: dict[str, Any] = {"labs": LABS, "planDigest": plan["digest"]}

    done = factory.app.run(approved)
    assert (done["status"], done["planDigest"]) == ("Succeeded", plan["digest"])

    before = factory.azure.state()
    refused = factory.app.run(approved)
    assert (refused["status"], refused["error"]["code"]) == ("Failed", "plan-changed")
    gone = [each["message"] for each in refused["findings"] if each["code"] == "plan-changed"]
    assert len(gone) == len(plan["changes"])
    assert all(message.startswith("The approved plan differs: - ") for message in gone)
    assert factory.azure.state() == before


def test_a_plan_of_no_run_is_not_found(factory: RunningFactory) -> None:
    answer = factory.app.call("GET", "/api/runs/20261123T030000Z-ffffff/plan")
    assert (answer.status, answer.json()["title"]) == (404, "no-such-run")


def test_what_is_no_digest_is_refused_with_its_place(factory: RunningFactory) -> None:
    answer = factory.app.call("POST", "/api/runs", {"planDigest": "latest"})
    assert answer.status == 400
    assert [each["path"] for each in answer.json()["findings"]] == ["planDigest"]
