"""The transitions of the run gate: one run at a time, what waits for it, and what is to be done about it.

Pure: the entity keeps the state and carries out the effects. Times are ISO 8601 text that is only handed through.
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

    @property
    def full(self) -> bool:
        """Whether no further request can wait."""
        return len(self.waiting) >= MAX_WAITING

    def knows(self, run_id: str) -> bool:
        """Whether a request runs, waits or is answered by one that does."""
        runs = [(run.id, run.covers) for run in (self.running, *self.waiting) if run is not None]
        return any(run_id == own or run_id in covers for own, covers in runs)


class Start(NamedTuple):
    """Start this run; its report answers the covered requests too."""

    id: str
    covers: tuple[str, ...] = ()


class Waits(NamedTuple):
    """This request waits for its own turn."""

    id: str


class Merged(NamedTuple):
    """This request is answered by the run `into`, which waits."""

    id: str
    into: str


class Full(NamedTuple):
    """This request cannot wait: too many do. Nothing of it is kept."""

    id: str


class Cancelled(NamedTuple):
    """This request waited and will not be run."""

    id: str


Effect = Start | Waits | Merged | Full | Cancelled
Step = tuple[GateState, list[Effect]]


def request(state: GateState, asked: Asked, now: str) -> Step:
    """A request arrives. One that the gate knows already changes nothing; a dry run starts beside the gate."""
    run_id = asked["id"]
    if asked["dryRun"]:
        return state, [Start(run_id)]
    if state.knows(run_id):
        return state, []
    if state.running is None:
        return _next(state.model_copy(update={"waiting": (*state.waiting, _waiting(asked))}), now)
    if asked["mergeable"]:
        for index, other in enumerate(state.waiting):
            if other.mergeable:
                return _merge(state, index, run_id)
    if len(state.waiting) >= MAX_WAITING:
        return state, [Full(run_id)]
    return state.model_copy(update={"waiting": (*state.waiting, _waiting(asked))}), [Waits(run_id)]


def ended(state: GateState, run_id: str, now: str) -> Step:
    """A run has ended or died. Counts only for the one that runs, so a late or repeated word changes nothing."""
    if state.running is None or state.running.id != run_id:
        return state, []
    return _next(state.model_copy(update={"running": None}), now)


def cancel(state: GateState, run_id: str) -> Step:
    """A request that waits is taken out; those that it would have answered keep its place.

    A run on its way is not the gate's to stop: it stops at its marker, and `ended` follows.
    """
    for index, run in enumerate(state.waiting):
        if run_id == run.id and run.covers:
            heir = Waiting(id=run.covers[0], mergeable=run.mergeable, covers=run.covers[1:])
            effects: list[Effect] = [Cancelled(run_id), Waits(heir.id)]
            return _replace(state, index, heir), [*effects, *(Merged(each, heir.id) for each in heir.covers)]
        if run_id == run.id:
            return _replace(state, index), [Cancelled(run_id)]
        if run_id in run.covers:
            covers = tuple(each for each in run.covers if each != run_id)
            return _replace(state, index, run.model_copy(update={"covers": covers})), [Cancelled(run_id)]
    return state, []


def _waiting(asked: Asked) -> Waiting:
    return Waiting(id=asked["id"], mergeable=asked["mergeable"])


def _next(state: GateState, now: str) -> Step:
    if not state.waiting:
        return state, []
    first, *rest = state.waiting
    running = Running(id=first.id, since=now, covers=first.covers)
    return state.model_copy(update={"running": running, "waiting": tuple(rest)}), [Start(first.id, first.covers)]


def _merge(state: GateState, index: int, run_id: str) -> Step:
    run = state.waiting[index]
    if len(run.covers) >= MAX_COVERED:
        return state, [Full(run_id)]
    return _replace(state, index, run.model_copy(update={"covers": (*run.covers, run_id)})), [Merged(run_id, run.id)]


def _replace(state: GateState, index: int, *runs: Waiting) -> GateState:
    return state.model_copy(update={"waiting": (*state.waiting[:index], *runs, *state.waiting[index + 1 :])})
