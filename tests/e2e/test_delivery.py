"""What a run leaves in the labs: custom images of real VHDs, each region crossed once, nothing staged or granted."""

import hashlib
import json
import ssl
import urllib.request
from typing import Any

import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.compute.models import GrantAccessData

from tests.e2e import worlds
from tests.e2e.running import IMAGES, RunningFactory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

LABS = worlds.wanted(Blue=["Win2022"], Red=["Win2022", "Linux/Ubuntu.json"], Green=["Win2022", "Linux"])
WANTED = {
    "Blue": {"Win2022\\Datacenter.json"},
    "Red": {"Win2022\\Datacenter.json", "Linux\\Ubuntu.json"},
    "Green": {"Win2022\\Datacenter.json", "Linux\\Ubuntu.json"},
}


@pytest.fixture(scope="module")
def report(factory: RunningFactory) -> dict[str, Any]:
    """The report of the one run that these tests look at."""
    return factory.app.run({"labs": LABS})


def records(factory: RunningFactory) -> dict[str, dict[str, Any]]:
    """The records in the image storage by id."""
    container = factory.stores.container(factory.azure.world.factory_lab.artifacts_account, IMAGES)
    names = [name for name in factory.stores.saved_images() if name.endswith(".json")]
    return {name.removesuffix(".json"): json.loads(container.download_blob(name).readall()) for name in names}


def source_disks(factory: RunningFactory) -> dict[str, dict[str, Any]]:
    """The OS disk of each machine as the emulated Azure has it, by the machine's name."""
    state = factory.azure.state()
    disks = {disk["id"]: disk for disk in state["disks"]}
    return {vm["name"]: disks[vm["disks"][0]] for vm in state["vms"]}


def content_of_disk(factory: RunningFactory, disk_id: str) -> bytes:
    """All bytes of a managed disk, read through an access of the test's own, which is ended again."""
    azure = factory.azure
    _, _, subscription, _, group, *_, name = disk_id.split("/")
    options = {**factory.stores.options, "credential_scopes": ["https://management.azure.com/.default"]}
    with ComputeManagementClient(
        subscription_id=subscription, base_url=azure.cloud.arm, polling_interval=0, **options
    ) as compute:
        wanted = GrantAccessData(access="Read", duration_in_seconds=600)
        sas = compute.disks.begin_grant_access(group, name, wanted).result().access_sas
        assert sas is not None
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=azure.cloud.ca_file)),
        )
        try:
            with opener.open(sas, timeout=60) as answer:
                return bytes(answer.read())
        finally:
            compute.disks.begin_revoke_access(group, name).result()


def test_every_wanted_image_is_delivered(report: dict[str, Any]) -> None:
    assert report["status"] == "Succeeded"
    assert report["counts"]["saves"] == {"saved": 2}
    assert report["counts"]["deliveries"] == {"delivered": 5}
    assert report["counts"]["findings"] == {}


def test_custom_images_carry_the_image_path_with_backslashes(factory: RunningFactory, report: dict[str, Any]) -> None:
    for lab, paths in WANTED.items():
        assert {image["tags"]["ImagePath"] for image in factory.images(lab).values()} == paths


def test_custom_images_carry_the_record_that_they_are_made_from(
    factory: RunningFactory, report: dict[str, Any]
) -> None:
    known = records(factory)
    for lab in WANTED:
        for name, image in factory.images(lab).items():
            assert known[image["tags"]["ImageFactoryRecord"]]["imageName"] == name
            assert image["properties"]["provisioningState"] == "Succeeded"


def test_every_custom_image_is_made_from_the_disk_of_its_machine(
    factory: RunningFactory, report: dict[str, Any]
) -> None:
    known, disks = records(factory), source_disks(factory)
    footers = {disk["footerSha256"] for disk in disks.values()}
    assert len(footers) == len(disks)
    for lab in WANTED:
        for image in factory.images(lab).values():
            disk = disks[known[image["tags"]["ImageFactoryRecord"]]["sourceVm"]]
            assert image["source"]["footerSha256"] == disk["footerSha256"]
            assert image["source"]["sizeBytes"] == disk["sizeBytes"]


def test_every_saved_vhd_equals_its_disk_byte_by_byte(factory: RunningFactory, report: dict[str, Any]) -> None:
    container = factory.stores.container(factory.azure.world.factory_lab.artifacts_account, IMAGES)
    disks = source_disks(factory)
    for record in records(factory).values():
        vhd = container.download_blob(record["vhdFileName"]).readall()
        disk = content_of_disk(factory, disks[record["sourceVm"]]["id"])
        assert hashlib.sha256(vhd).hexdigest() == hashlib.sha256(disk).hexdigest()
        assert vhd[-512:].startswith(b"conectix")


def test_an_image_crosses_into_a_region_once(factory: RunningFactory, report: dict[str, Any]) -> None:
    crossed = factory.azure.ledger()["bytes"]["betweenRegions"]
    assert [(each["from"], each["to"], each["copies"]) for each in crossed] == [(worlds.HOME, worlds.AWAY, 1)] * 2
    assert sorted(each["imagePath"] for each in report["crossings"]) == ["Linux/Ubuntu.json", "Win2022/Datacenter.json"]


def test_labs_beside_a_hub_are_served_from_it(report: dict[str, Any]) -> None:
    sources = {each["lab"]: each["source"] for each in report["deliveries"]}
    assert sources["Green"] == "hub"
    assert sources["Blue"] in ("factory", "hub")


def test_nothing_stays_staged_and_no_access_stays_granted(factory: RunningFactory, report: dict[str, Any]) -> None:
    assert factory.stores.staged() == []
    assert factory.granted() == []
    assert not factory.stores.documents(f"runs/{report['runId']}/grants/")


def test_a_second_run_changes_nothing(factory: RunningFactory, report: dict[str, Any]) -> None:
    before = factory.azure.state()["labs"]
    again = factory.app.run({"labs": LABS})
    assert again["counts"]["saves"] == {"skipped": 2}
    assert again["counts"]["deliveries"] == {"already-present": 5}
    assert factory.azure.state()["labs"] == before


def test_a_dry_run_says_what_would_be_and_does_nothing(factory: RunningFactory, report: dict[str, Any]) -> None:
    before, copies = factory.azure.state(), len(factory.azure.ledger()["copies"])
    planned = factory.app.run({"labs": worlds.wanted(Blue=["Linux"]), "dryRun": True})
    assert planned["status"] == "Succeeded"
    assert [(each["lab"], each["outcome"]) for each in planned["deliveries"]] == [("Blue", "planned")]
    assert (factory.azure.state(), len(factory.azure.ledger()["copies"])) == (before, copies)
