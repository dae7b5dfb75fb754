"""Runs that were given the digest of an approved plan: they do that plan, or nothing."""

import json

from shared.domain.models import Outcome
from shared.steps import approval
from tests.simulation.factory import Factory


def approved(digest: str | None) -> bytes:
    return json.dumps({"planDigest": digest}).encode()


def test_a_run_does_the_plan_of_the_dry_run_before_it_even_on_another_day() -> None:
    factory = Factory()
    planned = factory.run(b'{"dryRun": true}')
    factory.lets_time_pass(days=3)
    report = factory.run(approved(planned.plan_digest))
    assert report.status == "Succeeded", report.error
    assert {each.outcome for each in report.deliveries} == {Outcome.DELIVERED}
    assert report.plan_digest == planned.plan_digest


def test_a_run_whose_plan_differs_saves_nothing_and_says_what_differs() -> None:
    factory = Factory()
    planned = factory.run(b'{"dryRun": true}')
    factory.cloud.add_vm("newcomer", "Win2016\\Newcomer.json")
    report = factory.run(approved(planned.plan_digest))
    assert (report.status, report.error.code if report.error else None) == ("Failed", "plan-changed")
    assert {each.outcome for each in report.saves} == {Outcome.PLANNED}
    assert {each.outcome for each in report.deliveries} == {Outcome.PLANNED}
    differences = [each.message for each in report.findings if each.code == "plan-changed"]
    assert len(differences) == 1 + len(factory.labs)
    assert "+ save win2016/newcomer.json, machine newcomer" in differences[0]
    assert factory.cloud.copies == []


def test_a_machine_that_was_started_since_is_another_plan() -> None:
    factory = Factory()
    planned = factory.run(b'{"dryRun": true}')
    factory.lets_time_pass()
    factory.cloud.start_vm("golden0")
    factory.cloud.deallocate_vm("golden0")
    assert factory.run(approved(planned.plan_digest)).status == "Failed"


def test_a_plan_made_elsewhere_is_refused_with_the_runs_own_plan_at_hand() -> None:
    factory = Factory()
    report = factory.run(approved("0" * 64))
    assert report.error is not None
    assert "made elsewhere" in report.error.message
    own = approval.changes_of(factory.gateway, report.run_id)
    assert own is not None
    assert own.digest == report.plan_digest
    assert factory.run(approved(own.digest)).status == "Succeeded"


def test_an_image_that_nobody_approved_is_not_delivered_after_a_failed_save() -> None:
    factory = Factory(vms=1)
    factory.run()
    new = factory.cloud.add_lab("Newcomer")
    factory.upload({lab.name: ["Win2016"] for lab in [*factory.labs, new]})
    factory.lets_time_pass()
    factory.cloud.start_vm("golden0")
    factory.cloud.deallocate_vm("golden0")
    planned = factory.run(b'{"dryRun": true}')
    factory.cloud.copy_fate = lambda target, number: "failed"
    report = factory.run(approved(planned.plan_digest))
    assert [each.outcome for each in report.saves] == [Outcome.FAILED]
    reasons = {each.lab: each.reason for each in report.deliveries}
    assert reasons["Newcomer"] == "not-approved"
    assert factory.images_of(new) == {}


def test_a_run_with_a_digest_is_not_merged_with_another() -> None:
    factory = Factory()
    planned = factory.run(b'{"dryRun": true}')
    first, second = factory.request(), factory.request(approved(planned.plan_digest))
    factory.engine.run()
    assert factory.report(first).status == "Succeeded"
    # What was approved was done by the run before it.
    assert factory.report(second).status == "Failed"
