"""The entity run_gate: keeps the gate's state and starts runs. Every decision is domain.gate's."""

from datetime import UTC, datetime
from typing import Any

from durabletask.entities import EntityContext

from shared.domain import gate
from shared.domain.gate import GateState, Start


def run_gate(ctx: EntityContext, value: Any) -> None:
    """Carries out one operation: `request` (what the gate must know of it), `ended` or `cancel` (a run's id)."""
    state = GateState.from_json(ctx.get_state(dict) or {})
    now = datetime.now(UTC).isoformat()
    starts: list[Start] = []
    if ctx.operation == "request":
        state, starts = gate.request(state, value, now)
    elif ctx.operation == "ended":
        state, starts = gate.ended(state, value, now)
    elif ctx.operation == "cancel":
        state = gate.cancel(state, value)
    else:
        raise ValueError(f"the run gate knows no operation {ctx.operation!r}")
    ctx.set_state(state.to_json())
    for start in starts:
        payload = {"id": start.id, "covers": list(start.covers)}
        ctx.schedule_new_orchestration("run_image_factory", input=payload, instance_id=start.id)
