"""Activities that are carried out twice: what the first execution froze is what the run goes by."""

import json
from datetime import timedelta
from typing import Any

from shared.domain.models import Outcome
from shared.domain.work import RegionWork
from shared.steps import approval, folder
from shared.workflow.bodies import BODIES, perform
from tests.fakes.faults import Crash, Fault
from tests.simulation.factory import AWAY, HOME, Factory


def execute(factory: Factory, activity: str, run_id: str) -> dict[str, Any]:
    """One more execution of an activity that needs no more than the run so far."""
    payload = {"run": run_id, "startedAt": factory.cloud.start.isoformat(), "findings": []}
    return perform(BODIES[activity], lambda: factory.gateway, payload)


def run_until_an_image_is_there(factory: Factory, run_id: str) -> None:
    until = factory.cloud.now
    while not any("Succeeded" in factory.images_of(lab).values() for lab in factory.labs):
        until += timedelta(seconds=5)
        factory.engine.run(until)
        assert factory.engine.instances[run_id].status == "Running"


def work(factory: Factory, run_id: str, region: str) -> RegionWork:
    found = folder.load(factory.gateway, run_id, folder.region_document(region), RegionWork)
    assert found is not None
    return found


def test_late_second_planning_renumbers_no_pair_of_the_running_delivery() -> None:
    factory = Factory(labs_at_home=3, labs_away=0)
    run_id = factory.request()
    run_until_an_image_is_there(factory, run_id)
    before = work(factory, run_id, HOME)
    execute(factory, "plan_deliveries", run_id)
    assert work(factory, run_id, HOME) == before
    folder._frozen.cache_clear()  # as in a worker that has not read it yet
    factory.engine.run()
    report = factory.report(run_id)
    assert report.status == "Succeeded", report.deliveries
    assert {each.outcome for each in report.deliveries} == {Outcome.DELIVERED}
    assert factory.staged() == []


def test_planning_that_died_half_way_is_completed_with_the_plan_that_it_froze() -> None:
    factory = Factory(labs_at_home=1, labs_away=1, vms=1)
    run_id = factory.request()

    def let_the_world_change(when: str, call: Any) -> None:
        """Between the two executions a lab comes to have the image, so that a new plan would leave it out."""
        home = factory.labs[0]
        if died.met and not factory.cloud.images[home.id]:
            pair = json.loads(factory.cloud.documents[f"runs/{run_id}/regions/{AWAY}.json"])["pairs"][0]
            path, record_id = "Win2016\\Image0.json", pair["recordId"]
            factory.cloud.add_image(home, pair["imageName"], image_path=path, record_id=record_id)

    died = Fault("documents.write", Crash(), match=f"/regions/{HOME}", times=1)
    factory.cloud.inject(died)
    factory.cloud.inject(let_the_world_change)
    factory.engine.run()
    assert died.met == 2
    assert [pair.lab for pair in work(factory, run_id, HOME).pairs] == ["Home0"]
    assert factory.report(run_id).status == "Succeeded"


def test_late_second_check_of_an_approved_plan_takes_nothing_from_the_final_one() -> None:
    factory = Factory(vms=1)
    planned = factory.run(b'{"dryRun": true}')
    run_id = factory.request(json.dumps({"planDigest": planned.plan_digest}).encode())
    run_until_an_image_is_there(factory, run_id)
    before = folder.plan_of(factory.gateway, run_id)
    factory.gateway.documents.delete(folder.path(run_id, approval.APPROVED))  # it had looked before there was one
    execute(factory, "check_plan", run_id)
    assert folder.plan_of(factory.gateway, run_id) == before
    factory.engine.run()
    assert factory.report(run_id).status == "Succeeded"


def test_second_planning_of_a_dry_run_tells_the_same() -> None:
    factory = Factory()
    run_id = factory.request(b'{"dryRun": true}')
    factory.engine.run()
    before = folder.plan_of(factory.gateway, run_id)
    factory.upload({factory.labs[0].name: []})
    factory.cloud.add_vm("newcomer", "Win2016\\Newcomer.json")
    execute(factory, "plan_deliveries", run_id)
    assert folder.plan_of(factory.gateway, run_id) == before
