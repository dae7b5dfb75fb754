"""The transitions of the run gate: one run at a time, what waits for it, and what is to be started.

Pure: the entity keeps the state and starts what is to be started. Times are ISO 8601 text that is only handed through.
"""

from typing import NamedTuple, TypedDict

from shared.domain.models import Record

MAX_WAITING = 20
MAX_COVERED = 1000  # requests that one run answers: the entity's state stays far under its 1 MB


class Asked(TypedDict):
    """What the gate must know of a request; `mergeable` as RunRequest says it."""

    id: str
    mergeable: bool
    dryRun: bool


class Waiting(Record):
    """A run that waits, and the merged requests that it will answer too."""

    id: str
    mergeable: bool
    covers: tuple[str, ...] = ()


class Running(Record):
    """The run that is on its way since a moment, and the requests that it answers besides its own."""

    id: str
    since: str
    covers: tuple[str, ...] = ()


class GateState(Record):
    """The gate between two signals. Its runs wait in the order in which they start."""

    version: int = 1
    running: Running | None = None
    waiting: tuple[Waiting, ...] = ()

    def knows(self, run_id: str) -> bool:
        """Whether a request runs, waits or is answered by one that does."""
        runs = [(run.id, run.covers) for run in (self.running, *self.waiting) if run is not None]
        return any(run_id == own or run_id in covers for own, covers in runs)

    def takes(self, asked: Asked) -> bool:
        """Whether this request would start, wait or be answered now; of one that is not taken, nothing is kept."""
        if asked["dryRun"] or self.running is None or self.knows(asked["id"]):
            return True
        return self.host_of(asked) is not None or len(self.waiting) < MAX_WAITING

    def host_of(self, asked: Asked) -> int | None:
        """The waiting run that would answer this request too, by its place; None where there is no such run."""
        places = (place for place, run in enumerate(self.waiting) if run.mergeable and len(run.covers) < MAX_COVERED)
        return next(places, None) if asked["mergeable"] else None


class Start(NamedTuple):
    """Start this run; its report answers the covered requests too."""

    id: str
    covers: tuple[str, ...] = ()


Step = tuple[GateState, list[Start]]


def request(state: GateState, asked: Asked, now: str) -> Step:
    """A request arrives. One that the gate knows, or cannot take, changes nothing; a dry run starts beside the gate."""
    run_id = asked["id"]
    if asked["dryRun"]:
        return state, [Start(run_id)]
    if state.knows(run_id) or not state.takes(asked):
        return state, []
    place = state.host_of(asked)
    if place is not None:
        host = state.waiting[place]
        return _replace(state, place, host.model_copy(update={"covers": (*host.covers, run_id)})), []
    own = Waiting(id=run_id, mergeable=asked["mergeable"])
    state = state.model_copy(update={"waiting": (*state.waiting, own)})
    return _next(state, now) if state.running is None else (state, [])


def ended(state: GateState, run_id: str, now: str) -> Step:
    """A run has ended or died. Counts only for the one that runs, so a late or repeated word changes nothing."""
    if state.running is None or state.running.id != run_id:
        return state, []
    return _next(state.model_copy(update={"running": None}), now)


def cancel(state: GateState, run_id: str) -> GateState:
    """A request that waits is taken out; those that it would have answered keep its place.

    A run on its way is not the gate's to stop: it stops at its marker, and `ended` follows.
    """
    for index, run in enumerate(state.waiting):
        if run_id == run.id and run.covers:
            heir = Waiting(id=run.covers[0], mergeable=run.mergeable, covers=run.covers[1:])
            return _replace(state, index, heir)
        if run_id == run.id:
            return _replace(state, index)
        if run_id in run.covers:
            covers = tuple(each for each in run.covers if each != run_id)
            return _replace(state, index, run.model_copy(update={"covers": covers}))
    return state


def _next(state: GateState, now: str) -> Step:
    if not state.waiting:
        return state, []
    first, *rest = state.waiting
    running = Running(id=first.id, since=now, covers=first.covers)
    return state.model_copy(update={"running": running, "waiting": tuple(rest)}), [Start(first.id, first.covers)]


def _replace(state: GateState, index: int, *runs: Waiting) -> GateState:
    return state.model_copy(update={"waiting": (*state.waiting[:index], *runs, *state.waiting[index + 1 :])})
