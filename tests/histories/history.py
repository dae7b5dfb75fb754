"""A recorded history: one generation of an orchestration with its turns, as a small JSON file. Nothing here runs it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.json_format import MessageToDict, ParseDict

FOLDER = Path(__file__).parent / "recorded"
# What the engine adds to the history when a turn is over; all else is what the turn was told.
_ADDED = frozenset(
    {
        "taskScheduled",
        "timerCreated",
        "subOrchestrationInstanceCreated",
        "entityOperationSignaled",
        "orchestratorCompleted",
    }
)


@dataclass(frozen=True)
class Turn:
    """One turn: what had happened before, what was new, and what the engine noted that the turn asked for."""

    past: list[pb.HistoryEvent]
    new: list[pb.HistoryEvent]
    noted: list[pb.HistoryEvent]


@dataclass(frozen=True)
class History:
    """One generation: all its events up to its last turn, and the answer of that turn."""

    instance: str
    events: list[pb.HistoryEvent]
    answer: pb.OrchestratorResponse

    @property
    def name(self) -> str:
        """The name of the orchestration."""
        return next(event.executionStarted.name for event in self.events if event.HasField("executionStarted"))

    @property
    def continues(self) -> bool:
        """Whether the generation ended by continuing as new."""
        status = self.answer.actions[-1].completeOrchestration.orchestrationStatus
        return bool(status == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW)

    def turns(self) -> Iterator[Turn]:
        """Its turns in order."""
        starts = [place for place, event in enumerate(self.events) if event.HasField("orchestratorStarted")]
        for start, end in zip(starts, [*starts[1:], len(self.events)], strict=True):
            told = [event for event in self.events[start:end] if event.WhichOneof("eventType") not in _ADDED]
            noted = [event for event in self.events[start:end] if event.WhichOneof("eventType") in _ADDED]
            yield Turn(self.events[:start], told, noted)

    def write(self, file: Path) -> None:
        """Keep it as JSON, an event a line."""
        lines = [json.dumps(MessageToDict(event), separators=(",", ":")) for event in self.events]
        answer = json.dumps(MessageToDict(self.answer), separators=(",", ":"))
        events = ",\n".join(lines)
        file.write_text(f'{{"instance":{json.dumps(self.instance)},"events":[\n{events}\n],"answer":\n{answer}\n}}\n')


def read(file: Path) -> History:
    """A history as it was written."""
    kept: dict[str, Any] = json.loads(file.read_text())
    events = [ParseDict(event, pb.HistoryEvent()) for event in kept["events"]]
    return History(kept["instance"], events, ParseDict(kept["answer"], pb.OrchestratorResponse()))
