"""Cancelling: a run on its way stops at its next step and clears away what it began; a waiting one ends at once."""

from collections.abc import Iterator

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.holding import hold_saving, stall_next_copy, started_and_held
from tests.e2e.running import STAGING, RunningFactory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

LABS = worlds.wanted(Blue=["Win2022"], Red=[""], Green=["Win2022"])
WHOLE_RUN = {"labs": LABS}
ONE_IMAGE = {**WHOLE_RUN, "only": {"images": ["Win2022"]}}
MOST_WAITING = 20


@pytest.fixture
def held(factory: RunningFactory) -> Iterator[str]:
    """A run on its way whose export stands still."""
    hold_saving(factory)
    run_id = started_and_held(factory, ONE_IMAGE)
    yield run_id
    factory.app.call("POST", f"/api/runs/{run_id}/cancel")
    factory.app.ended(run_id)


def cancel(factory: RunningFactory, run_id: str) -> None:
    answer = factory.app.call("POST", f"/api/runs/{run_id}/cancel")
    assert answer.status == 202, answer.body
    assert answer.headers["Location"] == f"/api/runs/{run_id}"


def unfinished(factory: RunningFactory) -> list[str]:
    """Custom images that are not made to their end, and VHDs without a record."""
    labs = factory.azure.state()["labs"]
    images = [image for lab in labs for image in lab["images"]]
    blobs = set(factory.stores.saved_images())
    return [
        *(image["id"] for image in images if image["properties"]["provisioningState"] != "Succeeded"),
        *(name for name in blobs if name.endswith(".vhd") and name.removesuffix("vhd") + "json" not in blobs),
    ]


def test_a_run_that_is_cancelled_while_saving_leaves_nothing_half_made(factory: RunningFactory, held: str) -> None:
    assert unfinished(factory)
    cancel(factory, held)
    assert factory.app.status(held)["status"] in ("Cancelling", "Cancelled")
    report = factory.app.ended(held)
    assert report["status"] == "Cancelled"
    assert [(each["vm"], each["outcome"]) for each in report["saves"]] == [("golden1", "cancelled")]
    assert {each["outcome"] for each in report["deliveries"]} <= {"cancelled"}
    assert (unfinished(factory), factory.stores.staged(), factory.granted()) == ([], [], [])
    assert not factory.stores.documents(f"runs/{held}/grants/")


def test_a_run_that_is_cancelled_while_delivering_leaves_nothing_staged(factory: RunningFactory) -> None:
    (blue,) = [lab for lab in factory.azure.world.labs if lab.name == "Blue"]
    factory.azure.turn("golden1", "start")
    factory.azure.turn("golden1", "deallocate")
    stall_next_copy(factory, blue.artifacts_account, STAGING)
    run_id = factory.app.start(WHOLE_RUN)
    wait_until(lambda: factory.stores.names(blue.artifacts_account, STAGING), "the copy for the lab")
    cancel(factory, run_id)
    report = factory.app.ended(run_id)
    assert report["status"] == "Cancelled"
    assert {each["lab"]: each["outcome"] for each in report["deliveries"]}["Blue"] == "cancelled"
    assert (unfinished(factory), factory.stores.staged(), factory.granted()) == ([], [], [])


def test_the_run_after_a_cancelled_one_does_the_work(factory: RunningFactory, held: str) -> None:
    cancel(factory, held)
    factory.app.ended(held)
    report = factory.app.run(WHOLE_RUN)
    assert report["status"] == "Succeeded"
    assert {each["outcome"] for each in report["deliveries"]} <= {"delivered", "already-present"}


def test_a_waiting_run_is_cancelled_at_once(factory: RunningFactory, held: str) -> None:
    waiting = factory.app.start(ONE_IMAGE)
    factory.app.becomes(waiting, "Waiting")
    cancel(factory, waiting)
    assert factory.app.status(waiting)["status"] == "Cancelled"
    assert factory.app.status(held)["status"] == "Running"
    assert factory.app.ended(waiting)["status"] == "Cancelled"


def test_a_run_that_has_ended_cannot_be_cancelled(factory: RunningFactory) -> None:
    run_id = factory.app.run({"dryRun": True, **WHOLE_RUN})["runId"]
    answer = factory.app.call("POST", f"/api/runs/{run_id}/cancel")
    assert (answer.status, answer.json()["title"]) == (409, "run-ended")
    assert factory.app.status(run_id)["status"] == "Succeeded"


def test_there_is_no_report_before_the_end(factory: RunningFactory, held: str) -> None:
    answer = factory.app.call("GET", f"/api/runs/{held}/report?format=json")
    assert (answer.status, answer.json()["title"]) == (409, "run-not-finished")
    status = factory.app.call("GET", f"/api/runs/{held}")
    assert int(status.headers["Retry-After"]) > 0
    assert status.json()["phase"] == "saving"


def test_a_dry_run_does_not_wait_for_the_run_on_its_way(factory: RunningFactory, held: str) -> None:
    report = factory.app.run({"dryRun": True, **WHOLE_RUN})
    assert report["status"] == "Succeeded"
    assert factory.app.status(held)["status"] == "Running"


def test_when_twenty_runs_wait_no_further_one_is_accepted(factory: RunningFactory, held: str) -> None:
    waiting = [factory.app.start(ONE_IMAGE) for _ in range(MOST_WAITING)]
    for run_id in waiting:
        factory.app.becomes(run_id, "Waiting")
    full = wait_until(
        lambda: (answer := factory.app.call("POST", "/api/runs", WHOLE_RUN)).status == 429 and answer, "a full queue"
    )
    assert full.headers["Content-Type"] == "application/problem+json"
    assert full.json()["title"] == "queue-full"
    assert int(full.headers["Retry-After"]) > 0
    for run_id in waiting:
        cancel(factory, run_id)
    assert {factory.app.ended(run_id)["status"] for run_id in waiting} == {"Cancelled"}
    assert factory.app.status(held)["status"] == "Running"
