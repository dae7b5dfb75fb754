"""The orchestration save_image: one VM to a VHD with its record. Its access is released however it ends."""

from typing import Any

from durabletask.task import OrchestrationContext

from shared.workflow.calling import Payload, Turns, patiently
from shared.workflow.policies import CHECKS_PER_GENERATION, copy_wait

_NOTE = ("state", "code", "message", "bytes", "seconds")


def save_image(ctx: OrchestrationContext, payload: Payload) -> Turns[Payload | None]:
    """Saves the VM that `payload["save"]` indexes in the plan; returns what became of it."""
    base = {key: payload[key] for key in ("run", "startedAt", "save", "scale")}
    if payload.get("copying"):
        found: Payload = {"state": "copying", **payload["copying"]}
    else:
        ctx.set_custom_status({"state": "copying"})
        found = yield from patiently(ctx, "start_export", base)
    checks = 0
    while found["state"] == "copying":
        if checks >= CHECKS_PER_GENERATION:
            ctx.continue_as_new({**base, "copying": {"remaining": found.get("remaining")}})
            return None
        yield ctx.create_timer(copy_wait(found.get("remaining"), base["scale"]))
        found = yield from patiently(ctx, "check_export", base)
        ctx.set_custom_status(_progress(found))
        checks += 1
    return (yield from _ended(ctx, base, found))


def _ended(ctx: OrchestrationContext, base: Payload, found: Payload) -> Turns[Payload]:
    if found["state"] == "finished":
        recorded = yield from patiently(ctx, "record_image", base)
        found = {**found, **recorded}
    note = {"save": base["save"], **{key: found[key] for key in _NOTE if key in found}}
    released = yield from patiently(ctx, "release_disk", {**base, "note": note})
    ctx.set_custom_status(_progress(found))
    return {**note, "released": released["state"] == "released"}


def _progress(found: Payload) -> dict[str, Any]:
    sizes = {"copied": found.get("bytes", 0), "total": found.get("total", 0)}
    # Until its record is written, a VHD that is whole is not saved.
    return {
        "state": "copying" if found["state"] == "finished" else found["state"],
        "bytes": sizes,
        "rate": _rate(found),
    }


def _rate(found: Payload) -> int:
    seconds = found.get("seconds", 0)
    return round(found.get("bytes", 0) / seconds) if seconds and found["state"] == "copying" else 0
