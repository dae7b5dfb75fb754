"""Resource Manager's limits, on a clock that only the test moves, and on the wire."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from local.cloud.arm.errors import Refused
from local.cloud.arm.throttling import Limit, Throttle, Throttling
from local.cloud.world_errors import WorldError

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
LABS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DevTestLab/labs"
LAB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG/providers/Microsoft.DevTestLab/labs/TeamBlue"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(throttle: Throttle, method: str = "GET", subscription: str = "s", principal: str = "p") -> int:
    """Take tokens until there are none; returns how many there were."""
    count = 0
    while True:
        try:
            throttle.count(subscription, principal, method)
        except Refused:
            return count
        count += 1


@pytest.mark.parametrize(
    ("method", "burst", "each_second"),
    [("GET", 250, 25), ("PUT", 200, 10), ("POST", 200, 10), ("PATCH", 200, 10), ("DELETE", 200, 10)],
)
def test_the_limits_are_those_of_the_public_cloud(method: str, burst: int, each_second: int) -> None:
    clock = Clock()
    throttle = Throttle(Throttling(), clock=clock)
    assert taken(throttle, method) == burst
    clock.now += 1
    assert taken(throttle, method) == each_second
    clock.now += 3600
    assert taken(throttle, method) == burst


def test_subscriptions_principals_and_kinds_have_buckets_of_their_own() -> None:
    throttle = Throttle(Throttling(reads=Limit(capacity=3, per_second=1)), clock=Clock())
    assert taken(throttle) == 3
    assert taken(throttle, subscription="t") == 3
    assert taken(throttle, principal="q") == 3
    assert taken(throttle, method="DELETE") == 200


def test_tokens_flow_in_the_worlds_time() -> None:
    clock = Clock()
    throttle = Throttle(Throttling(), time_scale=2, clock=clock)
    taken(throttle)
    clock.now += 1
    assert taken(throttle) == 50


def test_a_refusal_says_when_to_come_again() -> None:
    clock = Clock()
    throttle = Throttle(Throttling(writes=Limit(capacity=1, per_second=0.25)), clock=clock)
    assert throttle.count("s", "p", "PUT") == {"x-ms-ratelimit-remaining-subscription-writes": "0"}
    with pytest.raises(Refused) as caught:
        throttle.count("s", "p", "PUT")
    assert (caught.value.status, caught.value.code) == (429, "SubscriptionRequestsThrottled")
    assert caught.value.headers["Retry-After"] == "4"
    assert "Number of 'write' requests for subscription 's' actor 'p' exceeded." in caught.value.message
    clock.now += 4
    throttle.count("s", "p", "PUT")


def test_without_limits_nothing_is_counted() -> None:
    assert Throttle(None).count("s", "p", "GET") == {}


def test_a_client_is_throttled_where_the_world_says_so(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(
        throttling={"reads": {"capacity": 2, "perSecond": 0.001}}, speeds={"timeScale": 1, "imageSeconds": 0}
    )
    first, second, third = (arm.call("GET", LABS) for _ in range(3))
    assert [first.headers["x-ms-ratelimit-remaining-subscription-reads"], second.status_code] == ["1", 200]
    assert (third.status_code, third.json()["error"]["code"]) == (429, "SubscriptionRequestsThrottled")
    assert int(third.headers["Retry-After"]) >= 900
    deleted = arm.call("DELETE", f"{LAB}/customImages/x")
    assert (deleted.status_code, deleted.headers["x-ms-ratelimit-remaining-subscription-deletes"]) == (204, "199")
    assert arm.own("GET", "ledger").json()["requests"][2]["status"] == 429


def test_a_world_without_throttling_is_not_throttled(arm: "RunningArm") -> None:
    assert {arm.call("GET", LABS).status_code for _ in range(260)} == {200}


def test_a_bad_limit_is_named(arm_with: "Callable[..., RunningArm]") -> None:
    with pytest.raises(WorldError, match=r"throttling.reads.capacity"):
        arm_with(throttling={"reads": {"capacity": 0, "perSecond": 1}})
