"""How orchestrators call activities: side by side with every failure kept apart, or one patiently. Deterministic."""

from collections.abc import Generator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from durabletask.task import OrchestrationContext, Task, TaskFailedError, when_all

from shared.workflow.policies import PATIENCE, SURPRISES

type Payload = dict[str, Any]
type Turns[T] = Generator[Task[Any], Any, T]


def side_by_side(ctx: OrchestrationContext, calls: Sequence[tuple[str, Payload]]) -> Turns[list[Payload]]:
    """The results of many activities; one that failed by surprise becomes a result with its call's own keys."""
    tasks: list[Task[Any]] = [ctx.call_activity(name, input=payload, retry_policy=SURPRISES) for name, payload in calls]
    if tasks:
        with suppress(TaskFailedError):  # each failure is told apart below
            yield when_all(tasks)
    return [_settled(task, payload) for task, (_, payload) in zip(tasks, calls, strict=True)]


def patiently(ctx: OrchestrationContext, name: str, payload: Payload) -> Turns[Payload]:
    """One activity's result; a result `later` is waited out with a durable timer and called again."""
    result: Payload = {}
    for _ in range(PATIENCE):
        results = yield from side_by_side(ctx, [(name, payload)])
        result = results[0]
        if result.get("state") != "later":
            return result
        yield ctx.create_timer(timedelta(seconds=result["retryAfter"]))
    return {**result, "state": "failed"}


def _settled(task: Task[Any], payload: Payload) -> Payload:
    if not task.is_failed:
        result: Payload = task.get_result()
        return result
    keys: Payload = {key: payload[key] for key in ("target", "source", "pair", "save") if key in payload}
    return {**keys, "state": "failed", "code": "internal", "message": failure_text(task.get_exception())}


def failure_text(error: TaskFailedError) -> str:
    """What a failed task said, redacted at its border, on one line."""
    return str(error.details.message).partition("\n")[0][:500]
