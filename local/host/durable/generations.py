"""Results of activities, timers and sub-orchestrations reach exactly the generation of an instance that asked for them.

A generation begins when an instance is created, replaced or continued as new. Nothing here is called by clients.
"""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import override

import grpc
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.testing.in_memory_backend import (
    ActivityWorkItem,
    InMemoryOrchestrationBackend,
    OrchestrationInstance,
)
from google.protobuf import timestamp_pb2

from local.host.durable.timer_queue import TimerQueue

# What comes from outside survives continue-as-new; what an earlier generation waited for does not.
_FROM_OUTSIDE = ("eventRaised", "executionTerminated", "executionSuspended", "executionResumed")


@dataclass(frozen=True)
class _Parent:
    """Who waits for a sub-orchestration, and in which of its generations."""

    instance_id: str
    execution: int
    task_id: int


class GenerationalBackend(InMemoryOrchestrationBackend):
    """The in-memory backend with one timer heap, no watcher threads and results that never go astray."""

    def __init__(self) -> None:
        """Make a backend that holds nothing; no history is too long for it."""
        super().__init__(max_history_size=10**9, port=0)
        self._timers = TimerQueue()
        self._executions: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._outstanding: dict[str, tuple[int, ActivityWorkItem]] = {}
        self._parents: dict[str, _Parent] = {}
        # Instances whose start lies in the future.
        self._held: set[str] = set()

    @override
    def _create_instance_internal(
        self, instance_id: str, name: str, encoded_input: str | None = None, version: str | None = None
    ) -> None:
        super()._create_instance_internal(instance_id, name, encoded_input, version)
        self._begin_execution(instance_id)

    def _begin_execution(self, instance_id: str) -> None:
        self._executions[instance_id] = next(self._numbers)
        self._parents.pop(instance_id, None)
        self._held.discard(instance_id)

    def _deliver(self, instance_id: str, execution: int, event: pb.HistoryEvent) -> None:
        with self._lock:
            instance = self._instances.get(instance_id)
            if instance is None or self._executions.get(instance_id) != execution:
                return
            if not self._is_terminal_status(instance.status):
                instance.pending_events.append(event)
                instance.last_updated_at = datetime.now(UTC)
                self._enqueue_orchestration(instance_id)

    @override
    def _enqueue_orchestration(self, instance_id: str) -> None:
        instance = self._instances.get(instance_id)
        if instance is None or instance_id in self._held:
            return
        if self._is_terminal_status(instance.status):
            instance.pending_events.clear()
        # What arrives during a turn is queued when that turn is completed.
        elif instance_id not in self._orchestration_in_flight:
            super()._enqueue_orchestration(instance_id)

    @override
    def CompleteOrchestratorTask(
        self, request: pb.OrchestratorResponse, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        """Apply the actions of a turn; whatever arrived meanwhile gets its turn next."""
        with self._lock:
            try:
                return super().CompleteOrchestratorTask(request, context)
            finally:
                instance = self._instances.get(request.instanceId)
                if instance is not None and instance.pending_events:
                    self._requeue_after_turn(instance)

    def _requeue_after_turn(self, instance: OrchestrationInstance) -> None:
        if instance.status != pb.ORCHESTRATION_STATUS_SUSPENDED or any(
            event.HasField("executionResumed") or event.HasField("executionTerminated")
            for event in instance.pending_events
        ):
            self._enqueue_orchestration(instance.instance_id)

    @override
    def _process_complete_orchestration_action(
        self, instance: OrchestrationInstance, complete_action: pb.CompleteOrchestrationAction
    ) -> None:
        renewed = complete_action.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW
        if renewed:
            instance.pending_events = [e for e in instance.pending_events if e.WhichOneof("eventType") in _FROM_OUTSIDE]
        super()._process_complete_orchestration_action(instance, complete_action)
        if renewed:
            self._executions[instance.instance_id] = next(self._numbers)
            self._name_parent(instance)

    @override
    def _process_schedule_task_action(self, instance: OrchestrationInstance, action: pb.OrchestratorAction) -> None:
        super()._process_schedule_task_action(instance, action)
        item = self._activity_queue[-1]
        item.completion_token = next(self._numbers)
        self._outstanding[str(item.completion_token)] = (self._executions[instance.instance_id], item)

    @override
    def CompleteActivityTask(
        self, request: pb.ActivityResponse, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        """Deliver a result once, to the generation that scheduled the activity; a failure may have an empty message."""
        with self._lock:
            execution, item = self._outstanding.pop(request.completionToken, (0, None))
            if item is not None:
                self._deliver(item.instance_id, execution, _activity_event(request, item.task_id))
        return pb.CompleteTaskResponse()

    @override
    def AbandonTaskActivityWorkItem(
        self, request: pb.AbandonActivityTaskRequest, context: grpc.ServicerContext
    ) -> pb.AbandonActivityTaskResponse:
        """Queue the activity again."""
        with self._lock:
            _, item = self._outstanding.get(request.completionToken, (0, None))
            if item is not None:
                self._activity_queue.append(item)
                self._work_available.set()
        return pb.AbandonActivityTaskResponse()

    @override
    def _process_create_timer_action(self, instance: OrchestrationInstance, action: pb.OrchestratorAction) -> None:
        instance_id, execution = instance.instance_id, self._executions[instance.instance_id]
        fire_at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
        instance.history.append(helpers.new_timer_created_event(action.id, fire_at))
        if instance.status == pb.ORCHESTRATION_STATUS_PENDING:
            instance.status = pb.ORCHESTRATION_STATUS_RUNNING
        fired = helpers.new_timer_fired_event(action.id, fire_at)
        self._timers.schedule(fire_at, lambda: self._deliver(instance_id, execution, fired))

    @override
    def _schedule_delayed_entity_operation(self, entity_id: str, event: pb.HistoryEvent, fire_at: datetime) -> None:
        def signal() -> None:
            with self._lock:
                self._queue_entity_operation(entity_id, event)

        self._timers.schedule(fire_at, signal)

    @override
    def _watch_sub_orchestration(self, parent_instance_id: str, sub_instance_id: str, task_id: int) -> None:
        execution = self._executions[parent_instance_id]
        self._parents[sub_instance_id] = _Parent(parent_instance_id, execution, task_id)
        child = self._instances[sub_instance_id]
        self._name_parent(child)
        self._tell_parent(child)

    @override
    def _notify_waiters(self, instance_id: str) -> None:
        super()._notify_waiters(instance_id)
        self._tell_parent(self._instances[instance_id])

    def _name_parent(self, child: OrchestrationInstance) -> None:
        parent = self._parents.get(child.instance_id)
        for event in child.pending_events:
            if parent is not None and event.HasField("executionStarted"):
                event.executionStarted.parentInstance.CopyFrom(
                    pb.ParentInstanceInfo(
                        taskScheduledId=parent.task_id,
                        orchestrationInstance=pb.OrchestrationInstance(instanceId=parent.instance_id),
                    )
                )

    def _tell_parent(self, child: OrchestrationInstance) -> None:
        if not self._is_terminal_status(child.status):
            return
        parent = self._parents.pop(child.instance_id, None)
        if parent is not None:
            self._deliver(parent.instance_id, parent.execution, _child_event(child, parent.task_id))


def _activity_event(request: pb.ActivityResponse, task_id: int) -> pb.HistoryEvent:
    event = pb.HistoryEvent(eventId=-1, timestamp=timestamp_pb2.Timestamp())
    if request.HasField("failureDetails"):
        failed = pb.TaskFailedEvent(taskScheduledId=task_id, failureDetails=request.failureDetails)
        event.taskFailed.CopyFrom(failed)
    else:
        result = request.result if request.HasField("result") else None
        event.taskCompleted.CopyFrom(pb.TaskCompletedEvent(taskScheduledId=task_id, result=result))
    return event


def _child_event(child: OrchestrationInstance, task_id: int) -> pb.HistoryEvent:
    if child.status == pb.ORCHESTRATION_STATUS_COMPLETED:
        return helpers.new_sub_orchestration_completed_event(task_id, child.output)
    details = child.failure_details or pb.TaskFailureDetails(
        errorType="SubOrchestrationTerminated", errorMessage=f"Sub-orchestration '{child.instance_id}' was terminated"
    )
    failed = pb.SubOrchestrationInstanceFailedEvent(taskScheduledId=task_id, failureDetails=details)
    return pb.HistoryEvent(eventId=-1, timestamp=timestamp_pb2.Timestamp(), subOrchestrationInstanceFailed=failed)
