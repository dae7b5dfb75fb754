"""The run gate: one run at a time, nothing lost, and a dead run replaced without anybody asking."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.holding import hold_saving, started_and_held
from tests.e2e.running import RunningFactory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

AT_ONCE = 6
# The watch looks once a minute, and what it begins ends within seconds; "within two minutes" is the promise.
REPLACED_SECONDS = 120.0


@pytest.fixture(autouse=True)
def labs_file(factory: RunningFactory) -> None:
    """The stored configuration, and the end of the run that its upload starts."""
    if not factory.app.runs():
        factory.stores.upload(worlds.wanted(Blue=["Win2022"], Green=["Linux"]))
        (run,) = wait_until(factory.app.runs, "the run of the upload")
        factory.app.ended(run["id"])


def test_many_requests_at_once_are_run_one_after_the_other(factory: RunningFactory) -> None:
    body = {"only": {"images": ["Win2022"]}}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        started = list(pool.map(lambda _: factory.app.start(body), range(AT_ONCE)))
    assert len(set(started)) == AT_ONCE
    reports = sorted((factory.app.ended(run_id) for run_id in started), key=lambda each: str(each["startedAt"]))
    assert {each["status"] for each in reports} == {"Succeeded"}
    for earlier, later in pairwise(reports):
        assert moment(earlier, "endedAt") <= moment(later, "startedAt")


def test_requests_for_the_stored_configuration_are_answered_by_the_one_that_waits(factory: RunningFactory) -> None:
    hold_saving(factory)
    held = started_and_held(factory, {})
    waiting = factory.app.start({})
    factory.app.becomes(waiting, "Waiting")
    merged = [factory.app.start({}), factory.app.start({})]
    own_place = factory.app.start({"only": {"images": ["Win2022"]}})
    for run_id in merged:
        assert factory.app.becomes(run_id, "Merged")["coveredBy"] == waiting
    assert factory.app.becomes(own_place, "Waiting")
    factory.app.call("POST", f"/api/runs/{held}/cancel")
    report = factory.app.ended(waiting)
    assert (report["status"], report["covers"]) == ("Succeeded", merged)
    assert factory.app.ended(own_place)["covers"] == []
    for run_id in merged:
        status = factory.app.status(run_id)
        assert (status["status"], status["coveredBy"]) == ("Merged", waiting)


@pytest.mark.slow
def test_a_terminated_run_is_cleared_away_and_replaced_by_the_one_that_waits(factory: RunningFactory) -> None:
    hold_saving(factory)
    dead = started_and_held(factory, {})
    waiting = factory.app.start({})
    factory.app.becomes(waiting, "Waiting")
    children = [f"{dead}:save-0", f"{dead}:save-1"]
    orphan = next(each for each in children if instance(factory, each).get("runtimeStatus") == "Running")
    terminated = manage(factory, "POST", f"{dead}/terminate?reason=test")
    assert terminated.status == 202
    wait_until(lambda: instance(factory, dead)["runtimeStatus"] == "Terminated", "the end of the root")
    assert instance(factory, orphan)["runtimeStatus"] == "Running"  # its death is not its children's
    assert factory.granted()

    report = factory.app.ended(waiting, seconds=REPLACED_SECONDS)

    assert report["status"] == "Succeeded"
    assert instance(factory, orphan)["runtimeStatus"] == "Terminated"
    assert (factory.granted(), factory.stores.staged()) == ([], [])
    assert not factory.stores.documents(f"runs/{dead}/grants/")
    died = factory.app.ended(dead)
    assert (died["status"], died["error"]["code"]) == ("Failed", "run-died")
    by_run = {image["tags"]["ImageFactoryRun"] for lab in ("Blue", "Green") for image in factory.images(lab).values()}
    assert dead not in by_run
    assert waiting in by_run
    assert saved_by(factory, dead) == []
    assert len(saved_by(factory, waiting)) == 1


def moment(report: dict[str, Any], key: str) -> datetime:
    return datetime.fromisoformat(report[key])


def manage(factory: RunningFactory, method: str, path: str) -> Any:
    """A call of the engine's own management interface, which takes the host's master key."""
    instances = "/runtime/webhooks/durabletask/instances/"
    return factory.app.call(method, instances + path, key=factory.app.master_key)


def instance(factory: RunningFactory, instance_id: str) -> dict[str, Any]:
    """What the engine says of an orchestration; nothing where it knows none."""
    answer = manage(factory, "GET", instance_id)
    return dict(answer.json()) if answer.status in (200, 202) else {}


def saved_by(factory: RunningFactory, run_id: str) -> list[str]:
    """The VHDs in the image storage that belong to a run, by their records or without one."""
    account = factory.azure.world.factory_lab.artifacts_account
    container = factory.stores.container(account, "imagefactoryvhds")
    found = []
    for blob in container.list_blobs(include=["metadata"]):
        owner = (blob.metadata or {}).get("runid")
        if blob.name.endswith(".json"):
            owner = json.loads(container.download_blob(blob.name).readall()).get("runId")
        if owner == run_id and blob.name.endswith(".vhd"):
            found.append(blob.name)
    return found
