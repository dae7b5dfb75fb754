"""The speeds of a world and real time."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloud.errors import WorldEntryError
from local.cloud.speeds import Speeds


def test_speeds_are_read_by_the_keys_of_a_world_file() -> None:
    speeds = Speeds.from_json(
        {"timeScale": 10, "copyMiBPerSecond": 30, "crossRegionMiBPerSecond": 5, "grantSeconds": 0}
    )

    assert speeds == Speeds(time_scale=10, copy_mib_per_second=30, cross_region_mib_per_second=5, grant_seconds=0)


def test_time_scale_shortens_waits_and_widens_bandwidth() -> None:
    speeds = Speeds(time_scale=100, copy_mib_per_second=60, cross_region_mib_per_second=20)

    assert speeds.real(90) == pytest.approx(0.9)
    assert speeds.bytes_per_second(crossing=False) == pytest.approx(6000 * 1024 * 1024)
    assert speeds.bytes_per_second(crossing=True) == pytest.approx(2000 * 1024 * 1024)


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"timescale": 1}, "timescale"),
        ({"timeScale": 0}, "timeScale"),
        ({"timeScale": True}, "timeScale"),
        ({"copyMiBPerSecond": "60"}, "copyMiBPerSecond"),
        ({"imageSeconds": -1}, "imageSeconds"),
        ({"imageSeconds": float("inf")}, "imageSeconds"),
    ],
)
def test_mistake_in_the_speeds_is_named_by_its_key(entry: dict[str, Any], place: str) -> None:
    with pytest.raises(WorldEntryError) as caught:
        Speeds.from_json(entry)

    assert caught.value.place == place
