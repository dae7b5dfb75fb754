"""The run gate: one run at a time, nothing lost, whatever the order of requests, ends, deaths and repeats."""

import random
from collections.abc import Sequence

from shared.domain.gate import (
    MAX_COVERED,
    MAX_WAITING,
    Asked,
    GateState,
    Start,
    cancel,
    ended,
    request,
)

NOW = "2026-11-23T03:00:00Z"


def asked(run_id: str, *, mergeable: bool = True, dry_run: bool = False) -> Asked:
    return {"id": run_id, "mergeable": mergeable and not dry_run, "dryRun": dry_run}


def after(*requests: Asked) -> GateState:
    state = GateState()
    for each in requests:
        state, _ = request(state, each, NOW)
    return state


def waiting(state: GateState) -> list[tuple[str, tuple[str, ...]]]:
    return [(run.id, run.covers) for run in state.waiting]


def test_first_request_starts_at_once() -> None:
    state, starts = request(GateState(), asked("a"), NOW)
    assert starts == [Start("a")]
    assert state.running is not None
    assert (state.running.id, state.running.since) == ("a", NOW)


def test_requests_for_the_stored_configuration_merge_into_the_one_that_waits() -> None:
    state = after(asked("a"), asked("b"))
    state, starts = request(state, asked("c"), NOW)
    assert (waiting(state), starts) == ([("b", ("c",))], [])
    assert ended(state, "a", NOW)[1] == [Start("b", ("c",))]


def test_request_never_merges_into_the_run_on_its_way_which_may_have_read_the_old_file() -> None:
    state, starts = request(after(asked("a")), asked("b"), NOW)
    assert (waiting(state), starts) == ([("b", ())], [])


def test_inline_and_narrowed_requests_keep_their_own_place() -> None:
    state = after(asked("a"), asked("x", mergeable=False), asked("b"), asked("y", mergeable=False), asked("c"))
    assert waiting(state) == [("x", ()), ("b", ("c",)), ("y", ())]


def test_dry_run_starts_beside_the_gate_and_its_end_means_nothing_to_it() -> None:
    before = after(asked("a"))
    state, effects = request(before, asked("d", dry_run=True), NOW)
    assert (state, effects) == (before, [Start("d")])
    assert ended(state, "d", NOW) == (state, [])


def test_known_request_changes_nothing() -> None:
    state = after(asked("a"), asked("b"), asked("c"))
    for run_id in ("a", "b", "c"):
        assert request(state, asked(run_id), NOW) == (state, [])
    running, _ = ended(state, "a", NOW)
    assert request(running, asked("c"), NOW) == (running, [])


def test_at_most_twenty_wait_and_a_mergeable_one_still_merges() -> None:
    own = [asked(f"x{number}", mergeable=False) for number in range(MAX_WAITING - 1)]
    state = after(asked("a"), *own, asked("b"))
    assert not state.takes(asked("y", mergeable=False))
    assert request(state, asked("y", mergeable=False), NOW) == (state, [])
    assert state.takes(asked("c"))
    assert waiting(request(state, asked("c"), NOW)[0])[-1] == ("b", ("c",))


def test_dry_run_and_known_request_need_no_place_in_a_full_gate() -> None:
    own = [asked(f"x{number}", mergeable=False) for number in range(MAX_WAITING)]
    state = after(asked("a"), *own)
    assert not state.takes(asked("b"))
    assert state.takes(asked("d", dry_run=True))
    assert all(state.takes(each) for each in (asked("a"), own[0]))


def test_one_run_answers_a_bounded_number_of_requests_and_then_the_next_waits_for_itself() -> None:
    state = after(asked("a"), asked("b"), *(asked(f"m{number}") for number in range(MAX_COVERED)))
    state, _ = request(state, asked("one more"), NOW)
    assert [run for run, _ in waiting(state)] == ["b", "one more"]


def test_end_counts_only_for_the_run_on_its_way() -> None:
    state = after(asked("a"), asked("b"))
    assert ended(state, "b", NOW) == (state, [])
    assert ended(GateState(), "a", NOW) == (GateState(), [])
    state, _ = ended(state, "a", NOW)
    assert ended(state, "a", NOW) == (state, [])


def test_cancelling_a_waiting_request_leaves_the_others() -> None:
    state = cancel(after(asked("a"), asked("b"), asked("x", mergeable=False)), "b")
    assert waiting(state) == [("x", ())]


def test_cancelling_a_request_that_others_merged_into_keeps_them_in_its_place() -> None:
    state = cancel(after(asked("a"), asked("b"), asked("c"), asked("d"), asked("x", mergeable=False)), "b")
    assert waiting(state) == [("c", ("d",)), ("x", ())]
    assert waiting(request(state, asked("e"), NOW)[0])[0] == ("c", ("d", "e"))


def test_cancelling_a_merged_request_takes_out_that_one_alone() -> None:
    assert waiting(cancel(after(asked("a"), asked("b"), asked("c"), asked("d")), "c")) == [("b", ("d",))]


def test_cancelling_a_run_on_its_way_or_an_unknown_one_is_not_the_gates_business() -> None:
    state = after(asked("a"), asked("b"))
    assert cancel(state, "a") == state
    assert cancel(state, "unknown") == state


def test_state_survives_json() -> None:
    state = after(asked("a"), asked("b"), asked("c"), asked("x", mergeable=False))
    assert GateState.from_json(state.to_json()) == state


class World:
    """Requests, runs and the watch around one gate; signals may come twice or late, and runs may die unseen."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.state = GateState()
        self.alive: list[str] = []  # runs that the engine runs now, dry ones apart
        self.dead: list[str] = []  # died without a word; the watch has not looked yet
        self.answered: set[str] = set()
        self.pending: list[Asked] = []
        self.covers: dict[str, Sequence[str]] = {}
        self.asked: list[Asked] = []

    def step(self) -> None:
        action = self.rng.choice((self.ask, self.ask, self.ask_again, self.end, self.die, self.watch, self.cancel))
        action()
        self.check()

    def ask(self) -> None:
        kind = self.rng.random()
        one = asked(f"r{len(self.asked)}", mergeable=kind < 0.6, dry_run=kind > 0.9)
        self.asked.append(one)
        self.pending.append(one)
        if self.rng.random() < 0.9:  # else the signal is lost, and the watch sends it again
            self.signal(one)

    def ask_again(self) -> None:
        open_requests = [each for each in self.asked if each["id"] not in self.answered and not each["dryRun"]]
        if open_requests:
            self.signal(self.rng.choice(open_requests))

    def signal(self, one: Asked) -> None:
        if not self.state.takes(one):
            self.answered.add(one["id"])  # with `queue-full`
        self.fold(request(self.state, one, NOW))

    def end(self) -> None:
        for run in self.alive:
            self.alive.remove(run)
            self.finish(run)
            break

    def finish(self, run: str) -> None:
        self.answered.update((run, *self.covers[run]))
        for _ in range(self.rng.randint(1, 2)):
            self.fold(ended(self.state, run, NOW))

    def die(self) -> None:
        if self.alive:
            self.dead.append(self.alive.pop())

    def watch(self) -> None:
        while self.dead:
            self.finish(self.dead.pop())
        for each in self.pending:
            if each["id"] not in self.answered and not self.state.knows(each["id"]):
                self.signal(each)

    def cancel(self) -> None:
        if self.asked:
            chosen = self.rng.choice(self.asked)["id"]
            knew = self.state.knows(chosen)
            self.fold((cancel(self.state, chosen), []))
            if knew and not self.state.knows(chosen):
                self.answered.add(chosen)

    def fold(self, step: tuple[GateState, list[Start]]) -> None:
        state, starts = step
        self.state = GateState.from_json(state.to_json())
        for run in starts:
            if self.is_dry(run.id):
                self.answered.add(run.id)
                continue
            assert run.id not in self.covers, "an id was started twice"
            self.alive.append(run.id)
            self.covers[run.id] = run.covers

    def is_dry(self, run_id: str) -> bool:
        return any(each["id"] == run_id and each["dryRun"] for each in self.asked)

    def check(self) -> None:
        assert len(self.alive) + len(self.dead) <= 1, "two runs at once"
        assert len(self.state.waiting) <= MAX_WAITING
        if self.state.waiting:
            assert self.state.running is not None, "waiting before a free gate"

    def settle(self) -> None:
        for _ in range(5 * MAX_WAITING):
            self.watch()
            self.end()


def test_twenty_thousand_random_interleavings_never_run_two_and_lose_nothing() -> None:
    for seed in range(20_000):
        world = World(random.Random(seed))
        for _ in range(world.rng.randint(1, 12)):
            world.step()
        world.settle()
        assert {each["id"] for each in world.asked} == world.answered, f"seed {seed}"


def test_long_interleavings_fill_the_gate_and_lose_nothing() -> None:
    for seed in range(20):
        world = World(random.Random(seed))
        for _ in range(200):
            world.ask()
            world.check()
        assert len(world.state.waiting) == MAX_WAITING
        for _ in range(400):
            world.step()
        world.settle()
        assert {each["id"] for each in world.asked} == world.answered, f"seed {seed}"
