"""The list of runs, newest first, and the cancelling of one of them. The engine is only asked through what is given."""

from collections.abc import Callable
from typing import Any

from shared.domain.gate import GateState
from shared.domain.models import Run
from shared.gateway.port import Gateway
from shared.steps import folder, reporting
from shared.steps.status import Live, describe


def newest(
    gateway: Gateway, gate: GateState, live: Callable[[str], Live], limit: int, before: str | None
) -> list[dict[str, Any]]:
    """The status documents of the newest runs, at most `limit`, older than the id `before` where it is given."""
    ids = [run_id for run_id in reversed(gateway.documents.run_ids()) if before is None or run_id < before]
    described = (describe(gateway, run_id, gate, live) for run_id in ids[:limit])
    return [each for each in described if each is not None]


def cancel(gateway: Gateway, run_id: str, *, alive: bool) -> None:
    """Stops a run at its next step; one that never started is reported as cancelled at once."""
    folder.stop(gateway, run_id, "cancelled")
    request = folder.request_of(gateway, run_id)
    if not alive and request is not None:
        reporting.write_report(gateway, Run(request=request, started_at=request.requested_at), scale=1, cancelled=True)
