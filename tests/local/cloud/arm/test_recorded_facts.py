"""What real answers of the service looked like, byte for byte where it matters, as recorded in public test suites."""

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
PROVIDER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Factory-RG/providers/Microsoft.DevTestLab"
LAB = f"{PROVIDER}/labs/FactoryLab"
TEAM = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG/providers/Microsoft.DevTestLab/labs/TeamBlue"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?\+00:00")
GUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def everything(arm: "RunningArm") -> Iterator[Any]:
    """Every kind of resource that can be read."""
    machine = arm.resources.machines[0]
    paths = [LAB, f"{LAB}/virtualMachines", f"{TEAM}/customImages", f"{LAB}/virtualMachines/busy?$expand=computeVm"]
    paths += [machine.compute_id + "?$expand=instanceView", machine.compute_id + "/instanceView", machine.disks[0].id]
    for path in paths:
        yield arm.call("GET", path + ("&" if "?" in path else "?") + "api-version=2018-09-15")


def members(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """All members of a JSON value with their names, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from members(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield name, inner
            yield from members(inner, name)


def test_nothing_is_null_and_every_moment_has_the_services_form(arm: "RunningArm") -> None:
    moments = 0
    for answer in everything(arm):
        assert answer.status_code == 200, answer.text
        for key, value in members(answer.json()):
            assert value is not None, key
            if key.lower().endswith(("date", "time", "timecreated")) and isinstance(value, str):
                assert MOMENT.fullmatch(value), (key, value)
                moments += 1
    assert moments > 8


def test_answers_are_json_with_a_charset_and_ids_of_the_request(arm: "RunningArm") -> None:
    for answer in everything(arm):
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert re.fullmatch(GUID, answer.headers["x-ms-request-id"])
        assert answer.headers["x-ms-correlation-request-id"]
        assert answer.headers["x-ms-routing-request-id"]


def test_devtestlabs_writes_compact_json_and_compute_indents_with_crlf(arm: "RunningArm") -> None:
    lab = arm.call("GET", LAB)
    assert lab.text == json.dumps(lab.json(), separators=(",", ":"))
    disk = arm.call("GET", arm.resources.machines[0].disks[0].id)
    assert disk.text == json.dumps(disk.json(), indent=2).replace("\n", "\r\n")


def test_members_of_a_resource_come_in_the_recorded_order(arm: "RunningArm") -> None:
    machine = arm.call("GET", f"{LAB}/virtualMachines/golden1").json()
    assert list(machine) == ["properties", "location", "tags", "id", "name", "type"]
    image = arm.call("GET", f"{TEAM}/customImages/old_image").json()
    assert list(image) == ["properties", "tags", "id", "name", "type"]


def test_devtestlabs_lowers_ids_and_compute_keeps_them(arm: "RunningArm") -> None:
    machine = arm.call("GET", f"{LAB.upper()}/VIRTUALMACHINES/GOLDEN1").json()
    assert machine["id"] == f"{LAB}/virtualmachines/golden1".lower()
    assert (machine["name"], machine["type"]) == ("Golden1", "Microsoft.DevTestLab/labs/virtualMachines")
    compute_id = machine["properties"]["computeId"]
    assert re.search(
        r"/resourceGroups/FactoryLab\d{13}/providers/Microsoft.Compute/virtualMachines/Golden1$", compute_id
    )
    assert arm.call("GET", compute_id.lower()).json()["id"] == compute_id


def test_a_lab_has_the_recorded_members_and_no_other(arm: "RunningArm") -> None:
    lab = arm.call("GET", LAB).json()
    assert set(lab["properties"]) == {
        "defaultStorageAccount", "defaultPremiumStorageAccount", "artifactsStorageAccount",
        "premiumDataDiskStorageAccount", "vaultName", "labStorageType", "mandatoryArtifactsResourceIdsLinux",
        "mandatoryArtifactsResourceIdsWindows", "createdDate", "premiumDataDisks", "environmentPermission",
        "announcement", "support", "provisioningState", "uniqueIdentifier",
    }  # fmt: skip
    accounts = {value for key, value in lab["properties"].items() if key.lower().endswith("storageaccount")}
    assert len(accounts) == 1
    account = accounts.pop()
    assert account == account.lower()
    assert len(account.rpartition("/")[2]) <= 24


def test_a_lab_machine_has_the_recorded_members(arm: "RunningArm") -> None:
    machine = arm.call("GET", f"{LAB}/virtualMachines/busy").json()
    assert set(machine["properties"]) >= {
        "ownerObjectId", "ownerUserPrincipalName", "createdByUserId", "createdByUser", "createdDate", "computeId",
        "osType", "size", "userName", "isAuthenticationWithSshKey", "labSubnetName", "labVirtualNetworkId",
        "disallowPublicIpAddress", "artifactDeploymentStatus", "networkInterface", "allowClaim", "storageType",
        "virtualMachineCreationSource", "lastKnownPowerState", "provisioningState", "uniqueIdentifier",
    }  # fmt: skip
    absent = {"computeVm", "artifacts", "applicableSchedule", "notes", "expirationDate", "customImageId"}
    assert not absent & set(machine["properties"])
    assert "tags" not in machine
    assert (machine["properties"]["networkInterface"], machine["properties"]["lastKnownPowerState"]) == ({}, "Running")
    assert machine["properties"]["artifactDeploymentStatus"] == {"artifactsApplied": 0, "totalArtifacts": 0}


@pytest.mark.parametrize(
    ("method", "path", "names"),
    [
        ("GET", f"{TEAM}/customimages", {"global-reads"}),
        ("PATCH", f"{TEAM}/customimages/broken", {"writes", "global-writes"}),
        ("DELETE", f"{TEAM}/customimages/none", {"deletes", "global-deletes"}),
    ],
)
def test_devtestlabs_tells_its_quotas(arm: "RunningArm", method: str, path: str, names: set[str]) -> None:
    answer = arm.call(method, path, json={} if method == "PATCH" else None)
    begin = "x-ms-ratelimit-remaining-subscription-"
    assert {key.lower().removeprefix(begin) for key in answer.headers if key.lower().startswith(begin)} == names


def test_compute_tells_its_quotas_by_operation(arm: "RunningArm") -> None:
    disk = arm.resources.machines[0].disks[0]
    read = arm.call("GET", disk.id).headers["x-ms-ratelimit-remaining-resource"]
    assert re.fullmatch(r"Microsoft\.Compute/LowCostGet3Min;\d+,Microsoft\.Compute/LowCostGet30Min;\d+", read)
    body = {"access": "Read", "durationInSeconds": 10}
    grant = arm.call("POST", f"{disk.id}/beginGetAccess", json=body).headers["x-ms-ratelimit-remaining-resource"]
    assert grant == "Microsoft.Compute/HighCostDiskHydrate3Min;999,Microsoft.Compute/HighCostDiskHydrate30Min;7999"


def test_an_operation_of_devtestlabs_has_the_recorded_address_and_answers(
    arm_with: "Callable[..., RunningArm]",
) -> None:
    arm = arm_with(longRunning={"polls": 1})
    source = {"sourceVmId": f"{LAB}/virtualMachines/busy", "linuxOsInfo": {"linuxOsState": "NonDeprovisioned"}}
    begun = arm.call("PUT", f"{LAB}/customimages/Image_000001", json={"properties": {"vm": source}})
    assert begun.status_code == 201
    assert {"Location", "Retry-After"} & set(begun.headers) == set()
    url = begun.headers["Azure-AsyncOperation"]
    where = rf"{arm.url}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.DevTestLab/locations/westeurope/operations/"
    assert re.match(where + rf"\d{{8}}-{GUID}\?api-version=2018-09-15&t=\d{{18}}&c=[\w-]+&s=[\w-]+&h=[\w-]+$", url)
    assert 3000 < len(url) < 3600
    first, last = arm.call("GET", url), arm.call("GET", url)
    assert (first.status_code, first.content) == (200, b'{"status":"Running"}')
    assert (last.status_code, last.content) == (200, b'{"status":"Succeeded"}')

    was, now = begun.json()["properties"], arm.call("GET", f"{LAB}/customimages/image_000001").json()
    assert was["provisioningState"] == "Creating"
    assert now["name"] == "Image_000001"
    assert now["properties"] == {
        **was,
        "managedSnapshotId": f"/subscriptions/{SUBSCRIPTION}/resourcegroups/factory-rg/providers/microsoft.compute"
        "/snapshots/image_000001",
        "provisioningState": "Succeeded",
    }
    assert now["properties"]["vm"] == source


def test_an_empty_answer_has_no_type(arm: "RunningArm") -> None:
    answer = arm.call("DELETE", f"{TEAM}/customimages/old_image")
    assert (answer.status_code, answer.headers["Content-Length"], "Content-Type" in answer.headers) == (202, "0", False)
    assert "Retry-After" not in answer.headers
    assert answer.headers["Location"].replace("&monitor=true", "") != answer.headers["Location"]


def test_a_list_without_a_next_page_has_no_next_link(arm: "RunningArm") -> None:
    assert list(arm.call("GET", f"{TEAM}/customimages").json()) == ["value"]


def test_queries_are_understood_as_the_clients_really_send_them(arm: "RunningArm") -> None:
    found = arm.call(
        "GET", f"{LAB}/virtualmachines?api-version=2018-09-15&$filter=Properties%2FosType%20eq%20%27Linux%27"
    )
    assert len(found.json()["value"]) == 2
    lab = arm.call("GET", f"{LAB}?api-version=2018-09-15&$expand=properties%28%24select%3DdefaultStorageAccount%29")
    assert set(lab.json()["properties"]) == {"defaultStorageAccount"}


def test_a_view_of_a_deallocated_machine_has_disks_and_statuses_only(arm: "RunningArm") -> None:
    view = arm.call("GET", arm.resources.machines[0].compute_id + "/instanceView").json()
    assert set(view) - {"hyperVGeneration"} == {"disks", "statuses"}
    provisioning, power = view["statuses"]
    assert list(provisioning) == ["code", "level", "displayStatus", "time"]
    assert power == {"code": "PowerState/deallocated", "level": "Info", "displayStatus": "VM deallocated"}
    assert provisioning["displayStatus"] == "Provisioning succeeded"


@pytest.mark.parametrize(
    ("seconds", "status"), [(10, 202), (36_000, 202), (5_184_000, 202), (5_184_001, 400), (0, 400)]
)
def test_access_lasts_sixty_days_at_most(arm: "RunningArm", seconds: int, status: int) -> None:
    body = {"access": "Read", "durationInSeconds": seconds}
    disk = arm.resources.machines[0].disks[0]
    assert arm.call("POST", f"{disk.id}/beginGetAccess", json=body).status_code == status


def test_the_disk_of_a_running_machine_is_refused_in_the_recorded_words(arm: "RunningArm") -> None:
    machine = next(machine for machine in arm.resources.machines if machine.facts.name == "busy")
    body = {"access": "Read", "durationInSeconds": 60}
    answer = arm.call("POST", f"{machine.disks[0].id}/beginGetAccess", json=body)
    message = (
        f"Access not permitted because disk {machine.disks[0].name} is currently attached to running VM "
        f"{machine.compute_id}."
    )
    assert (answer.status_code, answer.json()) == (409, {"error": {"code": "Conflict", "message": message}})


def test_a_disk_tells_its_size_without_the_footer(arm: "RunningArm") -> None:
    disk = arm.call("GET", arm.resources.machines[0].disks[0].id).json()
    assert disk["properties"]["diskSizeBytes"] == 64 * 1024 * 1024
    assert {"name", "id", "type", "location", "sku", "managedBy", "properties"} == set(disk)
    assert {"creationData", "diskSizeGB", "diskState", "uniqueId", "LastOwnershipUpdateTime", "timeCreated"} <= set(
        disk["properties"]
    )
