"""What the real gateway asks of Azure, call by call. On the emulator alone, whose ledger counts."""

import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.domain.models import Lab
from shared.domain.storage import BlobRef, CopyStatus
from shared.gateway.azure import AzureGateway
from tests.contract.azure import SUBSCRIPTION, asked, disk_of, image_of, start_copy, status_of
from tests.contract.stages import EmulatedStage, wait_until

pytestmark = pytest.mark.emulator


def test_the_factory_lab_is_asked_for_once(azure_stage: EmulatedStage) -> None:
    gateway = AzureGateway(azure_stage.azure.addresses)
    assert asked(azure_stage, lambda: [gateway.labs.factory() for _ in range(3)]) == ["Labs_Get"]


def test_the_survey_costs_one_list_and_two_reads_a_tagged_machine(
    azure_stage: EmulatedStage, gateway: AzureGateway
) -> None:
    operations = asked(azure_stage, gateway.labs.source_vms)
    # Six machines are tagged and Succeeded, one of them without a managed disk.
    assert sorted(operations) == ["Disks_Get"] * 5 + ["LabVirtualMachines_List"] + ["VirtualMachines_Get"] * 6


def test_a_subscription_and_a_labs_images_cost_one_list_each(
    azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab
) -> None:
    assert asked(azure_stage, lambda: gateway.labs.in_subscription(SUBSCRIPTION)) == ["Labs_ListBySubscription"]
    assert asked(azure_stage, lambda: gateway.labs.custom_images(green)) == ["CustomImages_List"]


def test_a_grant_costs_one_post_and_few_polls_of_one_address(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    disk = disk_of(gateway, "ubuntu")
    operations = asked(azure_stage, lambda: gateway.disks.grant_read(disk, 3600))
    assert operations[0] == "Disks_GrantAccess"
    assert len(set(operations[1:])) == 1
    assert len(operations) <= 3
    assert asked(azure_stage, lambda: gateway.disks.revoke(disk)) == ["Disks_RevokeAccess"]


def test_images_begin_and_go_with_one_call_and_no_thread_that_polls_on(
    azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab
) -> None:
    target = BlobRef(account=green.account, container="imagefactory-staging", name="no-thread.vhd")
    start_copy(gateway, target)
    wait_until(azure_stage, lambda: status_of(gateway, target) is CopyStatus.SUCCESS)
    threads = set(threading.enumerate())
    image = image_of(target, "NoThread")
    assert asked(azure_stage, lambda: gateway.labs.create_image(green, image)) == ["CustomImages_CreateOrUpdate"]
    wait_until(azure_stage, lambda: gateway.labs.custom_image(green, "NoThread").provisioning_state == "Succeeded")  # type: ignore[union-attr]
    assert asked(azure_stage, lambda: gateway.labs.delete_image(green, "NoThread")) == ["CustomImages_Delete"]
    assert set(threading.enumerate()) == threads


def test_a_made_image_says_who_made_it_of_what(azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab) -> None:
    target = BlobRef(account=green.account, container="imagefactory-staging", name="said.vhd")
    gateway.labs.create_image(green, image_of(target, "Said"))
    images = next(lab["images"] for lab in azure_stage.azure.state()["labs"] if lab["id"] == green.id)
    made = next(image for image in images if image["name"] == "Said")
    assert made["properties"]["author"] == "Image Factory"
    assert made["properties"]["vhd"] == {
        "imageName": f"{azure_stage.azure.cloud.blob}/{green.account}/imagefactory-staging/said.vhd",
        "osType": "Linux",
        "sysPrep": False,
    }
    assert made["tags"] == {
        "ImagePath": "Linux\\Ubuntu.json",
        "ImageFactoryRecord": "5e0f6a52-0000-4000-8000-00000000000b",
        "ImageFactoryRun": "20261123T030000Z-0a1b2c",
    }


def test_one_delegation_key_serves_all_urls_of_an_account(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    def sign() -> None:
        for number in range(5):
            gateway.vhds.read_url(gateway.vhds.image_storage(f"{number}.vhd"), 6 * 24 * 3600)

    assert len(asked(azure_stage, sign, "blob")) == 1


def test_a_key_that_ends_too_early_is_replaced(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    vhd = gateway.vhds.image_storage("any.vhd")
    gateway.vhds.read_url(vhd, 3600)
    assert len(asked(azure_stage, lambda: gateway.vhds.read_url(vhd, 7 * 24 * 3600), "blob")) == 1


def test_a_read_url_reads_one_blob_over_https_and_cannot_write(gateway: AzureGateway) -> None:
    url = gateway.vhds.read_url(gateway.vhds.image_storage("any.vhd"), 3600).get_secret_value()
    query = parse_qs(urlsplit(url).query)
    assert (query["sp"], query["sr"], query["spr"]) == (["r"], ["b"], ["https"])
    assert "skoid" in query


def test_the_catalogue_costs_one_list_and_one_read_a_record(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    operations = asked(azure_stage, gateway.vhds.catalogue, "blob")
    records = len(gateway.vhds.catalogue().images) + len(gateway.vhds.catalogue().findings)
    assert operations.count("List Blobs") == 1
    assert len(operations) == 1 + records
