"""The cloud's own addresses, its tenant and its subscriptions."""

from typing import TYPE_CHECKING

from local.cloud.tokens import TENANT_ID

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"


def test_anybody_may_ask_for_the_addresses_of_the_cloud(arm: "RunningArm") -> None:
    answer = arm.call("GET", "/metadata/endpoints?api-version=2022-09-01", headers={"Authorization": ""})
    cloud = answer.json()
    assert answer.status_code == 200
    assert cloud["resourceManager"] == cloud["authentication"]["loginEndpoint"] == arm.url
    assert "https://management.azure.com/" in cloud["authentication"]["audiences"]
    assert arm.storage.blob_endpoint.endswith(cloud["suffixes"]["storage"])


def test_older_clients_get_a_list_of_clouds(arm: "RunningArm") -> None:
    clouds = arm.call("GET", "/metadata/endpoints?api-version=2019-05-01").json()
    assert [cloud["name"] for cloud in clouds] == ["EmulatedAzure"]


def test_subscriptions_and_tenants_name_each_other(arm: "RunningArm") -> None:
    tenants = arm.call("GET", "/tenants?api-version=2022-12-01").json()["value"]
    assert [tenant["tenantId"] for tenant in tenants] == [TENANT_ID]
    listed = arm.call("GET", "/subscriptions?api-version=2022-12-01").json()["value"]
    assert {one["tenantId"] for one in listed} == {TENANT_ID}
    assert {one["state"] for one in listed} == {"Enabled"}


def test_a_subscription_that_is_no_guid_is_told_from_an_unknown_one(arm: "RunningArm") -> None:
    malformed = arm.call("GET", "/subscriptions/mine")
    assert (malformed.status_code, malformed.json()["error"]["code"]) == (400, "InvalidSubscriptionId")
    unknown = arm.call("GET", f"/subscriptions/{SUBSCRIPTION.replace('7a1f', '0000')}")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "SubscriptionNotFound")
