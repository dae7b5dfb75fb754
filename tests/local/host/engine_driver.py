"""Plays the worker of an engine, one work item at a time, so that every order of events can be told exactly."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NoReturn

from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb

from local.host.durable.engine import Engine


class Aborted(Exception):
    """The engine refused a call."""


class Call:
    """The gRPC context of a call from a test."""

    def is_active(self) -> bool:
        return True

    def time_remaining(self) -> float:
        return 20.0

    def abort(self, code: object, details: str) -> NoReturn:
        raise Aborted(details)


CALL: Any = Call()


class EngineDriver:
    """Starts instances, takes work items and completes them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._items: Iterator[pb.WorkItem] = engine.GetWorkItems(pb.GetWorkItemsRequest(), CALL)

    def start(self, instance_id: str, start_at: datetime | None = None) -> None:
        request = pb.CreateInstanceRequest(instanceId=instance_id, name="sample")
        if start_at is not None:
            request.scheduledStartTimestamp.FromDatetime(start_at)
        self.engine.StartInstance(request, CALL)

    def take(self) -> pb.WorkItem:
        """Wait for the next work item."""
        return next(self._items)

    def turn(self, instance_id: str) -> pb.WorkItem:
        item = self.take()
        assert item.orchestratorRequest.instanceId == instance_id, item
        return item

    def events(self, item: pb.WorkItem) -> list[str]:
        """Give the kinds of the new events of a turn, without the bookends."""
        kinds = [str(event.WhichOneof("eventType")) for event in item.orchestratorRequest.newEvents]
        return [kind for kind in kinds if kind != "orchestratorStarted"]

    def end_turn(self, item: pb.WorkItem, *actions: pb.OrchestratorAction) -> None:
        response = pb.OrchestratorResponse(
            instanceId=item.orchestratorRequest.instanceId, completionToken=item.completionToken, actions=actions
        )
        self.engine.CompleteOrchestratorTask(response, CALL)

    def end_activity(self, item: pb.WorkItem, result: str) -> None:
        response = pb.ActivityResponse(
            instanceId=item.activityRequest.orchestrationInstance.instanceId,
            taskId=item.activityRequest.taskId,
            result=helpers.get_string_value(result),
            completionToken=item.completionToken,
        )
        self.engine.CompleteActivityTask(response, CALL)

    def raise_event(self, instance_id: str, name: str = "go") -> None:
        self.engine.RaiseEvent(pb.RaiseEventRequest(instanceId=instance_id, name=name), CALL)

    def status(self, instance_id: str) -> Any:
        request = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        return self.engine.GetInstance(request, CALL).orchestrationState

    def entity_exists(self, entity_id: str) -> bool:
        return bool(self.engine.GetEntity(pb.GetEntityRequest(instanceId=entity_id), CALL).exists)


def activity(task_id: int, name: str = "work") -> pb.OrchestratorAction:
    return pb.OrchestratorAction(id=task_id, scheduleTask=pb.ScheduleTaskAction(name=name))


def timer(task_id: int, fire_at: datetime) -> pb.OrchestratorAction:
    return pb.OrchestratorAction(
        id=task_id, createTimer=pb.CreateTimerAction(fireAt=helpers.new_timestamp(fire_at.astimezone(UTC)))
    )


def child(task_id: int, instance_id: str) -> pb.OrchestratorAction:
    action = pb.CreateSubOrchestrationAction(instanceId=instance_id, name="sample")
    return pb.OrchestratorAction(id=task_id, createSubOrchestration=action)


def completed(result: str = "null") -> pb.OrchestratorAction:
    return _ended(pb.ORCHESTRATION_STATUS_COMPLETED, result=helpers.get_string_value(result))


def failed(error_type: str, message: str) -> pb.OrchestratorAction:
    details = pb.TaskFailureDetails(errorType=error_type, errorMessage=message)
    return _ended(pb.ORCHESTRATION_STATUS_FAILED, failureDetails=details)


def continued_as_new() -> pb.OrchestratorAction:
    return _ended(pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW, result=helpers.get_string_value("null"))


def _ended(status: Any, **details: Any) -> pb.OrchestratorAction:
    action = pb.CompleteOrchestrationAction(orchestrationStatus=status, **details)
    return pb.OrchestratorAction(id=99, completeOrchestration=action)
