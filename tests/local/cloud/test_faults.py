"""Which requests a fault meets, how often, and what it does to their answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from local.cloud.errors import WorldEntryError
from local.cloud.faults import COPY_BLOB, Fault, Faults, apply


def test_entry_of_a_world_becomes_a_fault() -> None:
    fault = Fault.from_json(
        {
            "match": {"service": "arm", "method": "PUT", "path": "/labs/", "operation": "CustomImages_CreateOrUpdate"},
            "status": 429,
            "code": "TooManyRequests",
            "retryAfter": 5,
            "times": 2,
            "after": 1,
        }
    )

    assert (fault.kind, fault.status, fault.code, fault.retry_after) == ("status", 429, "TooManyRequests", 5)
    assert (fault.service, fault.method, fault.path) == ("arm", "PUT", "/labs/")
    assert (fault.operation, fault.times, fault.after) == ("CustomImages_CreateOrUpdate", 2, 1)


def test_null_times_means_every_time() -> None:
    assert Fault.from_json({"reset": True, "times": None}).times is None


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({}, "faults"),
        ({"status": 500, "reset": True}, "faults"),
        ({"status": 200}, "status"),
        ({"status": True}, "status"),
        ({"status": "500"}, "status"),
        ({"reset": False}, "reset"),
        ({"latency": -1}, "latency"),
        ({"failCopy": 1.5}, "failCopy"),
        ({"stall": True, "times": 0}, "times"),
        ({"stall": True, "after": 0.5}, "after"),
        ({"stall": True, "color": 1}, "color"),
        ({"stall": True, "match": []}, "match"),
        ({"stall": True, "match": {"verb": "PUT"}}, "match.verb"),
        ({"stall": True, "match": {"service": "table"}}, "match.service"),
        ({"stall": True, "match": {"path": "("}}, "match.path"),
        ({"stall": True, "match": {"method": ""}}, "match.method"),
        ({"status": 500, "code": 7}, "code"),
    ],
)
def test_mistake_in_an_entry_is_named_by_its_place(entry: dict[str, Any], place: str) -> None:
    with pytest.raises(WorldEntryError) as caught:
        Fault.from_json(entry)

    assert caught.value.place == place


def test_fault_meets_only_what_it_matches() -> None:
    faults = Faults([Fault(kind="reset", service="blob", method="PUT", path=r"/lab/.*\.vhd$", operation="Put Blob")])

    assert faults.pick("queue", "PUT", "/lab/a.vhd", "Put Blob") is None
    assert faults.pick("blob", "GET", "/lab/a.vhd", "Put Blob") is None
    assert faults.pick("blob", "PUT", "/lab/a.json", "Put Blob") is None
    assert faults.pick("blob", "PUT", "/lab/a.vhd", "Put Page") is None
    assert faults.pick("blob", "PUT", "/lab/a.vhd", "Put Blob") is not None


def test_fault_lets_some_pass_and_then_meets_so_many() -> None:
    faults = Faults([Fault(kind="reset", times=2, after=1)])

    assert [faults.pick("arm", "GET", "/") is not None for _ in range(5)] == [False, True, True, False, False]


def test_second_fault_comes_when_the_first_is_used_up() -> None:
    first, second = Fault(kind="reset"), Fault(kind="lostAnswer", times=None)
    faults = Faults([first])
    faults.add(second)

    assert [faults.pick("arm", "GET", "/") for _ in range(3)] == [first, second, second]


@pytest.mark.parametrize("fault", [Fault(kind="stall"), Fault(kind="failCopy", fraction=0.5)])
def test_faults_of_copies_meet_only_the_start_of_a_copy(fault: Fault) -> None:
    faults = Faults([fault])

    assert faults.pick("blob", "PUT", "/lab/vhds/a.vhd", "Put Blob") is None
    assert faults.pick("blob", "PUT", "/lab/vhds/a.vhd", COPY_BLOB) == fault


def applied(fault: Fault | None) -> tuple[web.StreamResponse | None, bool]:
    """Apply a fault to a request; return the answer and whether the request had its effect."""
    handled = False

    async def handle() -> web.StreamResponse:
        nonlocal handled
        handled = True
        return web.Response(text="done")

    async def run() -> web.StreamResponse | None:
        request = make_mocked_request("GET", "/")
        return await apply(fault, request, handle, lambda refused: web.Response(status=refused.status))

    return asyncio.run(run()), handled


def test_without_a_fault_the_service_answers() -> None:
    answer, handled = applied(None)

    assert (answer is not None and answer.status, handled) == (200, True)


def test_status_comes_instead_of_the_effect() -> None:
    answer, handled = applied(Fault(kind="status", status=503, retry_after=4))

    assert answer is not None
    assert (answer.status, answer.headers["Retry-After"], handled) == (503, "4", False)


def test_reset_comes_before_and_lost_answer_after_the_effect() -> None:
    assert applied(Fault(kind="reset")) == (None, False)
    assert applied(Fault(kind="lostAnswer")) == (None, True)


def test_latency_answers_no_earlier_than_it_says() -> None:
    async def run() -> float:
        loop = asyncio.get_running_loop()
        begin = loop.time()

        async def handle() -> web.StreamResponse:
            return web.Response()

        fault = Fault(kind="latency", latency=0.05)
        await apply(fault, make_mocked_request("GET", "/"), handle, lambda _: web.Response())
        return loop.time() - begin

    assert asyncio.run(run()) >= 0.04


def picked(seed: int, *, times: int | None = None) -> list[bool]:
    faults = Faults([Fault(kind="reset", probability=0.3, times=times)], seed=seed)
    return [faults.pick("arm", "GET", "/") is not None for _ in range(200)]


def test_a_fault_with_a_probability_meets_some_requests_and_the_seed_says_which() -> None:
    assert picked(1) == picked(1)
    assert picked(1) != picked(2)
    assert 30 <= sum(picked(1)) <= 90
    assert sum(picked(1, times=2)) == 2


def test_what_one_fault_meets_depends_on_no_other() -> None:
    rare = Fault(kind="reset", service="blob", probability=0.3, times=None)
    alone, beside = Faults([rare], seed=5), Faults([rare, Fault(kind="reset", service="arm")], seed=5)
    seen = []
    for _ in range(50):
        beside.pick("arm", "GET", "/")
        seen.append((alone.pick("blob", "GET", "/"), beside.pick("blob", "GET", "/")))
    assert all(first == second for first, second in seen)
    assert {first is None for first, _ in seen} == {True, False}


@pytest.mark.parametrize("value", [-0.1, 1.1, "often", True])
def test_a_probability_lies_between_0_and_1(value: Any) -> None:
    with pytest.raises(WorldEntryError) as caught:
        Fault.from_json({"reset": True, "probability": value})
    assert caught.value.place == "probability"
