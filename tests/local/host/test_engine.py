"""The measured faults of the stock in-memory engine, each as a test that fails on it."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from durabletask import task
from durabletask.client import OrchestrationQuery, OrchestrationStatus, TaskHubGrpcClient
from durabletask.grpc_options import GrpcChannelOptions
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.worker import TaskHubGrpcWorker

from local.host.durable.engine import Engine
from tests.local.host.engine_driver import (
    CALL,
    Aborted,
    EngineDriver,
    activity,
    child,
    completed,
    continued_as_new,
    failed,
    timer,
)

_WAITING_CLIENTS = 40
_UNLIMITED = GrpcChannelOptions(max_receive_message_length=-1, max_send_message_length=-1)


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.stop(0)


@pytest.fixture
def driver(engine: Engine) -> EngineDriver:
    return EngineDriver(engine)


def _soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


# Row 1: a parent waited 30 seconds for its child and then for ever.
def test_parent_waits_for_its_child_with_nothing_that_can_time_out(driver: EngineDriver) -> None:
    before = set(threading.enumerate())
    driver.start("parent")
    driver.end_turn(driver.turn("parent"), child(1, "child"))
    assert set(threading.enumerate()) <= before
    driver.end_turn(driver.turn("child"), completed('"done"'))
    event = driver.turn("parent").orchestratorRequest.newEvents[-1]
    assert event.subOrchestrationInstanceCompleted.result.value == '"done"'


def test_wait_without_a_deadline_ends_when_the_engine_stops(driver: EngineDriver) -> None:
    driver.start("waited-for")
    waiting = threading.Event()

    def never(_: object) -> bool:
        waiting.set()
        return False

    with ThreadPoolExecutor() as pool:
        wait = pool.submit(driver.engine._wait_for_state, "waited-for", never, None)
        assert waiting.wait(20)
        driver.engine.stop(0)
        assert wait.result(20) is None


# Row 2: an activity that failed with an empty message counted as a success.
def test_activity_that_fails_with_an_empty_message_has_failed(driver: EngineDriver) -> None:
    driver.start("a")
    driver.end_turn(driver.turn("a"), activity(1))
    response = pb.ActivityResponse(
        instanceId="a",
        taskId=1,
        failureDetails=pb.TaskFailureDetails(errorType="ValueError"),
        completionToken=driver.take().completionToken,
    )
    driver.engine.CompleteActivityTask(response, CALL)
    assert driver.events(driver.turn("a")) == ["taskFailed"]


# Row 3: timers of an earlier generation fired in the next one, whose ids begin at 1 again.
def test_timer_of_an_earlier_generation_does_not_fire(driver: EngineDriver) -> None:
    driver.start("a")
    driver.raise_event("a")
    driver.end_turn(driver.turn("a"), timer(1, _soon(0.2)), continued_as_new())
    driver.end_turn(driver.turn("a"), timer(1, _soon(0.5)))
    due = _soon(0.4)
    turn = driver.turn("a")
    assert driver.events(turn) == ["timerFired"]
    assert datetime.now(UTC) > due


# Row 4: the late result of an earlier generation was given to the next one.
def test_late_activity_result_of_an_earlier_generation_is_dropped(driver: EngineDriver) -> None:
    driver.start("a")
    driver.end_turn(driver.turn("a"), activity(1, "early"))
    early = driver.take()
    driver.raise_event("a")
    driver.end_turn(driver.turn("a"), continued_as_new())
    driver.end_turn(driver.turn("a"), activity(1, "late"))
    late = driver.take()
    driver.end_activity(early, '"of the earlier generation"')
    driver.end_activity(late, '"right"')
    turn = driver.turn("a")
    assert driver.events(turn) == ["taskCompleted"]
    assert turn.orchestratorRequest.newEvents[-1].taskCompleted.result.value == '"right"'


def test_result_that_arrives_during_the_turn_that_continues_as_new_is_dropped(driver: EngineDriver) -> None:
    driver.start("a")
    driver.end_turn(driver.turn("a"), activity(1))
    work = driver.take()
    driver.raise_event("a", "first")
    turn = driver.turn("a")
    driver.end_activity(work, '"too late"')
    driver.raise_event("a", "second")
    driver.end_turn(turn, continued_as_new())
    assert driver.events(driver.turn("a")) == ["executionStarted", "eventRaised"]


def test_activity_result_is_delivered_once(driver: EngineDriver) -> None:
    driver.start("a")
    driver.end_turn(driver.turn("a"), activity(1))
    work = driver.take()
    driver.end_activity(work, "1")
    driver.end_activity(work, "2")
    assert driver.events(driver.turn("a")) == ["taskCompleted"]


# Row 5: twelve waiting clients stopped everything.
def test_many_waiting_clients_do_not_stop_the_engine(engine: Engine) -> None:
    address = engine.start()

    def waits(ctx: task.OrchestrationContext, _: object) -> object:
        return (yield ctx.wait_for_external_event("go"))

    with TaskHubGrpcWorker(host_address=address) as worker, TaskHubGrpcClient(host_address=address) as client:
        worker.add_orchestrator(waits)
        worker.start()  # type: ignore[no-untyped-call]
        ids = [client.schedule_new_orchestration("waits") for _ in range(_WAITING_CLIENTS)]
        with ThreadPoolExecutor(_WAITING_CLIENTS) as pool:
            waiting = [pool.submit(client.wait_for_orchestration_completion, i, timeout=30) for i in ids]
            for instance_id in ids:
                client.raise_orchestration_event(instance_id, "go", data=1)
            states = [wait.result(30) for wait in waiting]
    assert {state.runtime_status for state in states if state} == {OrchestrationStatus.COMPLETED}
    assert len(states) == _WAITING_CLIENTS


# Row 6: messages over 4 MB were refused, and a history of that size hung.
def test_payload_of_many_megabytes_passes(engine: Engine) -> None:
    address = engine.start()
    payload = "x" * 6_000_000
    with TaskHubGrpcClient(host_address=address, channel_options=_UNLIMITED) as client:
        instance_id = client.schedule_new_orchestration("sample", input=payload)
        state = client.get_orchestration_state(instance_id)
    assert state is not None
    assert state.get_input(str) == payload


# Row 7: a history of more than 10,000 events left its orchestration running for ever.
def test_history_of_more_than_ten_thousand_events_goes_on(driver: EngineDriver) -> None:
    driver.start("long")
    driver.end_turn(driver.turn("long"), *(activity(n) for n in range(1, 10_101)))
    driver.raise_event("long")
    driver.end_turn(driver.turn("long"), completed())
    assert driver.status("long").orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED


# Row 8: a child did not know its parent.
def test_child_knows_its_parent_in_each_of_its_generations(driver: EngineDriver) -> None:
    driver.start("parent")
    driver.end_turn(driver.turn("parent"), child(7, "child"))
    for _ in range(2):
        turn = driver.turn("child")
        started = next(e.executionStarted for e in turn.orchestratorRequest.newEvents if e.HasField("executionStarted"))
        assert started.parentInstance.orchestrationInstance.instanceId == "parent"
        assert started.parentInstance.taskScheduledId == 7
        driver.end_turn(turn, continued_as_new())


# Row 9: every failure of a child had the type builtins.Exception.
def test_failure_of_a_child_keeps_its_type(driver: EngineDriver) -> None:
    driver.start("parent")
    driver.end_turn(driver.turn("parent"), child(1, "child"))
    driver.end_turn(driver.turn("child"), failed("LookupError", "not there"))
    details = driver.turn("parent").orchestratorRequest.newEvents[-1].subOrchestrationInstanceFailed.failureDetails
    assert (details.errorType, details.errorMessage) == ("LookupError", "not there")


def test_terminated_child_fails_for_its_parent(driver: EngineDriver) -> None:
    driver.start("parent")
    driver.end_turn(driver.turn("parent"), child(1, "child"))
    driver.end_turn(driver.turn("child"))
    driver.engine.TerminateInstance(pb.TerminateRequest(instanceId="child"), CALL)
    terminated = pb.CompleteOrchestrationAction(orchestrationStatus=pb.ORCHESTRATION_STATUS_TERMINATED)
    driver.end_turn(driver.turn("child"), pb.OrchestratorAction(id=1, completeOrchestration=terminated))
    details = driver.turn("parent").orchestratorRequest.newEvents[-1].subOrchestrationInstanceFailed.failureDetails
    assert details.errorType == "SubOrchestrationTerminated"


# Row 10: each timer and each sub-orchestration had a thread of its own.
def test_timers_and_children_cost_no_threads(driver: EngineDriver) -> None:
    before = set(threading.enumerate())
    driver.start("parent")
    far = _soon(3600)
    actions = [action for n in range(200) for action in (timer(2 * n, far), child(2 * n + 1, f"child-{n}"))]
    driver.end_turn(driver.turn("parent"), *actions)
    assert set(threading.enumerate()) <= before


# Row 11: start_at was ignored.
def test_instance_starts_at_its_time_and_not_before(driver: EngineDriver) -> None:
    due = _soon(0.3)
    driver.start("later", start_at=due)
    driver.start("now")
    driver.end_turn(driver.turn("now"), completed())
    driver.raise_event("later")
    assert driver.events(driver.turn("later")) == ["executionStarted", "eventRaised"]
    assert datetime.now(UTC) >= due


def test_instance_that_waits_for_its_time_can_be_terminated(driver: EngineDriver) -> None:
    driver.start("later", start_at=_soon(3600))
    driver.engine.TerminateInstance(pb.TerminateRequest(instanceId="later"), CALL)
    assert driver.events(driver.turn("later")) == ["executionStarted", "executionTerminated"]


# Row 12: the id of a finished instance was refused.
def test_finished_instance_is_replaced_and_a_running_one_is_not(driver: EngineDriver) -> None:
    driver.start("a")
    with pytest.raises(Aborted, match="already exists"):
        driver.start("a")
    driver.end_turn(driver.turn("a"), completed('"first"'))
    driver.start("a")
    driver.end_turn(driver.turn("a"), completed('"second"'))
    assert driver.status("a").output.value == '"second"'


def test_result_for_a_replaced_instance_is_dropped(driver: EngineDriver) -> None:
    driver.start("a")
    driver.end_turn(driver.turn("a"), activity(1))
    old = driver.take()
    driver.raise_event("a")
    driver.end_turn(driver.turn("a"), completed())
    driver.start("a")
    driver.end_turn(driver.turn("a"), activity(1))
    new = driver.take()
    driver.end_activity(old, '"old"')
    driver.end_activity(new, '"new"')
    turn = driver.turn("a")
    assert [
        e.taskCompleted.result.value for e in turn.orchestratorRequest.newEvents if e.HasField("taskCompleted")
    ] == ['"new"']


# Row 13: the control plane was open to the network.
def test_control_plane_listens_on_one_loopback_address_only(engine: Engine) -> None:
    host, _, port = engine.start().partition(":")
    assert host == "127.0.0.1"
    with socket.create_connection((host, int(port)), timeout=5):
        pass
    # An engine on all addresses would answer on this one, too.
    with socket.socket() as other:
        other.settimeout(5)
        assert other.connect_ex(("127.0.0.2", int(port))) != 0


# Row 14: a deleted entity was still there.
def test_deleted_entity_is_gone(driver: EngineDriver) -> None:
    driver.engine.SignalEntity(pb.SignalEntityRequest(instanceId="@e@1", name="set", requestId="1"), CALL)
    assert not driver.entity_exists("@e@1")
    driver.engine.CompleteEntityTask(
        pb.EntityBatchResult(completionToken=driver.take().completionToken, entityState=helpers.get_string_value("1")),
        CALL,
    )
    assert driver.entity_exists("@e@1")
    driver.engine.SignalEntity(pb.SignalEntityRequest(instanceId="@e@1", name="delete", requestId="2"), CALL)
    driver.engine.CompleteEntityTask(pb.EntityBatchResult(completionToken=driver.take().completionToken), CALL)
    assert not driver.entity_exists("@e@1")
    query = pb.QueryEntitiesRequest(query=pb.EntityQuery(includeTransient=True))
    assert not driver.engine.QueryEntities(query, CALL).entities


def test_delayed_signal_arrives_at_its_time(driver: EngineDriver) -> None:
    due = _soon(0.3)
    delayed = pb.SignalEntityRequest(instanceId="@e@1", name="later", requestId="1")
    delayed.scheduledTime.FromDatetime(due)
    driver.engine.SignalEntity(delayed, CALL)
    assert driver.take().entityRequestV2.operationRequests[0].entityOperationSignaled.operation == "later"
    assert datetime.now(UTC) >= due


def test_entity_that_starts_what_runs_changes_nothing_and_logs_nothing(
    driver: EngineDriver, caplog: pytest.LogCaptureFixture
) -> None:
    driver.start("a")
    driver.turn("a")
    driver.engine.SignalEntity(pb.SignalEntityRequest(instanceId="@e@1", name="x", requestId="1"), CALL)
    again = pb.OperationAction(startNewOrchestration=pb.StartNewOrchestrationAction(instanceId="a", name="other"))
    new = pb.OperationAction(startNewOrchestration=pb.StartNewOrchestrationAction(instanceId="b", name="other"))
    token = driver.take().completionToken
    driver.engine.CompleteEntityTask(pb.EntityBatchResult(completionToken=token, actions=[again, new]), CALL)
    assert driver.status("a").name == "sample"
    driver.turn("b")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_finished_instance_gets_no_turn_for_what_comes_late(driver: EngineDriver) -> None:
    driver.start("a")
    driver.end_turn(driver.turn("a"), activity(1))
    late = driver.take()
    driver.raise_event("a")
    driver.end_turn(driver.turn("a"), completed())
    driver.end_activity(late, "1")
    driver.start("b")
    assert driver.take().orchestratorRequest.instanceId == "b"


def test_abandoned_work_comes_again(driver: EngineDriver) -> None:
    driver.start("a")
    first = driver.turn("a")
    driver.engine.AbandonTaskOrchestratorWorkItem(
        pb.AbandonOrchestrationTaskRequest(completionToken=first.completionToken), CALL
    )
    again = driver.turn("a")
    assert driver.events(again) == driver.events(first)
    driver.end_turn(again, activity(1))
    work = driver.take()
    driver.engine.AbandonTaskActivityWorkItem(pb.AbandonActivityTaskRequest(completionToken=work.completionToken), CALL)
    driver.end_activity(driver.take(), "1")
    assert driver.events(driver.turn("a")) == ["taskCompleted"]


def test_instances_are_found_by_the_prefix_of_their_ids(engine: Engine) -> None:
    address = engine.start()
    with TaskHubGrpcClient(host_address=address) as client:
        for instance_id in ("run-1", "run-1:eu", "run-1:us", "run-2:eu"):
            client.schedule_new_orchestration("sample", instance_id=instance_id)
        states = client.get_all_orchestration_states(OrchestrationQuery(instance_id_prefix="run-1:"))
    assert sorted(state.instance_id for state in states) == ["run-1:eu", "run-1:us"]
