"""What the triggers ask of the durable engine, in the factory's words: signal the gate, look at runs, end them."""

from typing import Any

from azure.durable_functions import SyncDurableFunctionsClient
from durabletask.client import OrchestrationQuery, OrchestrationState, OrchestrationStatus

from shared.domain.gate import Asked, GateState
from shared.domain.models import RunRequest
from shared.steps.status import Live
from shared.workflow.run_image_factory import GATE

ENDED = (OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED)


class Engine:
    """The durable engine as one client sees it."""

    def __init__(self, client: SyncDurableFunctionsClient) -> None:
        self._client = client

    def gate(self) -> GateState:
        """The run gate's state; an empty one before its first signal."""
        entity = self._client.get_entity(GATE)
        state = entity.get_typed_state(dict) if entity else None
        return GateState.from_json(state or {})

    def takes(self, request: RunRequest) -> bool:
        """Whether the gate would take this request now."""
        return self.gate().takes(_asked(request))

    def request(self, request: RunRequest) -> None:
        """Tells the gate of a request that is kept."""
        self._client.signal_entity(GATE, "request", input=dict(_asked(request)))

    def cancel(self, run_id: str) -> None:
        """Tells the gate that a waiting request is not wanted any more."""
        self._client.signal_entity(GATE, "cancel", input=run_id)

    def ended(self, run_id: str) -> None:
        """Tells the gate that a run has ended; repeating is harmless."""
        self._client.signal_entity(GATE, "ended", input=run_id)

    def has_ended(self, run_id: str) -> bool | None:
        """Whether the root of a run has ended; None when the engine knows none. A suspended run is alive."""
        state = self._client.get_orchestration_state(run_id)
        return None if state is None else state.runtime_status in ENDED

    def live(self, run_id: str) -> Live:
        """Whether a run is alive, its phase, and its children's custom statuses."""
        state = self._client.get_orchestration_state(run_id)
        if state is None or state.runtime_status in ENDED:
            return Live()
        phase = _status(state).get("phase", "")
        children = {child.instance_id: _status(child) for child in self._children(run_id)}
        return Live(alive=True, phase=phase, children=children)

    def end_children(self, run_id: str) -> None:
        """Terminates the children of a run that are still alive: ending a root leaves them running."""
        for child in self._children(run_id):
            if child.runtime_status not in ENDED:
                self._client.terminate_orchestration(child.instance_id)

    def _children(self, run_id: str) -> list[OrchestrationState]:
        query = OrchestrationQuery(instance_id_prefix=f"{run_id}:", fetch_inputs_and_outputs=True)
        return self._client.get_all_orchestration_states(query)


def _asked(request: RunRequest) -> Asked:
    return Asked(id=request.id, mergeable=request.mergeable, dryRun=request.dry_run)


def _status(state: OrchestrationState) -> dict[str, Any]:
    return state.get_custom_status(dict) or {}
