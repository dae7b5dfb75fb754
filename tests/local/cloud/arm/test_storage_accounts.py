"""The storage accounts of labs as Resource Manager shows them, and the keys that it never gives."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
LAB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG/providers/Microsoft.DevTestLab/labs/TeamBlue"


def test_the_account_that_a_lab_names_is_there(arm: "RunningArm") -> None:
    account_id = arm.call("GET", LAB).json()["properties"]["artifactsStorageAccount"]
    account = arm.call("GET", f"{account_id}?api-version=2023-05-01").json()
    assert account["id"].lower() == account_id
    endpoint = account["properties"]["primaryEndpoints"]["blob"]
    assert endpoint == f"{arm.storage.blob_endpoint}/{account['name']}/"
    listed = arm.call("GET", account_id.rpartition("/")[0]).json()["value"]
    assert listed == [account]
    everywhere = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Storage/storageAccounts"
    assert len(arm.call("GET", everywhere).json()["value"]) == 2


def test_a_missing_account_is_reported_by_the_front_end(arm: "RunningArm") -> None:
    account_id = arm.call("GET", LAB).json()["properties"]["artifactsStorageAccount"]
    answer = arm.call("GET", account_id + "x")
    assert (answer.status_code, answer.headers["x-ms-failure-cause"]) == (404, "gateway")


def test_keys_are_never_listed(arm: "RunningArm") -> None:
    account_id = arm.call("GET", LAB).json()["properties"]["artifactsStorageAccount"]
    answer = arm.call("POST", f"{account_id}/listKeys?api-version=2023-05-01")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
    message = answer.json()["error"]["message"]
    assert f"'Microsoft.Storage/storageAccounts/listKeys/action' over scope '{account_id}'" in message
    assert "keys" not in answer.json()
