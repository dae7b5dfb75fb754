"""Lab VMs: tagged, started, stopped and deleted by Microsoft's own client, and what that does to disks and images."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.devtestlabs import DevTestLabsClient
from azure.mgmt.devtestlabs.models import (
    CustomImage,
    CustomImagePropertiesFromVm,
    LinuxOsInfo,
    WindowsOsInfo,
)

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
LAB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Factory-RG/providers/Microsoft.DevTestLab/labs/FactoryLab"
BUSY = f"{LAB}/virtualMachines/busy"
WHERE = ("Factory-RG", "FactoryLab")


def machine_of(arm: "RunningArm", name: str) -> Any:
    return next(machine for machine in arm.resources.machines if machine.facts.name == name)


def test_tags_are_replaced_and_nothing_else(labs: DevTestLabsClient) -> None:
    changed = labs.virtual_machines.update(*WHERE, "golden1", {"ImagePath": "x"})
    assert (changed.tags, changed.notes) == ({"ImagePath": "x"}, "Golden Image: Windows")
    assert labs.virtual_machines.get(*WHERE, "Golden1").tags == {"ImagePath": "x"}


def test_a_stopped_machine_is_deallocated_and_its_disk_reserved(
    labs: DevTestLabsClient, compute: ComputeManagementClient, arm: "RunningArm"
) -> None:
    busy = machine_of(arm, "busy")
    before = busy.disks[0].last_ownership_update
    labs.virtual_machines.begin_stop(*WHERE, "busy").result()
    assert labs.virtual_machines.get(*WHERE, "busy").last_known_power_state == "Stopped"
    view = compute.virtual_machines.instance_view(busy.group, "busy")
    assert [status.code for status in view.statuses or ()][1] == "PowerState/deallocated"
    disk = compute.disks.get(busy.group, busy.disks[0].name)
    assert disk.disk_state == "Reserved"
    assert disk.last_ownership_update_time > before


def test_a_started_machine_changes_what_is_on_its_disk(labs: DevTestLabsClient, arm: "RunningArm") -> None:
    footer = arm.own("GET", "state").json()["disks"][0]["footerSha256"]
    labs.virtual_machines.begin_start(*WHERE, "Golden1").result()
    assert labs.virtual_machines.get(*WHERE, "Golden1").last_known_power_state == "Running"
    assert machine_of(arm, "Golden1").disks[0].boots == 1
    assert arm.own("GET", "state").json()["disks"][0]["footerSha256"] != footer


def test_an_operation_answers_202_with_both_addresses(arm: "RunningArm") -> None:
    answer = arm.call("POST", f"{LAB}/virtualMachines/busy/STOP")
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Location"].startswith(answer.headers["Azure-AsyncOperation"].partition("?")[0])


def test_a_machine_whose_disk_is_being_read_cannot_be_started(
    labs: DevTestLabsClient, compute: ComputeManagementClient, arm: "RunningArm"
) -> None:
    golden = machine_of(arm, "Golden1")
    read: Any = {"access": "Read", "durationInSeconds": 60}
    compute.disks.begin_grant_access(golden.group, golden.disks[0].name, read).result()
    with pytest.raises(ResourceExistsError, match="There is an active shared access signature outstanding for disk"):
        labs.virtual_machines.begin_start(*WHERE, "Golden1")


def test_two_changes_at_a_time_are_a_conflict(arm_with: "Callable[..., RunningArm]") -> None:
    arm = arm_with(longRunning={"polls": 1})
    assert arm.call("POST", f"{LAB}/virtualMachines/busy/stop").status_code == 202
    refused = arm.call("POST", f"{LAB}/virtualMachines/busy/start")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "Conflict")
    assert machine_of(arm, "busy").power == "deallocating"


def test_a_deleted_machine_takes_its_disks_along(
    labs: DevTestLabsClient, compute: ComputeManagementClient, arm: "RunningArm"
) -> None:
    busy = machine_of(arm, "busy")
    labs.virtual_machines.begin_delete(*WHERE, "busy").result()
    for gone in (
        lambda: labs.virtual_machines.get(*WHERE, "busy"),
        lambda: compute.virtual_machines.get(busy.group, "busy"),
        lambda: compute.disks.get(busy.group, busy.disks[0].name),
    ):
        with pytest.raises(ResourceNotFoundError):
            gone()
    assert arm.call("DELETE", f"{LAB}/virtualMachines/busy").status_code == 204
    assert arm.call("DELETE", f"{LAB}x/virtualMachines/busy").status_code == 404


@pytest.mark.parametrize(
    ("name", "info", "stands_on"),
    [
        ("busy", {"linux_os_info": LinuxOsInfo(linux_os_state="NonDeprovisioned")}, "snapshots"),
        ("busy", {"linux_os_info": LinuxOsInfo(linux_os_state="DeprovisionRequested")}, "images"),
        ("Golden1", {"windows_os_info": WindowsOsInfo(windows_os_state="SysprepApplied")}, "images"),
        ("Golden1", {}, "snapshots"),
    ],
)
def test_an_image_is_made_from_a_machine(
    labs: DevTestLabsClient, arm: "RunningArm", name: str, info: dict[str, Any], stands_on: str
) -> None:
    source = f"{LAB}/virtualMachines/{name}"
    image = CustomImage(vm=CustomImagePropertiesFromVm(source_vm_id=source, **info))
    made = labs.custom_images.begin_create_or_update(*WHERE, "From_VM", image).result()
    assert made.provisioning_state == "Succeeded"
    assert made.vm is not None
    assert made.vm.source_vm_id == source
    assert f"/microsoft.compute/{stands_on}/from_vm" in str(made.managed_image_id or made.managed_snapshot_id)
    assert "vhd" not in arm.call("GET", f"{LAB}/customimages/from_vm").json()["properties"]


@pytest.mark.parametrize(
    ("vm", "code"),
    [
        ({"sourceVmId": f"{LAB}/virtualMachines/none"}, "CannotSetProperty"),
        (
            {"sourceVmId": f"{LAB}/virtualMachines/busy", "linuxOsInfo": {"linuxOsState": "Odd"}},
            "InvalidRequestContent",
        ),
        ({"sourceVmId": BUSY, "linuxOsInfo": 3}, "InvalidRequestContent"),
    ],
)
def test_a_machine_that_will_not_do_is_refused(arm: "RunningArm", vm: dict[str, Any], code: str) -> None:
    answer = arm.call("PUT", f"{LAB}/customImages/n", json={"properties": {"vm": vm}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_an_id_in_another_case_is_the_same_source(labs: DevTestLabsClient) -> None:
    for source in (BUSY, BUSY.lower()):
        image = CustomImage(vm=CustomImagePropertiesFromVm(source_vm_id=source), description=source)
        made = labs.custom_images.begin_create_or_update(*WHERE, "n", image).result()
        assert (made.provisioning_state, made.description) == ("Succeeded", source)


def test_the_source_machine_of_an_image_cannot_be_changed(labs: DevTestLabsClient) -> None:
    for name in ("busy", "old"):
        source = CustomImagePropertiesFromVm(source_vm_id=f"{LAB}/virtualMachines/{name}")
        if name == "busy":
            labs.custom_images.begin_create_or_update(*WHERE, "n", CustomImage(vm=source)).result()
            continue
        with pytest.raises(HttpResponseError, match="Cannot set or update property sourceVmId"):
            labs.custom_images.begin_create_or_update(*WHERE, "n", CustomImage(vm=source))
