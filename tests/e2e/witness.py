"""The Functions host with a witness at its engine: `python -m tests.e2e.witness FOLDER <arguments of local.host>`.

Of every generation of every orchestration it leaves its last turn in FOLDER, as the engine asked for it and as the app
answered. It changes nothing of what the host does.
"""

import logging
import os
import sys
from itertools import count
from pathlib import Path
from typing import override

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb

from local.host import __main__ as command
from local.host import host
from local.host.durable.engine import Engine

FOLDER = Path(sys.argv[1]) if __name__ == "__main__" else Path()


class WitnessedEngine(Engine):
    """The engine, which notes each generation when it ends."""

    _numbers = count(1)

    @override
    def CompleteOrchestratorTask(
        self, request: pb.OrchestratorResponse, context: grpc.ServicerContext
    ) -> pb.CompleteTaskResponse:
        if any(action.HasField("completeOrchestration") for action in request.actions):
            with self._lock:
                instance = self._instances[request.instanceId]
                turn = pb.OrchestratorRequest(
                    instanceId=instance.instance_id,
                    pastEvents=list(instance.history),
                    newEvents=list(instance.dispatched_events),
                )
            number = next(self._numbers)
            (FOLDER / f"{number:05}.request").write_bytes(turn.SerializeToString())
            unfinished = FOLDER / f"{number:05}.unfinished"
            unfinished.write_bytes(request.SerializeToString())
            unfinished.rename(unfinished.with_suffix(".response"))  # whoever looks sees all of it or nothing
        return super().CompleteOrchestratorTask(request, context)


def generations(folder: Path) -> list[tuple[pb.OrchestratorRequest, pb.OrchestratorResponse]]:
    """What the witness has left, in the order in which the generations ended."""
    found = []
    for file in sorted(folder.glob("*.response")):
        asked, answered = pb.OrchestratorRequest(), pb.OrchestratorResponse()
        asked.ParseFromString(file.with_suffix(".request").read_bytes())
        answered.ParseFromString(file.read_bytes())
        found.append((asked, answered))
    return found


if __name__ == "__main__":
    host.Engine = WitnessedEngine  # type: ignore[attr-defined]
    status = command.main(sys.argv[2:])
    logging.shutdown()
    os._exit(status)
