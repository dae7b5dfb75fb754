"""Long-running operations: ended by looks or by time, polled again and again, and continued by another client."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.devtestlabs import DevTestLabsClient
from azure.mgmt.devtestlabs.models import CustomImage, CustomImagePropertiesCustom

from tests.local.cloud.arm.test_listing import Login, client

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
LAB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG/providers/Microsoft.DevTestLab/labs/TeamBlue"


def image_of(arm: "RunningArm") -> dict[str, Any]:
    account = next(lab.artifacts_account for lab in arm.world.every_lab if lab.name == "TeamBlue")
    return {"properties": {"vhd": {"imageName": arm.storage.put_vhd(account, "one.vhd"), "osType": "Linux"}}}


def begun(arm: "RunningArm") -> str:
    """Begin to make an image; returns the address of its operation."""
    answer = arm.call("PUT", f"{LAB}/customImages/n", json=image_of(arm))
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    return str(answer.headers["Azure-AsyncOperation"])


def test_an_operation_is_found_running_as_often_as_the_world_says(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 2})
    url = begun(arm)
    found = [arm.call("GET", url).json()["status"] for _ in range(4)]
    assert found == ["Running", "Running", "Succeeded", "Succeeded"]


def test_no_look_at_all_is_needed_where_the_world_says_so(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 0})
    assert arm.call("GET", begun(arm)).json() == {"status": "Succeeded"}


def test_looks_at_the_resource_and_at_its_list_count_too(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 2})
    begun(arm)
    one = arm.call("GET", f"{LAB}/customImages/n").json()
    listed = arm.call("GET", f"{LAB}/customImages").json()["value"][-1]
    last = arm.call("GET", f"{LAB}/customImages").json()["value"][-1]
    assert [body["properties"]["provisioningState"] for body in (one, listed, last)] == [
        "Creating",
        "Creating",
        "Succeeded",
    ]


def test_time_alone_ends_an_operation_otherwise(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(speeds={"timeScale": 1, "imageSeconds": 3600})
    url = begun(arm)
    assert {arm.call("GET", url).json()["status"] for _ in range(5)} == {"Running"}


def test_the_monitor_address_says_202_until_the_end(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 1})
    location = arm.call("DELETE", f"{LAB}/customImages/Broken").headers["Location"]
    first, second, third = (arm.call("GET", location) for _ in range(3))
    assert (first.status_code, first.headers["Location"]) == (202, location)
    assert (second.status_code, third.status_code) == (204, 204)


def test_the_monitor_address_tells_the_error_of_what_failed(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 0})
    body = image_of(arm)
    arm.storage.blobs.clear()
    url = arm.call("PUT", f"{LAB}/customImages/n", json=body).headers["Azure-AsyncOperation"]
    answer = arm.call("GET", url + "&monitor=true")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "BlobNotFound")


def test_a_grant_polls_inprogress_and_its_location_gives_the_sas(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 1})
    disk = next(arm.resources.disks())
    body = {"access": "Read", "durationInSeconds": 60}
    answer = arm.call("POST", f"{disk.id}/beginGetAccess?api-version=2023-10-02", json=body)
    assert (answer.status_code, answer.content) == (202, b"")
    assert "Retry-After" not in answer.headers
    assert answer.headers["Location"].replace("&monitor=true", "") == answer.headers["Azure-AsyncOperation"]
    assert answer.headers["Location"].endswith("&api-version=2023-10-02")
    pending = arm.call("GET", answer.headers["Azure-AsyncOperation"]).json()
    assert (pending["status"], set(pending)) == ("InProgress", {"startTime", "status", "name"})
    done = arm.call("GET", answer.headers["Azure-AsyncOperation"]).json()
    assert set(done) == {"startTime", "endTime", "status", "properties", "name"}
    sas = arm.call("GET", answer.headers["Location"]).json()
    assert sas == done["properties"]["output"]


def test_a_revoke_ends_without_output_and_with_an_empty_location(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 0})
    disk = next(arm.resources.disks())
    answer = arm.call("POST", f"{disk.id}/endGetAccess")
    done = arm.call("GET", answer.headers["Azure-AsyncOperation"]).json()
    assert (done["status"], "properties" in done) == ("Succeeded", False)
    last = arm.call("GET", answer.headers["Location"])
    assert (last.status_code, last.content) == (200, b"")


def test_another_client_goes_on_with_a_continuation_token(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 2})
    vhd = CustomImagePropertiesCustom(os_type="Linux", image_name=image_of(arm)["properties"]["vhd"]["imageName"])
    with client(arm) as first:
        poller = begin(first, CustomImage(vhd=vhd))
        token = poller.continuation_token()
    with client(arm) as second:
        made = begin(second, CustomImage(), continuation_token=token).result()
    with client(arm) as late:
        again = begin(late, CustomImage(), continuation_token=token).result()
    assert (made.provisioning_state, again.provisioning_state) == ("Succeeded", "Succeeded")
    assert made.name == "New"


def begin(labs: DevTestLabsClient, image: CustomImage, **options: Any) -> Any:
    from azure.mgmt.core.polling.arm_polling import ARMPolling

    class Patient(ARMPolling):
        """Polls only when it is asked for the result."""

        def run(self) -> None:
            if "continuation_token" in options:
                super().run()

    polling: Any = Patient(timeout=0.01)
    return labs.custom_images.begin_create_or_update("Team-RG", "TeamBlue", "New", image, polling=polling, **options)


def test_a_grant_is_continued_by_another_client(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 0})
    disk = next(arm.resources.disks())
    options: dict[str, Any] = {"connection_verify": arm.ca_file, "polling_interval": 0.01, "use_env_settings": False}
    scopes = ["https://management.azure.com/.default"]
    read: Any = {"access": "Read", "durationInSeconds": 60}

    def compute() -> ComputeManagementClient:
        return ComputeManagementClient(Login(), SUBSCRIPTION, base_url=arm.url, credential_scopes=scopes, **options)

    with compute() as first, compute() as second:
        token = first.disks.begin_grant_access(disk.machine.group, disk.name, read).continuation_token()
        sas = second.disks.begin_grant_access("", "", read, continuation_token=token).result().access_sas
    assert str(sas).startswith(arm.storage.blob_endpoint + "/md-")
