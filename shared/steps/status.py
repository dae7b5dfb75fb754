"""What the outside is told about runs, put together from the run folders and what the engine says is alive."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from shared.domain.gate import GateState
from shared.domain.models import Outcome, RunRequest, Severity
from shared.domain.report import Report
from shared.gateway.port import Gateway
from shared.steps import folder, progress
from shared.steps.loading import RunStart


class Live(NamedTuple):
    """What the engine says of a run: whether it is there, its phase, and the custom status of each child by id."""

    alive: bool = False
    phase: str = ""
    children: Mapping[str, dict[str, Any]] = {}


def describe(gateway: Gateway, run_id: str, gate: GateState, look: Callable[[str], Live]) -> dict[str, Any] | None:
    """The status document of one run (GET /api/runs/{id}); None when there is no such run.

    `look` asks the engine for a run, which is done only where no report tells its end. Only a document that does not
    change any more has a `reportUrl`: that of the run itself, or of the one that answered it.
    """
    request = folder.request_of(gateway, run_id)
    if request is None:
        return None
    base = _base(request)
    ended = _ended(gateway, run_id)
    if ended is not None:
        return {**base, **ended}
    by = _answered_by(gateway, run_id, gate)
    if by is not None:
        merged = {"status": "Merged", "coveredBy": by, "phase": "", "counts": {}, "bytes": {}}
        return {**base, **merged, **_report_url(gateway, by)}
    live = look(run_id)
    if not live.alive:
        return {**base, "status": "Waiting", "phase": "", "counts": {}, "bytes": {}}
    return {**base, **_running(gateway, run_id, live)}


def _base(request: RunRequest) -> dict[str, Any]:
    return {
        "id": request.id,
        "trigger": request.trigger,
        "requestedAt": _utc(request.requested_at.isoformat()),
        "dryRun": request.dry_run,
    }


def _utc(time: str) -> str:
    """A time of the factory, which is always UTC, as reports and notices write it."""
    return time.replace("+00:00", "Z")


def _answered_by(gateway: Gateway, run_id: str, gate: GateState) -> str | None:
    for run in (gate.running, *gate.waiting):
        if run is not None and run_id in run.covers:
            return run.id
    note = folder.load_json(gateway, run_id, folder.COVERED)
    return note["by"] if note else None


def _report_url(gateway: Gateway, run_id: str) -> dict[str, Any]:
    ended = _ended(gateway, run_id)
    return {"reportUrl": ended["reportUrl"]} if ended else {}


def _ended(gateway: Gateway, run_id: str) -> dict[str, Any] | None:
    try:
        return _final_of(folder.Identity(gateway), run_id)
    except LookupError:
        return None


@lru_cache(maxsize=256)
def _final_of(key: folder.Identity, run_id: str) -> dict[str, Any]:
    """What is told of a run that has ended: read once in each process, because a report may be large and stays."""
    report = folder.load(key.gateway, run_id, folder.REPORT, Report)
    if report is None:
        raise LookupError(f"the run {run_id} has not ended")
    return _final(report)


def _final(report: Report) -> dict[str, Any]:
    value = report.to_json()
    return {
        "status": report.status,
        "startedAt": value["startedAt"],
        "endedAt": value["endedAt"],
        "phase": "done",
        "counts": _final_counts(report),
        "bytes": {"copied": sum(each.bytes_copied for each in report.deliveries)},
        "reportUrl": f"/api/runs/{report.run_id}/report",
        **_error(report),
    }


def _error(report: Report) -> dict[str, Any]:
    """Why a run did not do all that was asked: its own error, or else the first finding that is one."""
    errors = [each for each in report.findings if each.severity is Severity.ERROR]
    first = report.error or next(iter(errors), None)
    return {"error": {"code": first.code, "message": first.message}} if first else {}


def _final_counts(report: Report) -> dict[str, Any]:
    return {
        "saves": _tally(each.outcome for each in report.saves),
        "deliveries": _tally(each.outcome for each in report.deliveries),
    }


def _tally(outcomes: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[str(Outcome(outcome))] = counts.get(str(Outcome(outcome)), 0) + 1
    return counts


def _running(gateway: Gateway, run_id: str, live: Live) -> dict[str, Any]:
    start = folder.load(gateway, run_id, folder.RUN, RunStart)
    stopping = folder.stopped(gateway, run_id)
    saves = [status for name, status in live.children.items() if name.startswith(f"{run_id}:save-")]
    regions = {status["region"]: status for status in live.children.values() if status and "region" in status}
    return {
        "status": "Cancelling" if stopping else "Running",
        "startedAt": _utc(start.started_at) if start else None,
        "phase": live.phase,
        "counts": {
            "saves": _sum_saves(saves),
            "deliveries": _sum([each["counts"] for each in regions.values()]),
            "regions": {name: each["counts"] for name, each in sorted(regions.items())},
        },
        "bytes": _sum([each["bytes"] for each in [*saves, *regions.values()] if each and "bytes" in each]),
        **progress.detail(gateway, run_id, live.children),
    }


def _sum_saves(saves: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in saves:
        state = (each or {}).get("state", "waiting")
        counts[state] = counts.get(state, 0) + 1
    return counts


def _sum(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for key, number in part.items():
            total[key] = total.get(key, 0) + number
    return total
