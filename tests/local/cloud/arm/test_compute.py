"""The Compute provider, asked by Microsoft's own client and by plain requests where casing and headers matter."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient

from local.cloud.storage.disks import DiskRefusal

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

READ = {"access": "Read", "durationInSeconds": 36000}


def machine_of(arm: "RunningArm", name: str) -> Any:
    return next(machine for machine in arm.resources.machines if machine.facts.name == name)


def disk_of(arm: "RunningArm", name: str = "Golden1") -> Any:
    return machine_of(arm, name).disks[0]


def grant(arm: "RunningArm", compute: ComputeManagementClient, name: str = "Golden1", **changes: Any) -> str:
    disk = disk_of(arm, name)
    body: Any = {**READ, **changes}
    poller = compute.disks.begin_grant_access(disk.machine.group, disk.name, body)
    return str(poller.result().access_sas)


def code_of(error: HttpResponseError) -> str | None:
    return error.error.code if error.error else None


def opened(arm: "RunningArm", sas: str) -> Any:
    parts = urlsplit(sas)
    return arm.exports.open(parts.path, dict(parse_qsl(parts.query)))


def test_the_power_state_is_in_the_expanded_view_only(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    group = machine_of(arm, "Golden1").group
    machine = compute.virtual_machines.get(group, "GOLDEN1", expand="instanceView")
    provisioning, power = machine.instance_view.statuses or []
    assert (provisioning.code, power.code) == ("ProvisioningState/succeeded", "PowerState/deallocated")
    assert (power.display_status, power.time) == ("VM deallocated", None)
    assert compute.virtual_machines.get(group, "golden1").instance_view is None


def test_a_deallocated_machine_has_no_agent(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    golden = compute.virtual_machines.instance_view(machine_of(arm, "Golden1").group, "Golden1")
    assert (golden.computer_name, golden.vm_agent) == (None, None)
    busy = compute.virtual_machines.instance_view(machine_of(arm, "busy").group, "busy")
    assert busy.computer_name == "busy"
    assert [status.code for status in busy.statuses or ()][1] == "PowerState/running"


def test_a_machine_names_its_managed_disks(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    busy = machine_of(arm, "busy")
    profile = compute.virtual_machines.get(busy.group, "busy").storage_profile
    assert profile.os_disk.managed_disk.id == busy.disks[0].id
    assert [disk.managed_disk.id for disk in profile.data_disks] == [busy.disks[1].id]


def test_an_unmanaged_machine_has_a_vhd_instead(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    disk = compute.virtual_machines.get(machine_of(arm, "old").group, "old").storage_profile.os_disk
    assert disk.managed_disk is None
    assert disk.vhd.uri.endswith(".vhd")


def test_a_disk_says_what_it_is(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    expected = disk_of(arm)
    disk = compute.disks.get(expected.machine.group, expected.name)
    assert (disk.id, disk.unique_id, disk.disk_state) == (expected.id, expected.unique_id, "Reserved")
    assert (disk.disk_size_bytes, disk.os_type, disk.hyper_v_generation) == (64 * 1024 * 1024, "Windows", "V1")
    assert disk.last_ownership_update_time is not None
    assert disk.managed_by == expected.machine.compute_id


def test_what_is_missing_is_reported_by_the_front_end(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    with pytest.raises(ResourceNotFoundError, match="Compute/disks/none"):
        compute.disks.get(disk_of(arm).machine.group, "none")
    with pytest.raises(ResourceNotFoundError, match="Compute/virtualMachines/none"):
        compute.virtual_machines.get(disk_of(arm).machine.group, "none")


def test_a_grant_hands_out_a_sas_that_opens_the_disk(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    sas = grant(arm, compute)
    parts = urlsplit(sas)
    _, account, container, blob = parts.path.split("/")
    assert sas.startswith(arm.storage.blob_endpoint + "/md-")
    assert (len(account), len(container), blob) == (15, 12, "abcd")
    assert [key for key, _ in parse_qsl(parts.query)] == ["sv", "sr", "si", "sig"]
    content = opened(arm, sas)
    assert content.size == 64 * 1024 * 1024 + 512
    assert content.read(content.size - 512, content.size).startswith(b"conectix")
    assert arm.exports.region(parts.path) == "westeurope"


def test_access_shows_in_the_state_of_the_disk_until_it_is_revoked(
    compute: ComputeManagementClient, arm: "RunningArm"
) -> None:
    disk = disk_of(arm)
    before = disk.last_ownership_update
    sas = grant(arm, compute)
    assert compute.disks.get(disk.machine.group, disk.name).disk_state == "ActiveSAS"
    assert compute.disks.begin_revoke_access(disk.machine.group, disk.name).result() is None
    assert compute.disks.get(disk.machine.group, disk.name).disk_state == "Reserved"
    assert opened(arm, sas) == DiskRefusal(403, "AuthenticationFailed", opened(arm, sas).message)
    assert disk.last_ownership_update == before


def test_a_second_grant_gives_the_same_sas_and_one_after_a_revoke_another(
    compute: ComputeManagementClient, arm: "RunningArm"
) -> None:
    disk = disk_of(arm)
    first = grant(arm, compute)
    assert grant(arm, compute) == first
    compute.disks.begin_revoke_access(disk.machine.group, disk.name).result()
    second = grant(arm, compute)
    assert urlsplit(second).path != urlsplit(first).path
    assert isinstance(opened(arm, first), DiskRefusal)
    assert not isinstance(opened(arm, second), DiskRefusal)


def test_a_forged_signature_opens_nothing(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    sas = grant(arm, compute)
    assert opened(arm, sas + "x").status == 403
    assert opened(arm, sas.replace("md-", "md-0")).status == 404


def test_revoking_what_was_never_granted_succeeds(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    disk = disk_of(arm)
    assert compute.disks.begin_revoke_access(disk.machine.group, disk.name).result() is None


def test_the_disk_of_a_running_machine_cannot_be_read(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    with pytest.raises(ResourceExistsError, match="is currently attached to running VM") as caught:
        grant(arm, compute, "busy")
    assert (caught.value.status_code, code_of(caught.value)) == (409, "Conflict")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"durationInSeconds": 60 * 24 * 3600 + 1}, 400, "InvalidParameter"),
        ({"durationInSeconds": 0}, 400, "InvalidParameter"),
        ({"durationInSeconds": "10"}, 400, "InvalidParameter"),
        ({"access": "Everything"}, 400, "InvalidParameter"),
        ({"access": "Write"}, 501, "NotEmulated"),
    ],
)
def test_a_grant_that_cannot_be_is_refused(
    compute: ComputeManagementClient, arm: "RunningArm", changes: dict[str, Any], status: int, code: str
) -> None:
    with pytest.raises(HttpResponseError) as caught:
        grant(arm, compute, **changes)
    assert (caught.value.status_code, code_of(caught.value)) == (status, code)


def test_a_grant_answers_202_with_both_headers(arm: "RunningArm") -> None:
    path = disk_of(arm).id.replace("resourceGroups", "resourcegroups").upper()
    answer = arm.call("POST", f"{path}/beginGetAccess?api-version=2021-12-01", json=READ)
    assert (answer.status_code, answer.content) == (202, b"")
    assert "Retry-After" not in answer.headers
    assert "HighCostDiskHydrate3Min" in answer.headers["x-ms-ratelimit-remaining-resource"]
    status, location = answer.headers["Azure-AsyncOperation"], answer.headers["Location"]
    assert "monitor=true" in location
    assert all("api-version=2021-12-01" in url for url in (status, location))
    while (polled := arm.call("GET", status)).json()["status"] == "InProgress":
        assert set(polled.json()) == {"startTime", "status", "name"}
    assert list(polled.json()) == ["startTime", "endTime", "status", "properties", "name"]
    assert polled.text.startswith("{\r\n")
    final = arm.call("GET", location)
    assert (final.status_code, final.json()) == (200, polled.json()["properties"]["output"])


def test_a_revoke_ends_in_an_empty_200(arm: "RunningArm") -> None:
    answer = arm.call("POST", f"{disk_of(arm).id}/endGetAccess")
    while (polled := arm.call("GET", answer.headers["Azure-AsyncOperation"])).json()["status"] == "InProgress":
        pass
    assert set(polled.json()) == {"startTime", "endTime", "status", "name"}
    final = arm.call("GET", answer.headers["Location"])
    assert (final.status_code, final.content) == (200, b"")


def test_starting_a_machine_changes_its_disk_and_when_it_was_owned(
    compute: ComputeManagementClient, arm: "RunningArm"
) -> None:
    disk = disk_of(arm)
    before, seed = compute.disks.get(disk.machine.group, disk.name), disk.content_seed
    assert arm.own("POST", "vms/factorylab/golden1/start").json()["power"] == "running"
    assert compute.disks.get(disk.machine.group, disk.name).disk_state == "Attached"
    assert arm.own("POST", "vms/factorylab/golden1/deallocate").json()["power"] == "deallocated"
    after = compute.disks.get(disk.machine.group, disk.name)
    assert after.unique_id == before.unique_id
    assert after.last_ownership_update_time > before.last_ownership_update_time
    assert disk.content_seed != seed


def test_a_machine_cannot_start_while_its_disk_is_read(compute: ComputeManagementClient, arm: "RunningArm") -> None:
    grant(arm, compute)
    answer = arm.own("POST", "vms/FactoryLab/Golden1/start")
    assert answer.status_code == 409
    assert "active shared access signature outstanding" in answer.json()["error"]
