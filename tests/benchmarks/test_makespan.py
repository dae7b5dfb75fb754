"""The model behind the measured makespan: bandwidth is shared, and what is measured cannot beat its bound."""

import pytest

from benchmarks.makespan import GIB, IMAGE_SECONDS, bound
from benchmarks.virtual_regions import RATE, Storage, deliver, delivered
from shared.domain.region_shape import ImageShape, RegionShape

SECONDS = 30 * GIB / RATE


def a_region(*, labs: int = 7, home: bool = False, hub: bool = False, relaying: int = 0) -> RegionShape:
    image = ImageShape(bytes=30 * GIB, pairs=labs, relaying=relaying)
    return RegionShape(home=home, hub=hub, share=200, per_source=1, images=(image,))


def test_two_copies_of_one_source_take_twice_as_long_and_the_last_goes_on_alone() -> None:
    storage = Storage(image_seconds=0)
    storage.copy(("a", "p0"), ("", "0"), RATE * 10)
    storage.copy(("b", "p0"), ("", "0"), RATE * 20)
    storage.advance(100)
    assert [each.ended for each in storage.flights.values()] == pytest.approx([20, 30])


@pytest.mark.parametrize("shape", [a_region(home=True), a_region(hub=True), a_region(relaying=7)])
def test_every_pair_is_delivered_and_not_sooner_than_the_bound(shape: RegionShape) -> None:
    took, (region,) = deliver([shape], IMAGE_SECONDS)
    assert delivered(region) == shape.pairs
    assert took >= bound([shape])


def test_the_bound_of_labs_that_relay_is_doubling_and_of_others_doubling_and_serving() -> None:
    assert bound([a_region(home=True, relaying=7)]) == 3 * SECONDS + IMAGE_SECONDS
    assert bound([a_region(home=True)]) == 4 * SECONDS + IMAGE_SECONDS
    assert bound([a_region(hub=True)]) == 5 * SECONDS + IMAGE_SECONDS
