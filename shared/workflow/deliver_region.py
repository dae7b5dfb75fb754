"""The orchestration deliver_region: serves the labs of one region. Which copy comes next is domain.relay's business.

Each pass begins copies and images, waits with a durable timer, looks at what is under way, and discards what nobody
needs any more. It continues as new at the head of a pass, never with a task outstanding.
"""

from datetime import datetime, timedelta
from typing import Any

from durabletask.task import OrchestrationContext

from shared.domain import relay
from shared.domain.region_shape import RegionShape, pair_target
from shared.domain.region_state import RegionState
from shared.domain.tries import GAVE_UP
from shared.domain.work import CopyNote, ImageNote
from shared.workflow.calling import Payload, Turns, side_by_side
from shared.workflow.policies import (
    IMAGE_CHECK,
    PATIENCE,
    STARTS_PER_PASS,
    TASKS_PER_GENERATION,
    copy_wait,
    real,
)
from shared.workflow.region_progress import RegionProgress
from shared.workflow.unseen import Unseen

_BASE = ("run", "startedAt", "region", "shape", "scale")
_GAVE_UP = "Azure asked for pauses or gave no answer too many times. The next run tries again."


def deliver_region(ctx: OrchestrationContext, payload: Payload) -> Turns[Payload | None]:
    """Delivers every pair of the region's frozen work; returns the region's counts."""
    delivery = _Delivery(ctx, payload)
    delivery.show()  # a new generation begins without one
    while not delivery.state.done:
        if delivery.tasks >= TASKS_PER_GENERATION:
            ctx.continue_as_new(delivery.to_json())
            return None
        yield from delivery.one_pass()
    return {"region": payload["region"], "counts": delivery.state.counts}


class _Delivery:
    """One generation of a region's delivery: its state, and what the current pass has learned."""

    def __init__(self, ctx: OrchestrationContext, payload: Payload) -> None:
        self.ctx = ctx
        self.base = {key: payload[key] for key in _BASE}
        self.scale: float = payload["scale"]
        self.shape = RegionShape.from_json(payload["shape"])
        kept = payload.get("kept") or {}
        self.state = RegionState.from_json(self.shape, kept["state"]) if kept else RegionState.fresh(self.shape)
        self.sequence: int = kept.get("sequence", 0)
        self.progress = RegionProgress(kept)
        self.idle: int = kept.get("idle", 0)
        self.images_due: datetime | None = datetime.fromisoformat(kept["due"]) if kept.get("due") else None
        self.remaining: float | None = kept.get("remaining")
        self.unseen = Unseen(kept.get("unseen", {}), self.scale)
        self.tasks = 0
        self._begin_pass()

    def to_json(self) -> Payload:
        """The input of the next generation."""
        kept: dict[str, Any] = {"state": self.state.to_json(), "sequence": self.sequence, **self.progress.to_json()}
        kept |= {"idle": self.idle, "remaining": self.remaining}
        kept["due"] = self.images_due.isoformat() if self.images_due else None
        if unseen := self.unseen.to_json():
            kept["unseen"] = unseen
        return {**self.base, "kept": kept}

    def one_pass(self) -> Turns[None]:
        """Begins what can begin, waits, looks, and clears away."""
        self._begin_pass()
        before = self.tasks
        yield from self._begin()
        self._note_hopeless()
        if not self.progress.measured:
            self.progress.measure(self.state, self.ctx.current_utc_datetime)
        self.show()
        yield from self._wait()
        yield from self._look()
        self.progress.measure(self.state, self.ctx.current_utc_datetime)
        yield from self._clear_away()
        if self.tasks == before:
            raise RuntimeError(f"nothing can be done in {self.base['region']}, and yet it is not done")
        self._mind_patience()
        self.show()

    def show(self) -> None:
        """Sets the custom status."""
        self.ctx.set_custom_status(self.progress.shown(self.base["region"], self.shape, self.state))

    def _begin_pass(self) -> None:
        self.copies: list[CopyNote] = []
        self.images: list[ImageNote] = []
        self.later: float | None = None
        self.moved = False

    def _begin(self) -> Turns[None]:
        orders = relay.next_copies(self.shape, self.state)
        # Half of a full pass is for images: copies that end at once must not put off every image to the end.
        pairs = self.state.staged[: max(STARTS_PER_PASS // 2, STARTS_PER_PASS - len(orders))]
        orders = orders[: STARTS_PER_PASS - len(pairs)]
        for order in orders:
            self.state.copy_started(order.target, order.source)
        for pair in pairs:
            self.state.image_begun(pair)
        calls = [
            ("copy_image", {**self._key(), "target": each.target, "source": each.source, "etag": each.source_etag})
            for each in orders
        ]
        results = yield from self._call(calls + [("create_image", {**self._key(), "pair": pair}) for pair in pairs])
        for result in results:
            self._fold_begun(result)

    def _fold_begun(self, result: Payload) -> None:
        if result["state"] == "later" and self.idle >= PATIENCE:
            result = _given_up(result)
        state = result["state"]
        if state == "later":
            self._put_off(result)
        elif state == "started":
            self.moved = True
        elif state == "creating":
            self.moved = True
            if self.images_due is None:
                self.images_due = self.ctx.current_utc_datetime + real(IMAGE_CHECK, self.scale)
        else:
            self._ended(result)
        if state == "cancelled":
            self.state.cancel()

    def _put_off(self, result: Payload) -> None:
        self.later = min(result["retryAfter"], self.later or result["retryAfter"])
        if "pair" in result:
            self.state.image_put_off(result["pair"])
        else:
            self.state.copy_put_off(result["target"])

    def _copy_ended(self, result: Payload) -> None:
        source = self.state.flights.get(result["target"], result.get("source", ""))
        facts = {key: result[key] for key in ("state", "code", "message", "bytes", "seconds") if key in result}
        note = CopyNote.from_json({"target": result["target"], "source": source, **facts})
        self.copies.append(note)
        self.state.copy_ended(note, result.get("etag"))
        self.progress.copy_finished(note.bytes if note.state == "finished" else 0)
        self.moved = True

    def _image_ended(self, result: Payload) -> None:
        facts = {key: result[key] for key in ("state", "code", "message", "seconds") if key in result}
        note = ImageNote.from_json({"pair": result["pair"], **facts})
        self.images.append(note)
        self.state.image_ended(note)
        self.moved = True

    def _note_hopeless(self) -> None:
        for note in self.state.hopeless:
            self.images.append(note)
            self.state.image_ended(note)

    def _wait(self) -> Turns[None]:
        delays = [] if self.later is None else [timedelta(seconds=self.later)]
        if self.state.flights:
            delays.append(copy_wait(self.remaining, self.scale))
        if self.state.imaging and self.images_due is not None:
            delays.append(self.images_due - self.ctx.current_utc_datetime)
        if self.idle and not delays:  # a staged copy that cannot be removed now may be removed soon
            delays.append(real(IMAGE_CHECK, self.scale))
        if delays:
            self.tasks += 1
            yield self.ctx.create_timer(max(min(delays), real(0, self.scale)))

    def _look(self) -> Turns[None]:
        calls = []
        if self.state.flights:
            calls.append(("check_copies", {**self._key(), "targets": list(self.state.flights)}))
        if self.state.imaging and self._images_are_due():
            calls.append(("check_images", {**self._key(), "pairs": list(self.state.imaging)}))
            self.images_due = self.ctx.current_utc_datetime + real(IMAGE_CHECK, self.scale)
        results = yield from self._call(calls)
        for (_, asked), result in zip(calls, results, strict=True):
            self._fold_look(asked, result)
        if not self.state.imaging:
            self.images_due = None

    def _images_are_due(self) -> bool:
        return self.images_due is None or self.ctx.current_utc_datetime >= self.images_due

    def _fold_look(self, asked: Payload, result: Payload) -> None:
        everything = [{"target": each} for each in asked.get("targets", ())]
        everything += [{"pair": each} for each in asked.get("pairs", ())]
        # A look that itself failed tells nothing of anything; one of an earlier version may call `later` an end.
        told = result.get("ended", [])
        ended = [each for each in told if each["state"] != "later"]
        blind = [*result.get("unseen", ()), *(each for each in told if each["state"] == "later")]
        self._mind_unseen(everything, blind if "ended" in result else [{**result, **each} for each in everything])
        for each in ended:
            self._ended(each)
        if "remaining" in result:
            self.remaining = result["remaining"]
            self.progress.copies_seen(result["copied"])
        if result.get("cancelled"):
            self.state.cancel()

    def _mind_unseen(self, asked: list[Payload], blind: list[Payload]) -> None:
        """Gives up what too many looks in a row told nothing of: what became of it is for the next run to find."""
        unseen = {_target_of(each): each for each in blind}
        for target in map(_target_of, asked):
            if target not in unseen:
                self.unseen.was_seen(target)
            elif self.unseen.ends_patience(target, self.ctx.current_utc_datetime):
                self._ended(_given_up(unseen[target]))

    def _ended(self, result: Payload) -> None:
        if "target" in result:
            self._copy_ended(result)
        else:
            self._image_ended(result)

    def _clear_away(self) -> Turns[None]:
        targets = self.state.disposable
        if not (targets or self.copies or self.images):
            return
        self.sequence += 1
        payload = {
            **self._key(),
            "sequence": self.sequence,
            "targets": targets,
            "copies": [note.to_json() for note in self.copies],
            "images": [note.to_json() for note in self.images],
        }
        for result in (yield from self._call([("discard_copies", payload)])):
            gone = result.get("discarded", [])
            self.state.discarded(gone)
            self.moved = self.moved or bool(gone)

    def _mind_patience(self) -> None:
        """Counts passes in which calls were put off and nothing moved; at the end of patience they count as failed."""
        if self.moved or self.state.flights or self.state.imaging:
            self.idle = 0
            return
        self.idle += 1
        if self.idle >= PATIENCE:
            self.state.discarded(self.state.disposable)

    def _call(self, calls: list[tuple[str, Payload]]) -> Turns[list[Payload]]:
        self.tasks += len(calls)
        return (yield from side_by_side(self.ctx, calls))

    def _key(self) -> Payload:
        return {key: self.base[key] for key in ("run", "startedAt", "region", "scale")}


def _target_of(result: Payload) -> str:
    target: str = result["target"] if "target" in result else pair_target(result["pair"])
    return target


def _given_up(result: Payload) -> Payload:
    return {**result, "state": "failed", "code": GAVE_UP, "message": f"{_GAVE_UP} {result.get('message', '')}"}
