"""The one way to start, judge and remove a copy that this product owns. It never touches a blob of anybody else.

The rule for a name that is taken: ours and pending or finished is adopted, ours and failed or empty is made anew,
anything else stays as it is.
"""

from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from shared.domain.deadlines import overdue
from shared.domain.errors import Conflict, Denied, GatewayError, Throttled, Unavailable
from shared.domain.storage import BlobRef, CopyOwner, CopyStatus, VhdState
from shared.gateway.port import Gateway

CHANGED = "copy-changed"  # by somebody else, after its end
# Azure notes the end of a copy and the last change of its target for the same event: both are the same second. Should
# it ever be two, the copy only serves nobody; to call it spoilt takes a difference that no clock explains.
_SETTLING = timedelta(seconds=5)
UNAVAILABLE_WAIT = 15.0  # seconds before a call without a usable answer is tried again
_TRIES_AT_A_TAKEN_NAME = 3  # look, clear what is dead, start again: more only if somebody races us


def start(gateway: Gateway, source: SecretStr, target: BlobRef, owner: CopyOwner, source_etag: str | None) -> str:
    """Starts the copy, or adopts ours that is there. Returns `started`; Conflict `blob-not-ours` if it cannot."""
    for _ in range(_TRIES_AT_A_TAKEN_NAME):
        try:
            gateway.vhds.start_copy(source, target, owner, source_etag)
            return "started"
        except Conflict as conflict:
            if conflict.code != "blob-exists":
                raise
        if adoptable(gateway, target, owner):
            return "started"
    raise Conflict("blob-busy", f"{_place(target)} changes while it is looked at. Run again.", what=_place(target))


def adoptable(gateway: Gateway, target: BlobRef, owner: CopyOwner) -> bool:
    """Whether our own copy lies there, pending or finished. Clears one of ours that is dead; Conflict if not ours."""
    state = gateway.vhds.state(target)
    if state is None:
        return False
    if not is_ours(state, owner):
        raise Conflict(
            "blob-not-ours",
            f"{_place(target)} was not made by this factory and is never overwritten. Remove or rename it.",
            what=_place(target),
        )
    if state.copy_status in (CopyStatus.PENDING, CopyStatus.SUCCESS):
        return True
    gateway.vhds.delete(target, state.etag)
    return False


def is_ours(state: VhdState, owner: CopyOwner) -> bool:
    """Whether this factory made the blob from the same record, in this run or an earlier one."""
    made_by = state.owner
    return made_by is not None and made_by.factory == owner.factory and made_by.source == owner.source


def remove(gateway: Gateway, target: BlobRef, owner: CopyOwner) -> bool:
    """Deletes our copy, ending it first where it is pending. False when the blob is not ours; gone is success."""
    state = gateway.vhds.state(target)
    if state is None:
        return True
    if not is_ours(state, owner):
        return False
    if state.copy_status is CopyStatus.PENDING and state.copy_id:
        gateway.vhds.abort_copy(target, state.copy_id)
        state = gateway.vhds.state(target)
        if state is None:
            return True
    gateway.vhds.delete(target, state.etag)
    return True


def verdict(gateway: Gateway, target: BlobRef, state: VhdState | None, scale: float) -> dict[str, Any]:
    """What a copy is at: `copying`, `finished` or `failed` with a code, and its bytes and real seconds.

    A copy that comes too near its deadline is aborted here, before its access ends. A finished one has its ETag, with
    which it may serve others, only if nobody has written to it since its end.
    """
    if state is None:
        return {"state": "failed", "code": "copy-vanished", "message": f"{_place(target)} is gone. Run again."}
    elapsed = _elapsed(state, gateway.clock.now())
    facts = {"bytes": state.copied_bytes, "seconds": elapsed, "total": state.size_bytes}
    if state.copy_status is CopyStatus.SUCCESS:
        late = _last_written(state)
        if late is not None and late > _SETTLING:
            message = f"{_place(target)} was changed by somebody else after its copy had ended. Find out by whom."
            return {"state": "failed", "code": CHANGED, "message": message, **facts}
        return {"state": "finished", **({"etag": state.etag} if late == timedelta() else {}), **facts}
    if state.copy_status is not CopyStatus.PENDING:
        message = f"The copy to {_place(target)} ended {state.copy_status}: {state.description or 'no reason given'}."
        return {"state": "failed", "code": f"copy-{state.copy_status}", "message": message, **facts}
    if overdue(state.size_bytes, elapsed * scale):
        gateway.vhds.abort_copy(target, state.copy_id or "")
        message = f"The copy to {_place(target)} was too slow and was ended. The next run tries again."
        return {"state": "failed", "code": "copy-deadline", "message": message, **facts}
    return {"state": "copying", **facts}


def failure(error: GatewayError) -> dict[str, Any]:
    """An expected failure as activities return it: `later` with the seconds to wait, or `failed` for good."""
    facts = {"code": error.code, "message": error.message}
    if not is_put_off(error):
        return {"state": "failed", **facts}
    wait = error.retry_after if isinstance(error, Throttled) else UNAVAILABLE_WAIT
    return {"state": "later", "retryAfter": wait, **facts}


def is_put_off(end: object) -> bool:
    """Whether the end of a call is an error that a repetition may mend; a token that is late is one of them."""
    return isinstance(end, (Throttled, Unavailable)) or (isinstance(end, Denied) and end.code == "not-signed-in")


def _last_written(state: VhdState) -> timedelta | None:
    """How long after its end a copy was last written to, in the whole seconds that both times have in Azure."""
    if state.ended_at is None or state.modified_at is None:
        return None
    return max(timedelta(), state.modified_at.replace(microsecond=0) - state.ended_at.replace(microsecond=0))


def _elapsed(state: VhdState, now: datetime) -> float:
    return max(0.0, ((state.ended_at or now) - state.started_at).total_seconds())


def _place(blob: BlobRef) -> str:
    return f"{blob.account}/{blob.container}/{blob.name}"
