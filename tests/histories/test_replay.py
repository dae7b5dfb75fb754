"""Today's orchestrators replay the histories of earlier runs: the same actions with the same inputs, turn by turn.

The histories are real ones, recorded from the whole app: `python -m tests.histories.recording` records them anew. A
failure here means that a run which is on its way while the app is deployed would break.
"""

import base64
from types import SimpleNamespace
from typing import Any

import pytest
from azure.durable_functions.orchestrator import Orchestrator
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.json_format import MessageToDict

from shared.workflow.deliver_region import deliver_region
from shared.workflow.run_image_factory import run_image_factory
from shared.workflow.save_image import save_image
from tests.histories.history import FOLDER, History, Turn, read

# The library asks its users to name the types of inputs; ours are plain JSON values, which need none.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads was called:DeprecationWarning")

ORCHESTRATORS = {each.__name__: each for each in (run_image_factory, save_image, deliver_region)}
HISTORIES = {file.stem: read(file) for file in sorted(FOLDER.glob("*.json"))}


@pytest.fixture(params=HISTORIES)
def history(request: pytest.FixtureRequest) -> History:
    """Each recorded history."""
    return HISTORIES[request.param]


def answer_to(history: History, turn: Turn) -> pb.OrchestratorResponse:
    """What the worker's own executor answers to a turn with today's orchestrator."""
    request = pb.OrchestratorRequest(instanceId=history.instance, pastEvents=turn.past, newEvents=turn.new)
    body = base64.b64encode(request.SerializeToString())
    encoded = Orchestrator(ORCHESTRATORS[history.name]).handle(SimpleNamespace(body=body))  # type: ignore[arg-type]
    answer = pb.OrchestratorResponse()
    answer.ParseFromString(base64.b64decode(encoded))
    return answer


def noted(event: pb.HistoryEvent) -> dict[str, Any]:
    """What the engine noted of an action, as the action said it."""
    kind = str(event.WhichOneof("eventType"))
    found = MessageToDict(getattr(event, kind))
    wanted = {"taskScheduled": ("name", "input"), "timerCreated": ("fireAt",)}
    keys = wanted.get(kind, ("name", "input", "instanceId"))
    return {"id": event.eventId, **{key: found[key] for key in keys if key in found}}


def asked(action: pb.OrchestratorAction) -> dict[str, Any]:
    """The same of an action itself."""
    kind = str(action.WhichOneof("orchestratorActionType"))
    found = MessageToDict(getattr(action, kind))
    return {"id": action.id, **{key: found[key] for key in ("name", "input", "instanceId", "fireAt") if key in found}}


def failure(answer: pb.OrchestratorResponse) -> str:
    """Why the executor failed the orchestration; nothing where it did not."""
    ended = [each.completeOrchestration for each in answer.actions if each.HasField("completeOrchestration")]
    return "".join(each.failureDetails.errorType for each in ended)


def test_every_turn_asks_for_the_same_as_it_did(history: History) -> None:
    *turns, last = history.turns()
    for turn in turns:
        answer = answer_to(history, turn)
        assert failure(answer) == ""
        recorded = [event for event in turn.noted if not event.HasField("orchestratorCompleted")]
        assert [asked(action) for action in answer.actions] == [noted(event) for event in recorded]
    assert last.noted == []


def test_the_last_turn_ends_as_it_did(history: History) -> None:
    *_, last = history.turns()
    answer = answer_to(history, last)
    assert failure(answer) == ""
    assert [MessageToDict(each) for each in answer.actions] == [MessageToDict(each) for each in history.answer.actions]
    assert answer.customStatus == history.answer.customStatus


def test_a_history_of_other_activities_is_refused(history: History) -> None:
    *_, last = history.turns()
    changed = [pb.HistoryEvent() for _ in last.past]
    for mine, event in zip(changed, last.past, strict=True):
        mine.CopyFrom(event)
        if mine.HasField("taskScheduled"):
            mine.taskScheduled.name = "another_activity"
    assert "NonDeterminism" in failure(answer_to(history, Turn(changed, last.new, [])))


def test_every_orchestration_is_recorded_to_its_end_and_to_its_next_generation() -> None:
    assert {history.name for history in HISTORIES.values()} == set(ORCHESTRATORS)
    assert {history.name for history in HISTORIES.values() if not history.continues} == set(ORCHESTRATORS)
    assert [name for name, history in HISTORIES.items() if history.continues] == [
        "region_that_continues",
        "region_with_a_crowded_hub",
    ]


def test_no_recorded_history_holds_a_secret() -> None:
    for file in FOLDER.glob("*.json"):
        text = file.read_text()
        assert "sig=" not in text
        assert "https://" not in text
