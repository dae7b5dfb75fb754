"""The sharing of a source's bandwidth, on a clock that only the test moves."""

from __future__ import annotations

import asyncio

import pytest

from local.cloud.storage.bandwidth import Account, Bandwidth, Readers, Reading


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_one_reader_has_the_whole_rate() -> None:
    clock = Clock()
    readers, reading = Readers(clock), Reading(total=600, rate=60)
    readers.join(reading)

    assert readers.seconds_left(reading) == pytest.approx(10)
    clock.now += 4
    assert readers.seconds_left(reading) == pytest.approx(6)
    assert reading.done == pytest.approx(240)


def test_two_readers_have_half_each_and_the_last_one_has_all_again() -> None:
    clock = Clock()
    readers, first, second = Readers(clock), Reading(total=600, rate=60), Reading(total=600, rate=60)
    readers.join(first)
    clock.now += 5
    readers.join(second)

    assert readers.seconds_left(first) == pytest.approx(10)
    clock.now += 10
    assert readers.seconds_left(first) == 0
    readers.leave(first)
    assert second.done == pytest.approx(300)
    assert readers.seconds_left(second) == pytest.approx(5)


def test_reader_in_another_region_has_its_share_of_the_lower_rate() -> None:
    clock = Clock()
    readers, near, far = Readers(clock), Reading(total=600, rate=60), Reading(total=600, rate=20)
    readers.join(near)
    readers.join(far)

    clock.now += 10

    assert readers.seconds_left(far) == pytest.approx(50)
    assert near.done == pytest.approx(300)
    assert far.done == pytest.approx(100)


def test_nobody_reads_more_than_there_is() -> None:
    clock = Clock()
    readers, reading = Readers(clock), Reading(total=10, rate=60)
    readers.join(reading)

    clock.now += 3600

    assert readers.seconds_left(reading) == 0
    assert reading.done == 10


def test_waiting_reader_is_told_when_another_leaves() -> None:
    async def race() -> None:
        bandwidth, slow, fast = Bandwidth(), Reading(total=1e9, rate=1), Reading(total=1, rate=1e9)
        waiting = asyncio.create_task(bandwidth.transfer("image", slow))
        await bandwidth.transfer("image", fast)
        assert not waiting.done()
        # Only an announced change makes it look again: by its own reckoning it would wait for years.
        slow.total = 0
        await asyncio.create_task(bandwidth.transfer("image", Reading(total=1, rate=1e9)))
        await waiting

    asyncio.run(race())


def test_cancelled_reader_frees_its_share() -> None:
    async def cancel() -> int:
        bandwidth, reading = Bandwidth(), Reading(total=1e9, rate=1)
        waiting = asyncio.create_task(bandwidth.transfer("image", reading))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        fast = Reading(total=1000, rate=1e9)
        await bandwidth.transfer("image", fast)
        return bandwidth.progress("image", fast)

    assert asyncio.run(cancel()) == 1000


def test_blobs_of_one_account_are_slowed_alike_where_together_they_are_too_fast() -> None:
    clock = Clock()
    account = Account(limit=90)
    first, second = Readers(clock, account), Readers(clock, account)
    account.blobs = {"/a/c/1": first, "/a/c/2": second}
    one, two = Reading(total=600, rate=60), Reading(total=600, rate=60)
    first.join(one)
    assert first.seconds_left(one) == pytest.approx(10)
    changed = first.changed
    second.join(two)

    assert changed.is_set()
    assert first.seconds_left(one) == pytest.approx(600 / 45)
    clock.now += 4
    assert second.seconds_left(two) == pytest.approx((600 - 180) / 45)
    second.leave(two)
    assert two.done == pytest.approx(180)
    assert first.seconds_left(one) == pytest.approx((600 - 180) / 60)


def test_an_account_below_its_limit_slows_nothing_and_wakes_nobody() -> None:
    clock = Clock()
    account = Account(limit=200)
    first, second = Readers(clock, account), Readers(clock, account)
    account.blobs = {"/a/c/1": first, "/a/c/2": second}
    one, two = Reading(total=600, rate=60), Reading(total=600, rate=60)
    first.join(one)
    changed = first.changed
    second.join(two)

    assert not changed.is_set()
    assert first.seconds_left(one) == second.seconds_left(two) == pytest.approx(10)


def test_accounts_do_not_slow_each_other() -> None:
    async def read_until_the_other_account_is_read() -> int:
        bandwidth = Bandwidth(account_limit=1e9)
        crowded = {source: Reading(total=1e9, rate=1e9) for source in ("/a/c/1", "/a/c/2")}
        async with asyncio.TaskGroup() as tasks:
            going = [tasks.create_task(bandwidth.transfer(*each)) for each in crowded.items()]
            await bandwidth.transfer("/b/c/1", Reading(total=2e8, rate=1e9))
            read = sum(bandwidth.progress(*each) for each in crowded.items())
            for task in going:
                task.cancel()
        return read

    # Both together read about as much as the one alone; with no limit it would be twice as much.
    assert 0 < asyncio.run(read_until_the_other_account_is_read()) < 1.5 * 2e8
