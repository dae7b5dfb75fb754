"""How long a copy may take and when it is looked at again."""

from shared.domain.deadlines import copy_deadline, overdue, remaining

HOUR = 3600
MIB = 1024 * 1024


def test_a_small_copy_may_take_six_hours() -> None:
    assert copy_deadline(MIB) == 6 * HOUR


def test_a_big_copy_may_take_two_hours_and_its_time_at_five_mib_a_second() -> None:
    assert copy_deadline(127 * 1024 * MIB) == 2 * HOUR + 127 * 1024 // 5


def test_no_copy_may_outlive_its_delegation_key() -> None:
    assert copy_deadline(8 * 1024 * 1024 * MIB) == 6 * 24 * HOUR


def test_a_copy_is_overdue_a_quarter_of_an_hour_before_its_deadline() -> None:
    assert not overdue(MIB, 6 * HOUR - 15 * 60 - 1)
    assert overdue(MIB, 6 * HOUR - 15 * 60)


def test_the_end_is_predicted_from_the_rate_so_far() -> None:
    assert remaining(25, 100, 10) == 30
    assert remaining(100, 100, 10) == 0


def test_nothing_is_predicted_before_the_first_byte() -> None:
    assert remaining(0, 100, 10) is None
    assert remaining(10, 100, 0) is None
