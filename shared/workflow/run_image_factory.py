"""The orchestration run_image_factory: load, save, plan, deliver, report. It ends with a report, whatever happens."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any

from durabletask.entities import EntityInstanceId
from durabletask.task import OrchestrationContext, Task, TaskFailedError, when_all

from shared.workflow.calling import Payload, Turns, failure_text, patiently

GATE = EntityInstanceId("run_gate", "factory")


def run_image_factory(ctx: OrchestrationContext, payload: Payload) -> Turns[Payload]:
    """One run, from the request that `payload["id"]` names to its report; then the gate is told that it ended."""
    started = ctx.current_utc_datetime.replace(tzinfo=UTC).isoformat()
    run = {"run": payload["id"], "startedAt": started}
    try:
        error = yield from _deliver(ctx, run, payload.get("covers", []))
    except TaskFailedError as failure:
        error = {"code": "internal", "message": failure_text(failure)}
    ctx.set_custom_status({"phase": "reporting"})
    report = yield from patiently(ctx, "write_report", {**run, "error": error})
    if report.get("state") == "failed":
        raise RuntimeError(f"the report of {payload['id']} could not be written: {report['message']}")
    ctx.signal_entity(GATE, "ended", input=payload["id"])
    return report


def _deliver(ctx: OrchestrationContext, run: Payload, covers: list[str]) -> Turns[dict[str, str] | None]:
    """All that comes before the report; returns the error that ended it early, if any."""
    ctx.set_custom_status({"phase": "loading"})
    loaded = yield from patiently(ctx, "load_labs", {**run, "covers": covers})
    if loaded.get("state") == "failed":
        return _error(loaded)
    chosen, findings = (yield from _choose(ctx, run)) if loaded["save"] else ([], [])
    if loaded["approved"]:
        ctx.set_custom_status({"phase": "planning"})
        checked = yield from patiently(ctx, "check_plan", {**run, "findings": findings})
        if checked.get("state") == "failed":
            return _error(checked)
    if chosen and not loaded["dryRun"]:
        ctx.set_custom_status({"phase": "saving"})
        saves = [(f"{run['run']}:save-{save}", {**run, "save": save, "scale": loaded["scale"]}) for save in chosen]
        yield from _children(ctx, run, "save_image", saves)
    ctx.set_custom_status({"phase": "planning"})
    plan = yield from patiently(ctx, "plan_deliveries", {**run, "findings": findings})
    if plan.get("state") == "failed":
        return _error(plan)
    if not loaded["dryRun"]:
        ctx.set_custom_status({"phase": "delivering"})
        calls = [
            (f"{run['run']}:{each['region']}", {**run, **each, "scale": loaded["scale"]}) for each in plan["regions"]
        ]
        yield from _children(ctx, run, "deliver_region", calls)
    return None


def _choose(ctx: OrchestrationContext, run: Payload) -> Turns[tuple[list[int], list[dict[str, Any]]]]:
    """What the factory has to save, as indices into the planned saves; and what kept it from being known."""
    ctx.set_custom_status({"phase": "surveying"})
    chosen: Payload = {}
    for name in ("survey_factory", "plan_saves"):
        chosen = yield from patiently(ctx, name, run)
        if chosen.get("state") == "failed":
            message = f"Nothing could be saved: {chosen['message']}"
            return [], [{"severity": "error", "code": "saving-failed", "message": message}]
    return chosen["save"], []


def _children(ctx: OrchestrationContext, run: Payload, name: str, calls: Sequence[tuple[str, Payload]]) -> Turns[None]:
    """Runs sub-orchestrations side by side. One that dies is told by what the journal lacks, and stops no other.

    What it held is released when all have ended; nobody else would.
    """
    tasks: list[Task[Any]] = [
        ctx.call_sub_orchestrator(name, input=payload, instance_id=child) for child, payload in calls
    ]
    if tasks:
        # The report counts the pairs of a child that died as failed: no outcome of theirs was written.
        with suppress(TaskFailedError):
            yield when_all(tasks)
    if any(task.is_failed for task in tasks):
        yield from patiently(ctx, "recover_run", run)


def _error(result: Payload) -> dict[str, str]:
    return {"code": result["code"], "message": result["message"]}
