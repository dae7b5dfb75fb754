import asyncio
from collections.abc import Iterator
from typing import Any, override

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from local.host.durable.engine import Engine
from local.host.durable.work_items import WorkItemPump, failure_details
from local.host.settings import DurableLimits
from tests.local.host.engine_driver import CALL
from tests.local.host.fake_invoker import FakeInvoker, succeed


class _StumblingEngine(Engine):
    """An engine whose completions fail at first."""

    def __init__(self) -> None:
        super().__init__()
        self.stumbles = 1
        self.abandoned = 0

    @override
    def CompleteOrchestratorTask(self, request: pb.OrchestratorResponse, context: Any) -> pb.CompleteTaskResponse:
        self.stumbles -= 1
        if self.stumbles >= 0:
            raise RuntimeError("stumbled")
        return super().CompleteOrchestratorTask(request, context)

    @override
    def AbandonTaskOrchestratorWorkItem(
        self, request: pb.AbandonOrchestrationTaskRequest, context: Any
    ) -> pb.AbandonOrchestrationTaskResponse:
        self.abandoned += 1
        return super().AbandonTaskOrchestratorWorkItem(request, context)


@pytest.fixture
def engine() -> Iterator[_StumblingEngine]:
    engine = _StumblingEngine()
    yield engine
    engine.stop(0)


def test_work_item_that_cannot_be_completed_is_abandoned_and_tried_again(engine: _StumblingEngine) -> None:
    async def scenario() -> pb.GetInstanceResponse:
        pump = WorkItemPump(engine, [], FakeInvoker(succeed), DurableLimits())
        pump.start()
        engine.StartInstance(pb.CreateInstanceRequest(instanceId="a", name="unknown"), CALL)
        request = pb.GetInstanceRequest(instanceId="a")
        try:
            return await asyncio.to_thread(engine.WaitForInstanceCompletion, request, CALL)
        finally:
            pump.stop()

    state = asyncio.run(scenario()).orchestrationState
    assert state.orchestrationStatus == pb.ORCHESTRATION_STATUS_FAILED
    assert "The app has no orchestration named 'unknown'" in state.failureDetails.errorMessage
    assert engine.abandoned == 1


def test_work_for_an_unknown_entity_or_activity_never_stays_in_flight(engine: _StumblingEngine) -> None:
    async def scenario() -> None:
        pump = WorkItemPump(engine, [], FakeInvoker(succeed), DurableLimits())
        pump.start()
        engine.SignalEntity(pb.SignalEntityRequest(instanceId="@unknown@1", name="x", requestId="1"), CALL)
        async with asyncio.timeout(20):
            while "@unknown@1" in engine._entities:  # noqa: ASYNC110 - the engine tells nobody
                await asyncio.sleep(0.01)
        pump.stop()

    asyncio.run(scenario())
    assert engine._entity_in_flight == set()


def test_failure_has_the_bare_class_name_and_the_first_line() -> None:
    details = failure_details(LookupError("first line\nsecond line"))
    assert (details.errorType, details.errorMessage) == ("LookupError", "first line")
