"""Moments as Resource Manager writes them."""

from datetime import datetime

import pytest

from local.cloud.arm.times import ticks, written


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2024-09-09T10:13:00+00:00", "2024-09-09T10:13:00+00:00"),
        ("2024-09-09T10:13:00.512474+00:00", "2024-09-09T10:13:00.5124744+00:00"),
        ("2024-09-09T10:13:00.500000+02:00", "2024-09-09T08:13:00.5+00:00"),
    ],
)
def test_fractions_have_seven_digits_without_trailing_zeros(moment: str, text: str) -> None:
    assert written(datetime.fromisoformat(moment)) == text


def test_ticks_count_from_the_year_one() -> None:
    assert 638_000_000_000_000_000 < ticks() < 700_000_000_000_000_000
