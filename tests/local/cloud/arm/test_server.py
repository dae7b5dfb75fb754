"""What every call to Resource Manager must have, and what happens to those that have it not."""

from typing import TYPE_CHECKING

import pytest
import requests

from local.cloud.faults import Fault
from local.cloud.tokens import access_token

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
LABS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DevTestLab/labs"


def test_a_call_without_a_version_is_refused(arm: "RunningArm") -> None:
    answer = arm.call("GET", f"{LABS}?other=1")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


def test_any_version_is_accepted_and_its_key_in_any_case(arm: "RunningArm") -> None:
    assert arm.call("GET", f"{LABS}?API-Version=2099-01-01").status_code == 200


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "AuthenticationFailed"),
        ("Basic x", "AuthenticationFailed"),
        ("Bearer nonsense", "InvalidAuthenticationToken"),
        ("Bearer a.b.c", "InvalidAuthenticationToken"),
        ("Bearer a.W10.c", "InvalidAuthenticationToken"),
        ("Bearer a.eyJleHAiOjF9.c", "ExpiredAuthenticationToken"),
        (f"Bearer {access_token('https://storage.azure.com/')}", "InvalidAuthenticationTokenAudience"),
    ],
)
def test_a_call_without_a_good_token_is_refused(arm: "RunningArm", authorization: str, code: str) -> None:
    answer = arm.call("GET", LABS, headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", f"{LABS}x", "GET Microsoft.DevTestLab/labsx"),
        ("POST", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.DevTestLab/labs/l/claimAnyVm",
         "POST Microsoft.DevTestLab/labs/claimAnyVm"),
        ("DELETE", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.DevTestLab/labs/l",
         "DELETE Microsoft.DevTestLab/labs/{name}"),
        ("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups", "GET subscriptions/resourceGroups"),
    ],
)  # fmt: skip
def test_what_is_not_emulated_is_named(arm: "RunningArm", method: str, path: str, name: str) -> None:
    answer = arm.call(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (501, "NotEmulated")
    assert name in answer.json()["error"]["message"]


def test_subscriptions_are_listed(arm: "RunningArm") -> None:
    listed = arm.call("GET", "/subscriptions").json()["value"]
    assert [one["subscriptionId"] for one in listed] == [SUBSCRIPTION, "c3d2e8b4-90a6-4c57-8b1d-5e7f4a9d2c02"]
    assert arm.call("GET", f"/subscriptions/{SUBSCRIPTION.upper()}").json() == listed[0]


def test_an_unknown_subscription_or_group_is_a_404(arm: "RunningArm") -> None:
    missing = arm.call("GET", LABS.replace("7a1f", "0000"))
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "SubscriptionNotFound")
    group = arm.call("GET", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/none/providers/Microsoft.DevTestLab/labs")
    assert (group.status_code, group.json()["error"]["code"]) == (404, "ResourceGroupNotFound")


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_foreign_pages_are_refused(arm: "RunningArm", headers: dict[str, str]) -> None:
    assert arm.call("GET", LABS, headers=headers).status_code == 403
    assert arm.own("GET", "state", headers=headers).status_code == 403


def test_a_body_that_is_too_large_gets_the_envelope(arm: "RunningArm") -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG/providers/Microsoft.DevTestLab/labs/TeamBlue"
    answer = arm.call("PUT", f"{path}/customImages/n", data=b"x" * (5 * 1024 * 1024))
    assert (answer.status_code, "error" in answer.json()) == (413, True)


def test_the_ledger_names_operations_and_no_queries(arm: "RunningArm") -> None:
    arm.call("GET", LABS)
    entry = arm.own("GET", "ledger").json()["requests"][-1]
    assert (entry["service"], entry["method"], entry["status"]) == ("arm", "GET", 200)
    assert (entry["operation"], entry["path"]) == ("Labs_ListBySubscription", LABS)


def test_a_fault_answers_instead_of_the_service(arm: "RunningArm") -> None:
    fault = {"match": {"operation": "Labs_ListBySubscription"}, "status": 429, "code": "TooMany", "retryAfter": 7}
    assert arm.own("POST", "faults", json=fault).json() == {"added": 1}
    answer = arm.call("GET", LABS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["error"]["code"] == "TooMany"
    assert arm.call("GET", LABS).status_code == 200
    assert arm.own("GET", "ledger").json()["requests"][-2]["injected"] == "status"


def test_a_lost_answer_keeps_its_effect(arm: "RunningArm") -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG/providers/Microsoft.DevTestLab/labs/TeamBlue"
    arm.faults.add(Fault.from_json({"match": {"method": "PATCH"}, "lostAnswer": True}))
    with pytest.raises(requests.ConnectionError):
        arm.call("PATCH", f"{path}/customImages/broken", json={"tags": {"a": "b"}})
    assert arm.call("GET", f"{path}/customImages/broken").json()["tags"] == {"a": "b"}
