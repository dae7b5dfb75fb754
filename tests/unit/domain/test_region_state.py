"""The state of a region: what it makes of results, whatever their order, and how it is written."""

import json

from shared.domain.region_shape import RegionShape
from shared.domain.region_state import RegionState
from shared.domain.relay import next_copies
from shared.domain.tries import MAX_COPIES
from shared.domain.work import CopyNote, ImageNote
from tests.unit.domain.regions_in_motion import ETAG, a_shape


def with_copy(shape: RegionShape, target: str = "p0", source: str = "factory") -> RegionState:
    state = RegionState.fresh(shape)
    state.copy_started(target, source)
    return state


def finished(target: str = "p0", source: str = "factory") -> CopyNote:
    return CopyNote(target=target, source=source, state="finished")


def failed(target: str = "p0", source: str = "factory", code: str = "copy-failed") -> CopyNote:
    return CopyNote(target=target, source=source, state="failed", code=code)


def made(pair: int = 0) -> ImageNote:
    return ImageNote(pair=pair, state="delivered")


def read_again(shape: RegionShape, state: RegionState) -> RegionState:
    return RegionState.from_json(shape, json.loads(json.dumps(state.to_json())))


HOME = a_shape((10, 3, 0), home=True)
HUB = a_shape((10, 3, 0))
RELAY = a_shape((10, 3, 3), hub=False)


def test_pair_goes_from_copy_to_image_to_discarding_to_done() -> None:
    shape = a_shape((10, 1, 0), home=True)
    state = with_copy(shape)
    assert (state.flights, state.counts["copying"]) == ({"p0": "factory"}, 1)
    state.copy_ended(finished())
    assert (state.flights, state.staged, state.disposable) == ({}, [0], [])
    state.image_begun(0)
    assert (state.staged, state.imaging) == ([], [0])
    state.image_ended(made())
    assert (state.imaging, state.disposable, state.done) == ([], ["p0"], False)
    state.discarded(["p0"])
    assert (state.disposable, state.done, state.counts["delivered"]) == ([], True, 1)


def test_repeated_and_late_results_change_nothing() -> None:
    state = with_copy(HOME)
    state.copy_started("p0", "h0.0")
    assert state.flights == {"p0": "factory"}
    state.copy_ended(finished(source="h0.0"))
    assert state.flights == {"p0": "factory"}
    state.copy_ended(finished())
    state.copy_ended(failed())
    state.copy_put_off("p0")
    assert state.staged == [0]
    state.image_ended(made())
    before = state.to_json()
    state.image_ended(ImageNote(pair=0, state="failed"))
    state.image_begun(0)
    state.image_put_off(0)
    state.copy_started("p0", "factory")
    state.copy_ended(failed())
    assert state.to_json() == before
    state.image_ended(made(1))
    assert state.counts["waiting"] == 2


def test_copy_that_was_put_off_waits_again_without_counting_as_a_try() -> None:
    state = with_copy(HOME)
    for _ in range(2 * MAX_COPIES):
        state.copy_put_off("p0")
        assert (state.flights, state.counts["waiting"]) == ({}, 3)
        state.copy_started("p0", "factory")
    state.copy_ended(failed())
    assert state.counts["waiting"] == 3


def test_hub_copy_that_was_put_off_is_made_again_under_its_name() -> None:
    state = with_copy(HUB, "h0.0")
    state.copy_put_off("h0.0")
    assert [order.target for order in next_copies(HUB, state)] == ["h0.0"]


def test_failed_copy_is_tried_three_times_and_its_remains_are_discarded() -> None:
    state = RegionState.fresh(HOME)
    for _ in range(MAX_COPIES):
        assert state.counts["failed"] == 0
        state.copy_started("p0", "factory")
        state.copy_ended(failed())
    assert (state.counts["failed"], state.disposable) == (1, ["p0"])


def test_copy_that_failed_for_good_is_not_tried_again() -> None:
    for code in ("denied", "copy-deadline"):
        state = with_copy(HOME)
        state.copy_ended(failed(code=code))
        assert (state.counts["failed"], state.disposable) == (1, ["p0"])


def test_blob_of_somebody_else_is_never_named_for_discarding() -> None:
    state = with_copy(HOME)
    state.copy_ended(failed(code="blob-not-ours"))
    assert (state.counts["failed"], state.disposable) == (1, [])


def test_pair_that_failed_before_comes_after_the_others() -> None:
    state = with_copy(HOME)
    state.copy_ended(failed())
    assert [order.target for order in next_copies(HOME, state)] == ["p1"]


def test_image_that_was_put_off_is_ready_to_be_made_again() -> None:
    state = with_copy(HOME)
    state.copy_ended(finished())
    state.image_begun(0)
    state.image_put_off(0)
    assert (state.staged, state.imaging) == ([0], [])


def test_image_that_is_refused_at_once_ends_and_its_copy_goes() -> None:
    state = with_copy(HOME)
    state.copy_ended(finished())
    state.image_ended(ImageNote(pair=0, state="failed", code="name-taken"))
    assert (state.counts["failed"], state.disposable) == (1, ["p0"])


def test_hub_copy_stays_while_a_lab_waits_for_its_copy() -> None:
    state = with_copy(a_shape((10, 1, 0)), "h0.0")
    state.copy_ended(finished("h0.0"))
    assert state.disposable == []
    state.copy_started("p0", "h0.0")
    assert state.disposable == []
    state.copy_ended(finished("p0", "h0.0"))
    assert state.disposable == ["h0.0"]


def test_lab_copy_stays_for_its_readers_after_its_own_image_is_made() -> None:
    shape = a_shape((10, 2, 1), hub=False)
    state = with_copy(shape)
    state.copy_ended(finished(), ETAG)
    state.image_ended(made())
    assert state.disposable == []
    state.copy_started("p1", "p0")
    assert state.disposable == []
    state.copy_ended(finished("p1", "p0"), ETAG)
    assert state.disposable == ["p0"]


def test_lab_copy_whose_image_is_being_made_is_kept() -> None:
    state = with_copy(a_shape((10, 1, 0)), "p0")
    state.copy_ended(finished())
    state.image_begun(0)
    assert state.disposable == []


def test_only_relaying_labs_whose_etag_is_known_serve_others() -> None:
    for shape, etag in ((a_shape((10, 3, 0), hub=False), ETAG), (RELAY, None)):
        state = with_copy(shape)
        state.copy_ended(finished(), etag)
        assert state.holders(0) == []


def test_no_more_lab_copies_are_kept_for_others_than_can_be_busy() -> None:
    shape = a_shape((10, 100, 100), share=4, home=True)
    state = RegionState.fresh(shape)
    for pair in range(20):
        state.copy_started(f"p{pair}", "factory")
        state.copy_ended(finished(f"p{pair}"), ETAG)
    assert state.holders(0) == ["p0", "p1", "p2", "p3"]


def test_source_that_changed_is_read_no_more_and_may_be_discarded() -> None:
    state = with_copy(RELAY)
    state.copy_ended(finished(), ETAG)
    state.copy_started("p1", "p0")
    state.copy_ended(failed("p1", "p0", "source-changed"))
    assert state.holders(0) == []
    state.image_ended(made())
    assert state.disposable == ["p0"]


def test_changed_hub_copy_is_replaced_under_another_name() -> None:
    state = with_copy(HUB, "h0.0")
    state.copy_ended(finished("h0.0"))
    state.copy_started("p0", "h0.0")
    state.copy_ended(failed("p0", "h0.0", "source-not-found"))
    assert state.disposable == ["h0.0"]
    state.discarded(["h0.0"])
    assert [order.target for order in next_copies(HUB, state)] == ["h0.1"]


def test_crossing_that_failed_for_good_leaves_its_pairs_hopeless_with_a_remedy() -> None:
    state = with_copy(HUB, "h0.0")
    state.copy_ended(failed("h0.0", code="denied"))
    notes = state.hopeless
    assert [(note.pair, note.state, note.code) for note in notes] == [
        (pair, "failed", "crossing-failed") for pair in range(3)
    ]
    assert notes[0].message
    assert "next run" in notes[0].message
    for note in notes:
        state.image_ended(note)
    assert (state.hopeless, state.disposable, state.counts["failed"]) == ([], ["h0.0"], 3)


def test_home_region_is_never_hopeless() -> None:
    state = with_copy(HOME, "h0.0")
    state.copy_ended(failed("h0.0", code="denied"))
    assert state.hopeless == []
    assert next_copies(HOME, state)


def test_cancelling_ends_what_waits_and_lets_the_rest_end() -> None:
    shape = a_shape((10, 5, 0), home=True, per_source=9)
    state = RegionState.fresh(shape)
    for pair in range(4):
        state.copy_started(f"p{pair}", "factory")
    for pair in (1, 2, 3):
        state.copy_ended(finished(f"p{pair}"))
    state.image_begun(2)
    state.image_begun(3)
    state.cancel()
    assert (state.counts["cancelled"], state.staged, state.imaging) == (2, [], [2, 3])
    assert (state.disposable, state.done) == (["p1"], False)
    state.copy_started("p4", "factory")
    assert state.flights == {"p0": "factory"}
    state.copy_ended(finished())
    state.image_put_off(3)
    state.image_ended(made(2))
    assert state.counts == {**dict.fromkeys(state.counts, 0), "delivered": 1, "cancelled": 4}
    state.discarded(state.disposable)
    assert state.done


def test_copy_that_never_began_when_the_run_was_cancelled_is_discarded_to_be_safe() -> None:
    state = with_copy(HOME)
    state.cancel()
    state.copy_put_off("p0")
    assert (state.counts["cancelled"], state.disposable) == (3, ["p0"])


def test_state_is_the_same_after_a_round_trip() -> None:
    shape = a_shape((10, 30, 10), (5, 3, 0))
    state = with_copy(shape, "h0.0")
    state.copy_ended(finished("h0.0"))
    state.copy_started("p0", "h0.0")
    state.copy_ended(finished("p0", "h0.0"), ETAG)
    state.copy_started("h1.0", "factory")
    state.copy_ended(failed("h1.0"))
    state.copy_started("p1", "p0")
    again = read_again(shape, state)
    assert again.to_json() == state.to_json()
    assert next_copies(shape, again) == next_copies(shape, state)
    state.cancel()
    assert read_again(shape, state).cancelled


def test_json_shortens_equal_pairs_and_nothing_else() -> None:
    shape = a_shape((10, 10_000, 0), home=True)
    state = RegionState.fresh(shape)
    assert state.to_json()["pairs"] == "10000w"
    state.copy_started("p2", "factory")
    assert state.to_json()["pairs"] == "wwc9997w"
    assert read_again(shape, state).counts == state.counts


def test_bytes_to_copy_count_each_lab_the_crossing_and_every_hub_copy() -> None:
    assert RegionState.fresh(HOME).bytes_to_copy == 30
    assert RegionState.fresh(HUB).bytes_to_copy == 40
    assert RegionState.fresh(RELAY).bytes_to_copy == 30
    state = with_copy(HUB, "h0.0")
    state.copy_ended(finished("h0.0"))
    state.copy_started("h0.1", "h0.0")
    assert state.bytes_to_copy == 50
