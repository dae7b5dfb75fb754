"""Whole regions, simulated copy by copy: the relay's orders obey the rules, end, and are near the shortest possible."""

import math
import random

import pytest

from shared.domain.region_shape import CopyOrder, RegionShape
from shared.domain.region_state import RegionState
from shared.domain.relay import next_copies
from shared.domain.tries import MAX_COPIES, MAX_CROSSINGS
from shared.domain.work import CopyNote
from tests.unit.domain.regions_in_motion import RegionInMotion, a_random_shape, a_shape

CODES = ("copy-failed", "copy-failed", "copy-deadline", "denied", "blob-not-ours", "source-changed", "source-denied")


def bound(shape: RegionShape) -> float:
    """The shortest time that any order of copies could take, if it could begin with the whole share at once."""
    total = sum(image.bytes * image.pairs for image in shape.images)
    rounds = max(math.ceil(math.log2(image.pairs + 1)) * image.bytes for image in shape.images)
    return max(total / shape.share, rounds)


def orders_of(shape: RegionShape) -> list[tuple[str, str]]:
    return [(order.target, order.source) for order in next_copies(shape, RegionState.fresh(shape))]


# What comes first


def test_image_crosses_once_to_the_hub_before_any_lab_is_served() -> None:
    assert orders_of(a_shape((10, 5, 5), (9, 5, 0))) == [("h0.0", "factory"), ("h1.0", "factory")]


def test_image_crosses_to_a_relaying_lab_where_there_is_no_hub() -> None:
    assert orders_of(a_shape((10, 5, 2), hub=False)) == [("p0", "factory")]


def test_labs_are_served_from_the_factory_where_there_is_neither_hub_nor_relaying_lab() -> None:
    assert orders_of(a_shape((10, 5, 0), hub=False, per_source=3)) == [
        ("p0", "factory"),
        ("p1", "factory"),
        ("p2", "factory"),
    ]


def test_home_region_needs_no_crossing() -> None:
    assert orders_of(a_shape((10, 2, 0), home=True)) == [("p0", "factory")]


def test_few_labs_are_served_without_replicas_and_many_with() -> None:
    assert orders_of(a_shape((10, 3, 0), home=True)) == [("p0", "factory")]
    assert orders_of(a_shape((10, 4, 0), home=True)) == [("h0.0", "factory")]


def test_relaying_labs_double_the_sources_so_no_replica_is_made() -> None:
    assert orders_of(a_shape((10, 50, 50), home=True)) == [("p0", "factory")]


def test_lone_copy_slot_makes_no_replicas() -> None:
    tally = RegionInMotion(a_shape((10, 50, 0), (10, 50, 0), home=True, share=1)).run()
    assert tally.hub_copies == 0


def test_images_come_one_after_another_when_the_share_is_the_limit() -> None:
    shape = a_shape(*[(10, 4, 0)] * 50, home=True, share=2)
    assert orders_of(shape) == [("p0", "factory"), ("p4", "factory")]


def test_image_that_would_outlast_the_others_comes_first() -> None:
    shape = a_shape((10, 1, 0), (10, 1, 0), (10, 90, 90), home=True, share=2)
    assert orders_of(shape) == [("p2", "factory"), ("p0", "factory")]


def test_lab_copy_is_read_with_the_etag_seen_when_it_was_found_finished() -> None:
    shape = a_shape((10, 2, 2), hub=False)
    state = RegionState.fresh(shape)
    state.copy_started("p0", "factory")
    state.copy_ended(CopyNote(target="p0", source="factory", state="finished"), '"tag"')
    assert next_copies(shape, state) == [CopyOrder("p1", "p0", '"tag"')]


def test_nothing_starts_over_the_share_or_after_cancelling() -> None:
    shape = a_shape((10, 50, 0), hub=False, share=2, per_source=5)
    state = RegionState.fresh(shape)
    for target, source, _ in next_copies(shape, state):
        state.copy_started(target, source)
    assert len(state.flights) == 2
    assert next_copies(shape, state) == []
    state.copy_put_off("p0")
    state.cancel()
    assert next_copies(shape, state) == []


# Whole regions

SHAPES = {
    "one lab": a_shape((10, 1, 0)),
    "one lab at home": a_shape((10, 1, 1), home=True),
    "no hub, one relaying lab": a_shape((10, 30, 1), hub=False),
    "no hub, no relaying lab": a_shape((10, 30, 0), (5, 3, 0), hub=False),
    "one copy at a time": a_shape((10, 20, 20), (9, 20, 0), share=1),
    "more images than copies": a_shape(*[(20 - i, 3, 1) for i in range(12)], share=4),
    "three readers": a_shape((10, 40, 0), (5, 40, 40), per_source=3, share=30),
}


@pytest.mark.parametrize("name", SHAPES)
def test_region_is_served_whole_with_one_crossing_of_each_image(name: str) -> None:
    shape = SHAPES[name]
    tally = RegionInMotion(shape).run()
    assert tally.counts["delivered"] == shape.pairs
    lab_by_lab = not shape.home and not shape.hub
    wanted = {
        number: image.pairs if lab_by_lab and not image.relaying else 1
        for number, image in enumerate(shape.images)
        if not shape.home
    }
    assert tally.crossings == wanted


@pytest.mark.parametrize("seed", range(200))
def test_random_regions_obey_every_rule_whatever_fails_and_end(seed: int) -> None:
    rng = random.Random(seed)
    shape = a_random_shape(rng)
    bad, rate, rush = rng.choice((0, 0, 0.1, 0.5, 1)), rng.choice((0, 0.3)), rng.random() < 0.3
    cancel_at = rng.randint(1, 12) if rush else None
    region = RegionInMotion(
        shape,
        fault=lambda _: rng.choice(CODES) if rng.random() < bad else None,
        image_fault=lambda _: rng.random() < bad / 2,
        busy=lambda: rng.random() < rate,
        image_seconds=rng.choice((0, 3, 40)),
        cancel_at=cancel_at,
    )
    tally = region.run()
    if not bad and not rush:
        assert tally.counts["delivered"] == shape.pairs
        assert not tally.failed_crossings
    if not rush:
        assert tally.counts["cancelled"] == 0


@pytest.mark.parametrize("seed", range(40))
def test_failed_copies_are_tried_again_and_no_image_crosses_twice(seed: int) -> None:
    rng = random.Random(seed)
    shape = a_random_shape(rng).model_copy(update={"hub": True})
    tries: dict[str, int] = {}

    def fails_twice_at_most(order: CopyOrder) -> str | None:
        tries[order.target] = tries.get(order.target, 0) + 1
        return "copy-failed" if tries[order.target] < MAX_COPIES and rng.random() < 0.3 else None

    tally = RegionInMotion(shape, fault=fails_twice_at_most).run()
    assert tally.counts["delivered"] == shape.pairs
    assert all(count == 1 for count in tally.crossings.values())


def test_image_whose_crossing_fails_thrice_is_hopeless_and_the_others_arrive() -> None:
    shape = a_shape((10, 7, 3), (9, 5, 0))
    tally = RegionInMotion(shape, fault=lambda order: "copy-failed" if order.target.startswith("h0") else None).run()
    assert tally.counts["failed"] == 7
    assert tally.counts["delivered"] == 5
    assert tally.failed_crossings == {0: MAX_CROSSINGS}


def test_relaying_lab_that_refuses_the_crossing_leaves_it_to_the_next() -> None:
    shape = a_shape((10, 8, 8), hub=False)
    closed = {f"p{pair}" for pair in range(5)}
    tally = RegionInMotion(shape, fault=lambda order: "denied" if order.target in closed else None).run()
    assert (tally.counts["delivered"], tally.counts["failed"]) == (3, 5)
    assert tally.crossings == {0: 1}


def test_lab_whose_copy_cannot_be_read_serves_no_more_and_the_others_still_arrive() -> None:
    shape = a_shape((10, 20, 20))
    tally = RegionInMotion(shape, fault=lambda order: "source-denied" if order.source in ("p0", "p1") else None).run()
    assert tally.counts["delivered"] == 20
    assert tally.crossings == {0: 1}


def test_lab_that_may_read_nothing_does_not_spoil_the_copy_in_the_hub() -> None:
    shape = a_shape((10, 3, 0))
    tally = RegionInMotion(shape, fault=lambda order: "source-denied" if order.target == "p0" else None).run()
    assert (tally.counts["delivered"], tally.counts["failed"]) == (2, 1)
    assert tally.crossings == {0: 1}


def test_copies_that_nobody_can_read_do_not_cross_for_ever() -> None:
    shape = a_shape((10, 8, 8), hub=False)
    tally = RegionInMotion(shape, fault=lambda order: "source-changed" if order.source != "factory" else None).run()
    assert tally.crossings == {0: MAX_CROSSINGS}
    assert (tally.counts["delivered"], tally.counts["failed"]) == (MAX_CROSSINGS, 8 - MAX_CROSSINGS)


# How near to the shortest possible time


@pytest.mark.parametrize("home", [True, False])
@pytest.mark.parametrize("labs", [1, 2, 3, 7, 8, 31, 100, 500])
def test_relaying_labs_are_served_in_the_fewest_rounds(labs: int, home: bool) -> None:
    """Every copy at once allowed: as many rounds as doubling takes, and one more for the crossing to the hub."""
    tally = RegionInMotion(a_shape((10, labs, labs), home=home, share=1000), measure_every=10).run()
    assert tally.makespan == 10 * (math.ceil(math.log2(labs + 1)) + (not home))


@pytest.mark.parametrize("labs", [4, 5, 16, 33, 100, 250, 500])
def test_hub_alone_serves_its_labs_within_one_round_of_doubling_and_the_crossing(labs: int) -> None:
    """Without relaying labs a replica serves nobody, so doubling to n labs takes ceil(log2 n) + 1 rounds."""
    tally = RegionInMotion(a_shape((10, labs, 0), share=1000), measure_every=10).run()
    assert tally.makespan == 10 * (1 + math.ceil(math.log2(labs)) + 1)


@pytest.mark.parametrize("home", [True, False])
@pytest.mark.parametrize("relaying", [0, 5, 50])
@pytest.mark.parametrize(("images", "labs", "share"), [(20, 50, 40), (10, 50, 25), (60, 50, 100), (40, 50, 10)])
def test_busy_region_takes_at_most_a_quarter_more_than_the_bound(
    images: int, labs: int, share: int, relaying: int, home: bool
) -> None:
    """The share is the limit (at least 20 rounds of it): home or hub, with relaying labs or without."""
    sizes = [(1000 - 37 * (number % 7), labs, relaying) for number in range(images)]
    shape = a_shape(*sorted(sizes, reverse=True), home=home, share=share)
    assert RegionInMotion(shape, measure_every=50).run().makespan <= 1.25 * bound(shape)


@pytest.mark.parametrize("seed", range(60))
def test_random_regions_with_relaying_labs_are_near_the_bound(seed: int) -> None:
    """Home region, every lab relays, any share: at most 1.25 x bound where copies or doubling alone are the limit.

    Between the two (the share is filled only when most is done) the ramp counts too: at most their sum.
    """
    rng = random.Random(seed)
    images = sorted((rng.randint(5, 30), pairs := rng.randint(1, 60), pairs) for _ in range(rng.randint(1, 8)))
    shape = a_shape(*reversed(images), home=True, share=rng.choice((3, 20, 1000)))
    total = sum(image.bytes * image.pairs for image in shape.images) / shape.share
    rounds = max(math.ceil(math.log2(image.pairs + 1)) * image.bytes for image in shape.images)
    makespan = RegionInMotion(shape, measure_every=10).run().makespan
    limit = 1.25 * bound(shape) if max(total, rounds) >= 4 * min(total, rounds) else total + rounds
    assert makespan <= limit


@pytest.mark.parametrize(
    "shape",
    [
        a_shape(*[(1000 - 50 * (number % 4), 500, 500) for number in range(20)]),
        a_shape(*[(1000 - 50 * (number % 4), 500, 500) for number in range(20)], hub=False),
        a_shape(*[(1000 - 100 * (number % 3), 20, 0) for number in range(500)], home=True),
    ],
    ids=["20 images, 500 relaying labs, hub", "the same, no hub", "500 images, 20 labs, home"],
)
def test_ten_thousand_pairs_stay_small_and_near_the_bound(shape: RegionShape) -> None:
    tally = RegionInMotion(shape, measure_every=40).run()
    assert tally.counts["delivered"] == 10_000
    assert tally.makespan <= 1.25 * bound(shape)
    assert tally.largest_json < 16_000
