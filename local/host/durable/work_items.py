"""The pump: work items of the engine -> functions of the app -> completions. Every item ends completed or abandoned."""

import asyncio
import base64
import itertools
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NoReturn, override

from azure_functions_runtime.bindings.datumdef import Datum
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb

from local.host.app import Function
from local.host.durable.engine import Engine
from local.host.errors import AppError
from local.host.invocation import Invokes, log_failure
from local.host.settings import DurableLimits

_log = logging.getLogger(__name__)
_ABANDON_SECONDS = 1.0
_RESTART_SECONDS = 0.1


class _InProcess:
    """What the engine asks of a gRPC context, for calls that come from this process."""

    def is_active(self) -> bool:
        return True

    def time_remaining(self) -> None:
        return None

    def abort(self, code: Any, details: str) -> NoReturn:
        raise RuntimeError(f"{code}: {details}")


_IN_PROCESS: Any = _InProcess()


def failure_details(error: BaseException) -> pb.TaskFailureDetails:
    """Describe an exception as the extension does: the bare class name and the first line of the message."""
    return pb.TaskFailureDetails(errorType=type(error).__name__, errorMessage=str(error).partition("\n")[0])


class _Functions:
    """Finds durable functions by kind and name; entity names are not case-sensitive."""

    def __init__(self, functions: Sequence[Function]) -> None:
        kinds = ("orchestrationTrigger", "activityTrigger", "entityTrigger")
        self._by_name = {self._key(f.kind, f.durable_name): f for f in functions if f.kind in kinds}

    def find(self, kind: str, name: str) -> Function:
        function = self._by_name.get(self._key(kind, name))
        if function is None:
            raise AppError(f"The app has no {kind.removesuffix('Trigger')} named '{name}'")
        return function

    def _key(self, kind: str, name: str) -> tuple[str, str]:
        return kind, name.lower() if kind == "entityTrigger" else name


class _Work[Response](ABC):
    """One work item: it runs to a response, or to the response that reports its failure."""

    def __init__(self, engine: Engine, functions: _Functions, invoker: Invokes, token: str) -> None:
        self.engine = engine
        self.functions = functions
        self.invoker = invoker
        self.token = token

    @abstractmethod
    async def run(self) -> Response: ...

    @abstractmethod
    def failed(self, error: Exception) -> Response: ...

    @abstractmethod
    def complete(self, response: Response) -> None: ...

    @abstractmethod
    def abandon(self) -> None: ...

    async def invoke(self, kind: str, name: str, value: Datum) -> Datum | None:
        function = self.functions.find(kind, name)
        try:
            return await self.invoker.invoke(function, value)
        except Exception as error:
            log_failure(function, error)
            raise


class _Turn(_Work[pb.OrchestratorResponse]):
    """One turn of an orchestration."""

    def __init__(self, request: pb.OrchestratorRequest, *rest: Any) -> None:
        super().__init__(*rest)
        self._request = request

    @override
    async def run(self) -> pb.OrchestratorResponse:
        events = itertools.chain(self._request.newEvents, self._request.pastEvents)
        name = next(event.executionStarted.name for event in events if event.HasField("executionStarted"))
        returned = await self.invoke("orchestrationTrigger", name, _encoded(self._request))
        response = pb.OrchestratorResponse()
        response.ParseFromString(_decoded(returned))
        return response

    @override
    def failed(self, error: Exception) -> pb.OrchestratorResponse:
        action = pb.CompleteOrchestrationAction(
            orchestrationStatus=pb.ORCHESTRATION_STATUS_FAILED, failureDetails=failure_details(error)
        )
        return pb.OrchestratorResponse(actions=[pb.OrchestratorAction(id=-1, completeOrchestration=action)])

    @override
    def complete(self, response: pb.OrchestratorResponse) -> None:
        response.instanceId, response.completionToken = self._request.instanceId, self.token
        self.engine.CompleteOrchestratorTask(response, _IN_PROCESS)

    @override
    def abandon(self) -> None:
        request = pb.AbandonOrchestrationTaskRequest(completionToken=self.token)
        self.engine.AbandonTaskOrchestratorWorkItem(request, _IN_PROCESS)


class _Activity(_Work[pb.ActivityResponse]):
    """One execution of an activity."""

    def __init__(self, request: pb.ActivityRequest, *rest: Any) -> None:
        super().__init__(*rest)
        self._request = request

    @override
    async def run(self) -> pb.ActivityResponse:
        value = self._request.input.value if self._request.HasField("input") else "null"
        returned = await self.invoke("activityTrigger", self._request.name, Datum(value or "null", "json"))
        result = returned.value if returned is not None and returned.value is not None else "null"
        return pb.ActivityResponse(result=helpers.get_string_value(result))

    @override
    def failed(self, error: Exception) -> pb.ActivityResponse:
        return pb.ActivityResponse(failureDetails=failure_details(error))

    @override
    def complete(self, response: pb.ActivityResponse) -> None:
        response.instanceId = self._request.orchestrationInstance.instanceId
        response.taskId, response.completionToken = self._request.taskId, self.token
        self.engine.CompleteActivityTask(response, _IN_PROCESS)

    @override
    def abandon(self) -> None:
        request = pb.AbandonActivityTaskRequest(completionToken=self.token)
        self.engine.AbandonTaskActivityWorkItem(request, _IN_PROCESS)


class _EntityBatch(_Work[pb.EntityBatchResult]):
    """A batch of operations on one entity."""

    def __init__(self, request: pb.EntityRequest, *rest: Any) -> None:
        super().__init__(*rest)
        self._batch, self._infos = helpers.convert_to_entity_batch_request(request)

    @override
    async def run(self) -> pb.EntityBatchResult:
        # An entity's id is `@name@key`.
        name = self._batch.instanceId.split("@", 2)[1]
        returned = await self.invoke("entityTrigger", name, _encoded(self._batch))
        result = pb.EntityBatchResult()
        result.ParseFromString(_decoded(returned))
        return self._refused(result.failureDetails) if result.HasField("failureDetails") else result

    @override
    def failed(self, error: Exception) -> pb.EntityBatchResult:
        return self._refused(failure_details(error))

    def _refused(self, details: pb.TaskFailureDetails) -> pb.EntityBatchResult:
        failure = pb.OperationResult(failure=pb.OperationResultFailure(failureDetails=details))
        state = self._batch.entityState if self._batch.HasField("entityState") else None
        return pb.EntityBatchResult(entityState=state, results=[failure] * len(self._infos))

    @override
    def complete(self, response: pb.EntityBatchResult) -> None:
        response.completionToken = self.token
        del response.operationInfos[:]
        response.operationInfos.extend(self._infos)
        self.engine.CompleteEntityTask(response, _IN_PROCESS)

    @override
    def abandon(self) -> None:
        self.engine.AbandonTaskEntityWorkItem(pb.AbandonEntityTaskRequest(completionToken=self.token), _IN_PROCESS)


def _encoded(message: Any) -> Datum:
    return Datum(base64.b64encode(message.SerializeToString()).decode("ascii"), "string")


def _decoded(returned: Datum | None) -> bytes:
    if returned is None or not isinstance(returned.value, str):
        raise AppError("A durable function returned no answer: is azure-functions-durable 2.x installed?")
    return base64.b64decode(returned.value)


class WorkItemPump:
    """Takes work items from the engine in a thread and runs them on the event loop, as many at once as allowed."""

    def __init__(self, engine: Engine, functions: Sequence[Function], invoker: Invokes, limits: DurableLimits) -> None:
        """Prepare for the app's functions; `start` must be called on the running loop."""
        self._engine = engine
        self._rest = (engine, _Functions(functions), invoker)
        self._orchestrators = asyncio.Semaphore(limits.orchestrators)
        self._activities = asyncio.Semaphore(limits.activities)
        self._entities = asyncio.Semaphore(limits.entities)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to take work items."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._take, args=(loop,), name="durable-work-items", daemon=True).start()

    def stop(self) -> None:
        """Take no more and drop what runs; call it before the engine is stopped."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        # The engine's stream ends when anything in it raises; the work that is left must not wait for ever.
        while not self._stopping.is_set():
            for item in self._engine.GetWorkItems(pb.GetWorkItemsRequest(), _IN_PROCESS):
                if self._stopping.is_set():
                    return
                loop.call_soon_threadsafe(self._begin, item)
            self._stopping.wait(_RESTART_SECONDS)

    def _begin(self, item: pb.WorkItem) -> None:
        if not self._stopping.is_set():
            task = asyncio.create_task(self._process(item))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _process(self, item: pb.WorkItem) -> None:
        work, limit = self._work(item)
        try:
            async with limit:
                try:
                    response = await work.run()
                except Exception as error:
                    response = work.failed(error)
            work.complete(response)
        except Exception:
            _log.exception("A work item could not be completed; it is tried again")
            await asyncio.sleep(_ABANDON_SECONDS)
            work.abandon()

    def _work(self, item: pb.WorkItem) -> tuple[_Work[Any], asyncio.Semaphore]:
        rest = (*self._rest, item.completionToken)
        if item.HasField("orchestratorRequest"):
            return _Turn(item.orchestratorRequest, *rest), self._orchestrators
        if item.HasField("activityRequest"):
            return _Activity(item.activityRequest, *rest), self._activities
        return _EntityBatch(item.entityRequestV2, *rest), self._entities
