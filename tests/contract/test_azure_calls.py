"""What the real gateway asks of Azure: how many calls, how it retries, how it takes refusals. On the emulator alone."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from shared.domain.errors import Conflict, Denied, FactoryError, GatewayError, NotFound, Refused, Throttled, Unavailable
from shared.domain.models import BlobRef, CopyOwner, CopyStatus, Lab, NewImage
from shared.gateway.azure import AzureGateway
from tests.contract.stages import EmulatedStage, wait_until

pytestmark = pytest.mark.emulator

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
OWNER = CopyOwner(factory="f", run_id="20261123T030000Z-0a1b2c", source="a-record")


def asked(stage: EmulatedStage, call: Callable[[], object], service: str = "arm") -> list[str]:
    """The operations that a call costs at a service, in order; tokens are had before."""
    before = len(stage.azure.ledger()["requests"])
    call()
    return [entry["operation"] for entry in stage.azure.ledger()["requests"][before:] if entry["service"] == service]


@pytest.fixture
def gateway(azure_stage: EmulatedStage) -> AzureGateway:
    """A gateway that knows its factory lab already."""
    gateway = AzureGateway(azure_stage.azure.addresses)
    gateway.labs.factory()
    return gateway


@pytest.fixture
def green(gateway: AzureGateway) -> Lab:
    lab = gateway.labs.find(SUBSCRIPTION, "team-green", "TeamGreen")
    assert lab is not None
    return lab


def fault(stage: EmulatedStage, operation: str, *, path: str | None = None, **effect: Any) -> None:
    match = {"operation": operation} | ({"path": path} if path else {})
    stage.azure.add_fault({"match": match, **effect})


def image_of(vhd: BlobRef, name: str) -> NewImage:
    return NewImage(
        name=name,
        image_path="Linux/Ubuntu.json",
        record_id="5e0f6a52-0000-4000-8000-00000000000b",
        run_id="20261123T030000Z-0a1b2c",
        vhd=vhd,
        os_type="Linux",
        os_state="Specialized",
    )


def disk_of(gateway: AzureGateway, vm: str) -> str:
    disk = next(seen.disk for seen in gateway.labs.source_vms() if seen.name == vm)
    assert disk is not None
    return disk.id


def start_copy(gateway: AzureGateway, target: BlobRef) -> None:
    saved = next(image for image in gateway.vhds.catalogue().images if image.record.image_path == "Linux\\Ubuntu.json")
    url = gateway.vhds.read_url(gateway.vhds.image_storage(saved.record.vhd_file_name), 3600)
    gateway.vhds.start_copy(url, target, OWNER)


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
    wait_until(azure_stage, lambda: _status(gateway, target) is CopyStatus.SUCCESS)
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
    from urllib.parse import parse_qs, urlsplit

    url = gateway.vhds.read_url(gateway.vhds.image_storage("any.vhd"), 3600).get_secret_value()
    query = parse_qs(urlsplit(url).query)
    assert (query["sp"], query["sr"], query["spr"]) == (["r"], ["b"], ["https"])
    assert "skoid" in query


def test_the_catalogue_costs_one_list_and_one_read_a_record(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    operations = asked(azure_stage, gateway.vhds.catalogue, "blob")
    records = len(gateway.vhds.catalogue().images) + len(gateway.vhds.catalogue().findings)
    assert operations.count("List Blobs") == 1
    assert len(operations) == 1 + records


def test_a_pause_that_is_asked_for_is_not_slept_on(
    azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab
) -> None:
    fault(azure_stage, "CustomImages_List", path="TeamGreen", status=429, retryAfter=1200, times=None)
    with pytest.raises(Throttled) as caught:
        assert_no_wait(lambda: gateway.labs.custom_images(green))
    assert caught.value.retry_after == 1200


def assert_no_wait(call: Callable[[], object]) -> None:
    """Calls in a thread of its own; a client that sleeps does not come back in time."""
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except FactoryError as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "it sleeps as long as the service asked"
    raise outcome[0]


def test_a_busy_storage_account_is_throttling(azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab) -> None:
    target = BlobRef(account=green.account, container="imagefactory-staging", name="busy.vhd")
    fault(azure_stage, "Get Blob Properties", path="busy.vhd", status=503, code="ServerBusy", times=None)
    with pytest.raises(Throttled):
        gateway.vhds.state(target)


def test_a_passing_failure_of_the_service_is_retried(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    fault(azure_stage, "Labs_Get", path="TeamRed", status=500, times=2)
    found = gateway.labs.find("c3d2e8b4-90a6-4c57-8b1d-5e7f4a9d2c02", "team-red", "TeamRed")
    assert found is not None


def test_a_lasting_failure_of_the_service_is_unavailable(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    fault(azure_stage, "Labs_Get", path="DownLab", status=500, times=None)
    with pytest.raises(Unavailable, match="DownLab") as caught:
        gateway.labs.find(SUBSCRIPTION, "team-down", "DownLab")
    assert caught.value.status == 500


def test_a_dropped_connection_is_retried_and_then_unavailable(
    azure_stage: EmulatedStage, gateway: AzureGateway
) -> None:
    fault(azure_stage, "Labs_Get", path="LostLab", reset=True, times=1)
    assert gateway.labs.find(SUBSCRIPTION, "team-lost", "LostLab") is None
    fault(azure_stage, "Labs_Get", path="GoneLab", reset=True, times=None)
    with pytest.raises(Unavailable):
        gateway.labs.find(SUBSCRIPTION, "team-gone", "GoneLab")


def test_a_missing_role_is_named(azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab) -> None:
    target = BlobRef(account=green.account, container="imagefactory-staging", name="denied.vhd")
    fault(azure_stage, "Copy Blob", path="denied.vhd", status=403, code="AuthorizationPermissionMismatch")
    with pytest.raises(Denied, match=f"Storage Blob Data Contributor on the account {green.account}") as caught:
        start_copy(gateway, target)
    assert (caught.value.code, caught.value.status) == ("denied", 403)


def test_a_copy_whose_answer_was_lost_is_found_by_its_owner(
    azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab
) -> None:
    target = BlobRef(account=green.account, container="imagefactory-staging", name="lost-answer.vhd")
    fault(azure_stage, "Copy Blob", path="lost-answer.vhd", lostAnswer=True)
    with pytest.raises(Conflict) as caught:
        start_copy(gateway, target)
    assert caught.value.code == "blob-exists"
    state = gateway.vhds.state(target)
    assert state is not None
    assert state.owner == OWNER


def test_a_document_whose_answer_was_lost_counts_as_created(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    fault(azure_stage, "Put Blob", path="lost/request.json", lostAnswer=True)
    assert gateway.documents.create("runs/lost/request.json", b"mine") is True


def test_a_refused_grant_says_why_and_holds_no_signature(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    disk = disk_of(gateway, "ubuntu")
    fault(azure_stage, "Disks_GrantAccess", status=400, code="NetworkAccessDenied", message="x?sv=1&sig=abc%3D done")
    with pytest.raises(Refused, match="NetworkAccessDenied") as caught:
        gateway.disks.grant_read(disk, 3600)
    assert "abc" not in str(caught.value)


def test_no_error_of_a_copy_shows_its_source(azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab) -> None:
    import traceback

    target = BlobRef(account=green.account, container="imagefactory-staging", name="shown.vhd")
    url = gateway.vhds.read_url(gateway.vhds.image_storage("nowhere.vhd"), 3600)
    with pytest.raises(NotFound) as caught:
        gateway.vhds.start_copy(url, target, OWNER)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "sig=" not in shown
    assert caught.value.__cause__ is None


def test_an_identity_that_gives_no_token_is_not_signed_in(
    azure_stage: EmulatedStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    with pytest.raises(GatewayError) as caught:
        AzureGateway(azure_stage.azure.addresses).labs.factory()
    assert (type(caught.value), caught.value.code) == (Denied, "not-signed-in")


def _status(gateway: AzureGateway, place: BlobRef) -> CopyStatus | None:
    state = gateway.vhds.state(place)
    return state.copy_status if state else None
