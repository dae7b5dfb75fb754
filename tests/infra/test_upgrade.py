"""Rehearsals of docs/upgrades.md: an old and a new version of an orchestration meet on the local host's engine.

The strategy of versions is Microsoft's own, in the worker of its library; `host.json` asks for the same one.
"""

import json
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from durabletask.client import OrchestrationStatus, TaskHubGrpcClient
from durabletask.task import ActivityContext, OrchestrationContext
from durabletask.worker import (
    TaskHubGrpcWorker,
    VersionFailureStrategy,
    VersioningOptions,
    VersionMatchStrategy,
)
from packaging.version import parse

from local.host.durable.engine import Engine
from tools.setup import ROOT

PATIENCE_SECONDS = 30
COPYING = "copying"
DURABLE = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["extensions"]["durableTask"]
OLD, NEW = DURABLE["defaultVersion"], "99.0.0"

Steps = Generator[Any, Any, str]


def survey(context: ActivityContext, given: Any) -> str:
    return "surveyed"


def check(context: ActivityContext, given: Any) -> str:
    return "checked"


def copy(context: ActivityContext, given: Any) -> str:
    return "begun"


def deliver(context: ActivityContext, given: Any) -> str:
    return "delivered"


def old_run(context: OrchestrationContext, given: Any) -> Steps:
    found = yield context.call_activity("survey")
    yield context.call_activity("copy")
    context.set_custom_status(COPYING)
    yield context.wait_for_external_event("copied")
    ended = yield context.call_activity("deliver")
    return f"{found}, {ended}"


def careless_run(context: OrchestrationContext, given: Any) -> Steps:
    """The new steps, taken by every run."""
    found = yield context.call_activity("survey")
    checked = yield context.call_activity("check")
    yield context.call_activity("copy")
    context.set_custom_status(COPYING)
    yield context.wait_for_external_event("copied")
    ended = yield context.call_activity("deliver")
    return f"{found}, {checked}, {ended}"


def careful_run(context: OrchestrationContext, given: Any) -> Steps:
    """The new steps for new runs, the old ones for those that began with them."""
    steps = careless_run if parse(context.version or OLD) >= parse(NEW) else old_run
    return (yield from steps(context, given))


@pytest.fixture
def engine() -> Iterator[str]:
    """The address of the local host's engine, which outlives the workers as Azure's does."""
    backend = Engine()
    address = backend.start()
    yield address
    backend.stop()


@contextmanager
def deployed(engine: str, version: str, run: Callable[..., Any]) -> Iterator[None]:
    """A deployment: one version of the code, which takes runs of its own and older versions and leaves newer ones."""
    worker = TaskHubGrpcWorker(host_address=engine)
    worker._registry.add_named_orchestrator("run", run)
    for activity in (survey, check, copy, deliver):
        worker.add_activity(activity)
    strategy, failure = VersionMatchStrategy.CURRENT_OR_OLDER, VersionFailureStrategy.REJECT
    worker.use_versioning(VersioningOptions(version, version, strategy, failure))
    worker.start()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        worker.stop()  # type: ignore[no-untyped-call]


@pytest.fixture
def client(engine: str) -> Iterator[TaskHubGrpcClient]:
    with TaskHubGrpcClient(host_address=engine) as made:
        yield made


def begun(client: TaskHubGrpcClient, version: str) -> str:
    """A run of this version that waits for its copy."""
    run = client.schedule_new_orchestration("run", version=version)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        state = client.get_orchestration_state(run)
        if state is not None and state.serialized_custom_status == json.dumps(COPYING):
            return run
        time.sleep(0.02)
    pytest.fail("the run did not begin to copy")


def ended(client: TaskHubGrpcClient, run: str) -> tuple[OrchestrationStatus, str]:
    """How a run ended after its copy was done."""
    client.raise_orchestration_event(run, "copied")
    state = client.wait_for_orchestration_completion(run, timeout=PATIENCE_SECONDS)
    assert state is not None
    failure = state.failure_details
    return state.runtime_status, failure.message if failure else str(state.serialized_output)


def test_host_asks_for_the_strategy_that_is_rehearsed() -> None:
    assert DURABLE["versionMatchStrategy"] == "CurrentOrOlder"
    assert DURABLE["versionFailureStrategy"] == "Reject"
    assert parse(OLD) < parse(NEW)


def test_run_that_began_before_an_upgrade_ends_along_its_old_steps(engine: str, client: TaskHubGrpcClient) -> None:
    with deployed(engine, OLD, old_run):
        run = begun(client, OLD)
    with deployed(engine, NEW, careful_run):
        assert ended(client, run) == (OrchestrationStatus.COMPLETED, '"surveyed, delivered"')
        assert ended(client, begun(client, NEW)) == (OrchestrationStatus.COMPLETED, '"surveyed, checked, delivered"')


def test_new_steps_without_a_version_end_a_run_on_its_way(engine: str, client: TaskHubGrpcClient) -> None:
    with deployed(engine, OLD, old_run):
        run = begun(client, OLD)
    with deployed(engine, NEW, careless_run):
        status, message = ended(client, run)
    assert status is OrchestrationStatus.FAILED
    assert "non-deterministic" in message.lower() or "nondeterminis" in message.lower(), message


def test_an_older_app_leaves_the_run_of_a_newer_version_alone(engine: str, client: TaskHubGrpcClient) -> None:
    with deployed(engine, NEW, careful_run):
        run = begun(client, NEW)
    with deployed(engine, OLD, old_run):
        older = begun(client, OLD)
        client.raise_orchestration_event(run, "copied")
        assert ended(client, older)[0] is OrchestrationStatus.COMPLETED
        state = client.get_orchestration_state(run)
        assert state is not None
        assert state.runtime_status is OrchestrationStatus.RUNNING


def test_run_of_a_newer_version_goes_on_after_a_roll_back(engine: str, client: TaskHubGrpcClient) -> None:
    with deployed(engine, NEW, careful_run):
        run = begun(client, NEW)
    with deployed(engine, OLD, old_run):
        assert ended(client, begun(client, OLD))[0] is OrchestrationStatus.COMPLETED
    with deployed(engine, NEW, careful_run):
        assert ended(client, run) == (OrchestrationStatus.COMPLETED, '"surveyed, checked, delivered"')
