"""The DevTest Labs provider, asked by Microsoft's own client and by plain requests where casing and headers matter."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.devtestlabs import DevTestLabsClient
from azure.mgmt.devtestlabs.models import CustomImage, CustomImagePropertiesCustom

from local.cloud.tokens import OBJECT_ID

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
LAB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG/providers/Microsoft.DevTestLab/labs/TeamBlue"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?\+00:00")


def account_of(arm: "RunningArm", lab: str = "TeamBlue") -> str:
    return next(one.artifacts_account for one in arm.world.every_lab if one.name == lab)


def image_of(url: str, **changes: Any) -> CustomImage:
    vhd = CustomImagePropertiesCustom(os_type="Windows", image_name=url, sys_prep=True)
    values: dict[str, Any] = {"vhd": vhd, "description": "d", "tags": {"ImagePath": "a\\b.json"}} | changes
    return CustomImage(**values)


def test_labs_are_listed_by_subscription(labs: DevTestLabsClient) -> None:
    assert [lab.name for lab in labs.labs.list_by_subscription()] == ["FactoryLab", "TeamBlue"]


def test_labs_are_listed_by_resource_group_in_any_case(labs: DevTestLabsClient) -> None:
    assert [lab.name for lab in labs.labs.list_by_resource_group("tEAM-rg")] == ["TeamBlue"]


def test_a_lab_has_a_lower_case_id_and_its_artifacts_account(labs: DevTestLabsClient, arm: "RunningArm") -> None:
    lab = labs.labs.get("team-rg", "TEAMBLUE")
    assert (lab.id, lab.name, lab.type) == (LAB.lower(), "TeamBlue", "Microsoft.DevTestLab/labs")
    assert lab.artifacts_storage_account == (
        f"/subscriptions/{SUBSCRIPTION}/resourcegroups/team-rg/providers/microsoft.storage/storageaccounts/"
        + account_of(arm)
    )
    assert lab.unique_identifier
    assert lab.location == "westeurope"


def test_what_is_unset_is_absent_and_moments_have_an_offset(arm: "RunningArm") -> None:
    lab = arm.call("GET", LAB).json()
    assert "tags" not in lab
    assert MOMENT.fullmatch(lab["properties"]["createdDate"])
    image = arm.call("GET", f"{LAB}/customImages/broken").json()
    assert set(image) == {"properties", "id", "name", "type"}


def test_a_missing_lab_is_reported_by_the_front_end(arm: "RunningArm") -> None:
    answer = arm.call("GET", LAB + "x")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "ResourceNotFound"
    assert answer.headers["x-ms-failure-cause"] == "gateway"
    assert "x-ms-ratelimit-remaining-subscription-global-reads" not in answer.headers


def test_a_missing_image_is_reported_by_the_provider(arm: "RunningArm") -> None:
    answer = arm.call("GET", f"{LAB}/customimages/none")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "code": "ResourceInGroupDoesNotExist",
            "message": "The resource 'TeamBlue/none' under resource group 'Team-RG' was not found.",
        }
    }
    assert "x-ms-failure-cause" not in answer.headers
    assert answer.headers["x-ms-ratelimit-remaining-subscription-global-reads"]


def test_a_missing_machine_is_named_in_camel_case(labs: DevTestLabsClient) -> None:
    with pytest.raises(ResourceNotFoundError, match="labs/FactoryLab/virtualMachines/none' under resource group"):
        labs.virtual_machines.get("Factory-RG", "FactoryLab", "none")


def test_machines_carry_the_tags_of_the_scripts(labs: DevTestLabsClient) -> None:
    machines = {machine.name: machine for machine in labs.virtual_machines.list("Factory-RG", "FactoryLab")}
    golden = machines["Golden1"]
    assert golden.tags == {"ImagePath": "Win2022\\Datacenter.json", "CostCenter": "7"}
    assert (golden.notes, golden.os_type, golden.last_known_power_state) == (
        "Golden Image: Windows",
        "Windows",
        "Stopped",
    )
    assert golden.compute_vm is None
    assert re.search(r"/resourceGroups/FactoryLab\d{13}/providers/Microsoft.Compute/", str(golden.compute_id))
    assert machines["busy"].last_known_power_state == "Running"
    assert machines["busy"].tags is None


def test_expanding_a_machine_shows_its_power(labs: DevTestLabsClient) -> None:
    machine = labs.virtual_machines.get("Factory-RG", "FactoryLab", "golden1", expand="properties($expand=computeVm)")
    assert machine.compute_vm is not None
    assert [status.code for status in machine.compute_vm.statuses or ()] == [
        "ProvisioningState/succeeded",
        "PowerState/deallocated",
    ]


def test_an_image_is_made_from_a_vhd_in_the_labs_account(labs: DevTestLabsClient, arm: "RunningArm") -> None:
    url = arm.storage.put_vhd(account_of(arm), "one.vhd")
    made = labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "New_Image", image_of(url)).result()
    assert (made.provisioning_state, made.name, made.tags) == ("Succeeded", "New_Image", {"ImagePath": "a\\b.json"})
    assert made.id == f"{LAB}/customimages/New_Image".lower()
    assert made.vhd is not None
    assert made.vhd.image_name == url
    assert made.author == OBJECT_ID
    assert made.managed_image_id == (
        f"/subscriptions/{SUBSCRIPTION}/resourcegroups/team-rg/providers/microsoft.compute/images/new_image"
    )


def test_a_specialized_image_stands_on_a_snapshot(labs: DevTestLabsClient, arm: "RunningArm") -> None:
    vhd = CustomImagePropertiesCustom(os_type="Windows", image_name=arm.storage.put_vhd(account_of(arm), "s.vhd"))
    made = labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "s", CustomImage(vhd=vhd)).result()
    assert made.managed_image_id is None
    assert str(made.managed_snapshot_id).endswith("/microsoft.compute/snapshots/s")


def test_a_put_answers_201_with_azure_async_operation_alone(arm: "RunningArm") -> None:
    url = arm.storage.put_vhd(account_of(arm), "one.vhd")
    body = {
        "location": "westeurope",
        "properties": {"vhd": {"imageName": url, "osType": "Linux"}, "provisioningState": "Mine", "creationDate": "x"},
    }
    answer = arm.call("PUT", f"{LAB}/customImages/n", json=body)
    assert answer.status_code == 201
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    assert MOMENT.fullmatch(answer.json()["properties"]["creationDate"])
    assert "location" not in answer.json()
    assert not {"Location", "Retry-After"} & set(answer.headers)
    assert re.search(r"/locations/westeurope/operations/\d{8}-[0-9a-f-]{36}\?", answer.headers["Azure-AsyncOperation"])
    assert len(answer.headers["Azure-AsyncOperation"]) > 3000
    assert last_status(arm, answer.headers["Azure-AsyncOperation"]) == {"status": "Succeeded"}


def last_status(arm: "RunningArm", url: str) -> Any:
    while True:
        answer = arm.call("GET", url)
        assert answer.status_code == 200
        if answer.json() != {"status": "Running"}:
            return answer.json()


def put(arm: "RunningArm", url: str, name: str = "n") -> Any:
    answer = arm.call(
        "PUT", f"{LAB}/customImages/{name}", json={"properties": {"vhd": {"imageName": url, "osType": "Linux"}}}
    )
    assert answer.status_code == 201
    return last_status(arm, answer.headers["Azure-AsyncOperation"])


def test_the_image_remains_when_its_vhd_is_deleted_later(arm: "RunningArm") -> None:
    url = arm.storage.put_vhd(account_of(arm), "one.vhd")
    assert put(arm, url) == {"status": "Succeeded"}
    arm.storage.blobs.clear()
    assert arm.call("GET", f"{LAB}/customImages/n").json()["properties"]["provisioningState"] == "Succeeded"


def test_the_image_fails_when_its_vhd_is_deleted_meanwhile(arm: "RunningArm") -> None:
    url = arm.storage.put_vhd(account_of(arm), "one.vhd")
    arm.storage.vanish_after[url] = 1
    status = put(arm, url)
    assert (status["status"], status["error"]["code"]) == ("Failed", "BlobNotFound")
    assert arm.call("GET", f"{LAB}/customImages/n").json()["properties"]["provisioningState"] == "Failed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"copy_status": "pending"}, "PendingCopyOperation"),
        ({"copy_status": "failed"}, "PendingCopyOperation"),
        ({"footer": bytes(512)}, "InvalidVhd"),
        ({"blob_type": "BlockBlob"}, "InvalidVhd"),
    ],
)
def test_an_image_of_no_finished_fixed_vhd_fails(arm: "RunningArm", change: dict[str, Any], code: str) -> None:
    url = arm.storage.put_vhd(account_of(arm), "one.vhd")
    for key, value in change.items():
        setattr(arm.storage.blobs[url], key, value)
    assert put(arm, url)["error"]["code"] == code


def test_an_operation_ends_even_where_the_emulator_itself_fails(arm: "RunningArm") -> None:
    url = arm.storage.put_vhd(account_of(arm), "one.vhd")
    arm.storage.breaks = True
    status = put(arm, url)
    assert (status["status"], status["error"]["code"]) == ("Failed", "InternalServerError")
    assert arm.call("GET", f"{LAB}/customImages/n").json()["properties"]["provisioningState"] == "Failed"


def test_the_client_tells_why_an_image_failed(labs: DevTestLabsClient, arm: "RunningArm") -> None:
    url = f"{arm.storage.blob_endpoint}/{account_of(arm)}/imagefactory-staging/none.vhd"
    with pytest.raises(HttpResponseError, match="BlobNotFound"):
        labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "n", image_of(url)).result()


def test_a_vhd_in_an_account_of_another_lab_is_refused(labs: DevTestLabsClient, arm: "RunningArm") -> None:
    url = arm.storage.put_vhd(account_of(arm, "FactoryLab"), "one.vhd")
    with pytest.raises(HttpResponseError) as caught:
        labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "n", image_of(url))
    assert caught.value.error is not None
    assert (caught.value.status_code, caught.value.error.code) == (400, "InvalidStorageAccountForLab")
    assert [image.name for image in labs.custom_images.list("Team-RG", "TeamBlue")] == ["Old_Image", "Broken"]


def test_the_source_of_an_image_cannot_be_changed(labs: DevTestLabsClient, arm: "RunningArm") -> None:
    account = account_of(arm)
    first, second = arm.storage.put_vhd(account, "one.vhd"), arm.storage.put_vhd(account, "two.vhd")
    labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "n", image_of(first)).result()
    with pytest.raises(HttpResponseError, match="Cannot set or update property imageName"):
        labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "n", image_of(second))
    with pytest.raises(HttpResponseError, match="CannotSetProperty"):
        labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "Broken", image_of(first))


def test_a_put_of_what_is_there_changes_tags_and_description_only(labs: DevTestLabsClient, arm: "RunningArm") -> None:
    url = arm.storage.put_vhd(account_of(arm), "one.vhd")
    made = labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "n", image_of(url)).result()
    made.tags, made.description = {"x": "y"}, "new"
    again = labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "N", made).result()
    assert (again.tags, again.description) == ({"x": "y"}, "new")
    assert again.unique_identifier == made.unique_identifier


def test_tags_are_patched(arm: "RunningArm") -> None:
    answer = arm.call("PATCH", f"{LAB}/customImages/old_image", json={"tags": {"a": "b"}})
    assert (answer.status_code, answer.json()["tags"]) == (200, {"a": "b"})


def test_a_deletion_answers_202_with_both_headers_and_ends_in_404(arm: "RunningArm", labs: DevTestLabsClient) -> None:
    answer = arm.call("DELETE", f"{LAB}/customImages/old_image")
    assert (answer.status_code, answer.content) == (202, b"")
    assert "Content-Type" not in answer.headers
    assert "Retry-After" not in answer.headers
    assert "monitor=true" in answer.headers["Location"]
    assert last_status(arm, answer.headers["Azure-AsyncOperation"]) == {"status": "Succeeded"}
    assert arm.call("GET", answer.headers["Location"]).status_code == 204
    with pytest.raises(ResourceNotFoundError):
        labs.custom_images.get("Team-RG", "TeamBlue", "Old_Image")
    assert arm.call("DELETE", f"{LAB}/customImages/old_image").status_code == 204


def test_the_client_deletes_an_image(labs: DevTestLabsClient) -> None:
    labs.custom_images.begin_delete("Team-RG", "TeamBlue", "Broken").result()
    assert [image.name for image in labs.custom_images.list("Team-RG", "TeamBlue")] == ["Old_Image"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "InvalidRequestContent"),
        (b"[]", 400, "InvalidRequestContent"),
        (b"\xff\xfe\x00", 400, "InvalidRequestContent"),
        (b"[" * 100_000, 400, "InvalidRequestContent"),
        (b"{}", 400, "MissingRequiredProperties"),
        (b'{"properties": 3}', 400, "InvalidRequestContent"),
        (b'{"tags": {"a": 1}, "properties": {}}', 400, "InvalidRequestContent"),
        (b'{"properties": {"vhd": "x"}}', 400, "InvalidRequestContent"),
        (b'{"properties": {"vhd": {"osType": "BeOS", "imageName": "x"}}}', 400, "InvalidRequestContent"),
        (b'{"properties": {"vhd": {"osType": "Linux"}}}', 400, "InvalidRequestContent"),
        (b'{"properties": {"vhd": {"osType": "Linux", "imageName": "x"}}}', 400, "InvalidStorageAccountForLab"),
        (b'{"properties": {"vm": {"sourceVmId": "x"}}}', 400, "CannotSetProperty"),
        (b'{"properties": {"vm": {"sourceVmId": 1}}}', 400, "InvalidRequestContent"),
        (b'{"properties": {"vm": {}}}', 400, "MissingRequiredProperties"),
        (b'{"properties": {"vm": [1]}}', 400, "InvalidRequestContent"),
        (b'{"properties": {"vm": {"a": 1}, "vhd": {"a": 1}}}', 400, "InvalidRequestContent"),
        (b'{"properties": {"description": 1}}', 400, "InvalidRequestContent"),
    ],
)
def test_a_bad_body_gets_the_envelope(arm: "RunningArm", body: bytes, status: int, code: str) -> None:
    answer = arm.call("PUT", f"{LAB}/customImages/n", data=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_an_unknown_operation_is_a_404(arm: "RunningArm") -> None:
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DevTestLab/locations/westeurope/operations/20260101-none"
    assert arm.call("GET", path).status_code == 404
