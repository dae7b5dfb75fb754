"""Microsoft's in-memory Durable Task engine, hardened until an app can rely on it. Nothing here knows Azure Functions.

It overrides private methods of durabletask 1.12.0, so that version is pinned; each repaired fault is a test.
"""

import time
import uuid
from collections.abc import Callable
from concurrent import futures
from datetime import UTC, datetime
from typing import override

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from durabletask.testing.in_memory_backend import OrchestrationInstance, StateWaiter

from local.host.durable.generations import GenerationalBackend

_FINISHED = (
    pb.ORCHESTRATION_STATUS_COMPLETED,
    pb.ORCHESTRATION_STATUS_FAILED,
    pb.ORCHESTRATION_STATUS_TERMINATED,
    pb.ORCHESTRATION_STATUS_CANCELED,
)
# A waiting client holds a thread. The pool makes threads as they are needed, so a high bound costs nothing idle.
_GRPC_THREADS = 512
_UNLIMITED_MESSAGES = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_WAIT_STEP_SECONDS = 0.5


class Engine(GenerationalBackend):
    """Orchestrations, activities, timers and entities in memory, with a gRPC control plane on 127.0.0.1."""

    @override
    def start(self) -> str:
        """Listen on a free port of 127.0.0.1 and return the address as `127.0.0.1:port`."""
        pool = futures.ThreadPoolExecutor(max_workers=_GRPC_THREADS, thread_name_prefix="durable-grpc")
        self._server = grpc.server(pool, options=_UNLIMITED_MESSAGES)
        stubs.add_TaskHubSidecarServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        return f"127.0.0.1:{self._port}"

    @override
    def stop(self, grace: float | None = None) -> None:
        """Stop listening, release every waiting client and drop the timers."""
        self._timers.close()
        super().stop(grace)

    @override
    def StartInstance(
        self, request: pb.CreateInstanceRequest, context: grpc.ServicerContext
    ) -> pb.CreateInstanceResponse:
        """Start an instance at its time; like the extension, replace a finished one of the same id."""
        request.instanceId = request.instanceId or uuid.uuid4().hex
        if not request.orchestrationIdReusePolicy.replaceableStatus:
            request.orchestrationIdReusePolicy.replaceableStatus.extend(_FINISHED)
        with self._lock:
            response: pb.CreateInstanceResponse = super().StartInstance(request, context)
            self._begin_execution(request.instanceId)
            if request.HasField("scheduledStartTimestamp"):
                self._hold_until(request.instanceId, request.scheduledStartTimestamp.ToDatetime(tzinfo=UTC))
        return response

    def _hold_until(self, instance_id: str, start_at: datetime) -> None:
        if start_at <= datetime.now(UTC):
            return
        self._held.add(instance_id)
        if instance_id in self._orchestration_queue_set:
            self._orchestration_queue_set.discard(instance_id)
            self._orchestration_queue.remove(instance_id)
        execution = self._executions[instance_id]
        self._timers.schedule(start_at, lambda: self._release(instance_id, execution))

    def _release(self, instance_id: str, execution: int) -> None:
        with self._lock:
            if self._executions.get(instance_id) == execution:
                self._held.discard(instance_id)
                self._enqueue_orchestration(instance_id)

    @override
    def _terminate_instance_internal(self, instance_id: str, output: str | None, recursive: bool = False) -> None:
        self._held.discard(instance_id)
        super()._terminate_instance_internal(instance_id, output, recursive=False)

    @override
    def _wait_for_state(
        self, instance_id: str, predicate: Callable[[OrchestrationInstance], bool], timeout: float | None
    ) -> OrchestrationInstance | None:
        with self._lock:
            instance = self._instances.get(instance_id)
            if instance is None or predicate(instance):
                return instance
            waiter = StateWaiter(predicate=predicate)
            self._state_waiters.setdefault(instance_id, []).append(waiter)
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while self._still_waits(instance_id, waiter, deadline):
                left = _WAIT_STEP_SECONDS if deadline is None else deadline - time.monotonic()
                waiter.event.wait(max(0.0, min(_WAIT_STEP_SECONDS, left)))
        finally:
            self._forget_waiter(instance_id, waiter)
        return waiter.result

    def _still_waits(self, instance_id: str, waiter: StateWaiter, deadline: float | None) -> bool:
        expired = deadline is not None and time.monotonic() >= deadline
        if waiter.event.is_set() or expired or self._shutdown_event.is_set():
            return False
        with self._lock:
            return waiter in self._state_waiters.get(instance_id, [])

    def _forget_waiter(self, instance_id: str, waiter: StateWaiter) -> None:
        with self._lock:
            waiters = self._state_waiters.get(instance_id, [])
            if waiter in waiters:
                waiters.remove(waiter)

    @override
    def GetEntity(self, request: pb.GetEntityRequest, context: grpc.ServicerContext) -> pb.GetEntityResponse:
        """Give the entity's state; an entity without state does not exist."""
        with self._lock:
            entity = self._entities.get(request.instanceId)
            if entity is None or entity.serialized_state is None:
                return pb.GetEntityResponse(exists=False)
            return super().GetEntity(request, context)

    @override
    def CompleteEntityTask(
        self, request: pb.EntityBatchResult, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        """Apply a batch; an entity that deleted its state is gone."""
        with self._lock:
            kept = [action for action in request.actions if not self._starts_what_runs(action)]
            del request.actions[:]
            request.actions.extend(kept)
            done = [e for e in self._entities.values() if str(e.completion_token) == request.completionToken]
            response = super().CompleteEntityTask(request, context)
            for entity in done:
                if entity.serialized_state is None and not entity.pending_operations and entity.locked_by is None:
                    del self._entities[entity.instance_id]
        return response

    def _starts_what_runs(self, action: pb.OperationAction) -> bool:
        # As in Azure, the entity is not told; the stock engine logs a traceback for each.
        running = self._instances.get(action.startNewOrchestration.instanceId)
        return running is not None and not self._is_terminal_status(running.status)
