"""How the real gateway takes refusals, pauses, lost answers and missing things. On the emulator alone."""

import traceback
from dataclasses import replace

import pytest

from shared.domain.errors import Conflict, Denied, GatewayError, NotFound, Refused, Throttled, Unavailable
from shared.domain.models import Catalogue, Lab
from shared.domain.storage import BlobRef
from shared.gateway.azure import AzureGateway
from shared.gateway.parallel import side_by_side
from tests.contract.azure import OWNER, SUBSCRIPTION, assert_no_wait, disk_of, fault, start_copy
from tests.contract.stages import EmulatedStage

pytestmark = pytest.mark.emulator


def test_a_pause_that_is_asked_for_is_not_slept_on(
    azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab
) -> None:
    fault(azure_stage, "CustomImages_List", path="TeamGreen", status=429, retryAfter=1200, times=None)
    with pytest.raises(Throttled) as caught:
        assert_no_wait(lambda: gateway.labs.custom_images(green))
    assert caught.value.retry_after == 1200


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
    start_copy(gateway, target.model_copy(update={"name": "first.vhd"}))  # makes the container
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
    fault(azure_stage, "Disks_GrantAccess", status=400, code="NetworkAccessDenied", message="x?sv=1&sig=s3cr3t%3D done")
    with pytest.raises(Refused, match="NetworkAccessDenied") as caught:
        gateway.disks.grant_read(disk, 3600)
    assert "s3cr3t" not in str(caught.value)


def test_no_error_of_a_copy_shows_its_source(azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab) -> None:
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


def test_a_factory_lab_that_is_not_there_names_the_settings(azure_stage: EmulatedStage) -> None:
    gateway = AzureGateway(replace(azure_stage.azure.addresses, lab="Nowhere"))
    with pytest.raises(NotFound, match="FACTORY_LAB_NAME") as caught:
        gateway.labs.factory()
    assert caught.value.code == "factory-lab-not-found"


def test_a_machine_that_is_deleted_meanwhile_has_no_power_state(
    azure_stage: EmulatedStage, gateway: AzureGateway
) -> None:
    fault(azure_stage, "VirtualMachines_Get", path="/exported$", status=404, code="ResourceNotFound")
    seen = next(vm for vm in gateway.labs.source_vms() if vm.name == "exported")
    assert (seen.power_state, seen.disk) == (None, None)


def test_an_image_that_is_deleted_meanwhile_is_deleted(
    azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab
) -> None:
    fault(azure_stage, "CustomImages_Delete", path="Vanished", status=404, code="ResourceNotFound")
    gateway.labs.delete_image(green, "Vanished")


def test_a_lab_without_saved_images_has_an_empty_catalogue(azure_stage: EmulatedStage) -> None:
    gateway = AzureGateway(replace(azure_stage.azure.addresses, resource_group="team-green", lab="TeamGreen"))
    assert gateway.vhds.catalogue() == Catalogue()


def test_a_record_of_absurd_size_is_not_read(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    azure_stage.upload(gateway.vhds.image_storage("absurd.json"), b" " * 70_000)
    finding = next(each for each in gateway.vhds.catalogue().findings if each.path == "absurd.json")
    assert "70000 bytes" in finding.message


def test_a_record_that_is_retired_meanwhile_is_left_out(azure_stage: EmulatedStage, gateway: AzureGateway) -> None:
    azure_stage.upload(gateway.vhds.image_storage("retired.json"), b"{}")
    fault(azure_stage, "Get Blob", path="retired.json", status=404, code="BlobNotFound")
    assert "retired.json" not in {finding.path for finding in gateway.vhds.catalogue().findings}


def test_ending_a_copy_may_be_refused(azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab) -> None:
    target = BlobRef(account=green.account, container="imagefactory-staging", name="leased.vhd")
    fault(azure_stage, "Abort Copy Blob", path="leased.vhd", status=409, code="LeaseIdMissing")
    with pytest.raises(Conflict, match="LeaseIdMissing"):
        gateway.vhds.abort_copy(target, "7e0c4ad2-6b8c-4f3e-9d55-000000000001")


def test_a_vhd_that_is_gone_when_it_is_deleted_is_success(
    azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab
) -> None:
    target = BlobRef(account=green.account, container="imagefactory-staging", name="deleted-before.vhd")
    fault(azure_stage, "Delete Blob", path="deleted-before.vhd", status=404, code="BlobNotFound")
    gateway.vhds.delete(target, '"0x1"')


def test_containers_and_queue_are_made_by_the_first_writes(azure_stage: EmulatedStage) -> None:
    account = azure_stage.azure.world.hub_accounts["eastus2"]
    gateway = AzureGateway(
        replace(
            azure_stage.azure.addresses,
            app_blob=f"{azure_stage.azure.cloud.blob}/{account}",
            app_queue=f"{azure_stage.azure.cloud.queue}/{account}",
        )
    )
    documents = gateway.documents
    assert (documents.labs_file(), documents.run_ids(), documents.names("runs/")) == (None, [], [])
    assert documents.read("runs/a/plan.json") is None
    documents.delete("runs/a/plan.json")
    side_by_side(lambda number: documents.write(f"runs/a/{number}.json", b"{}"), range(8))
    assert len(documents.names("runs/a/")) == 8
    side_by_side(lambda number: gateway.notices.send(f"{number}"), range(4))


def test_a_container_that_is_being_deleted_asks_for_a_pause(
    azure_stage: EmulatedStage, gateway: AzureGateway, green: Lab
) -> None:
    fault(azure_stage, "Create Container", path="going-away", status=409, code="ContainerBeingDeleted")
    with pytest.raises(Throttled) as caught:
        start_copy(gateway, BlobRef(account=green.account, container="going-away", name="x.vhd"))
    assert caught.value.code == "being-deleted"


def test_an_empty_and_an_oversized_labs_json_are_read(azure_stage: EmulatedStage, green: Lab) -> None:
    place = BlobRef(account=green.account, container="image-factory", name="labs.json")
    app_blob = f"{azure_stage.azure.cloud.blob}/{green.account}"
    documents = AzureGateway(replace(azure_stage.azure.addresses, app_blob=app_blob)).documents
    azure_stage.upload(place, b"")
    empty = documents.labs_file()
    azure_stage.upload(place, b" " * (1024 * 1024 + 5))
    big = documents.labs_file()
    assert empty is not None
    assert empty.content == b""
    assert big is not None
    assert len(big.content) == 1024 * 1024 + 1


def test_no_labs_json_is_none(azure_stage: EmulatedStage, green: Lab) -> None:
    azure_stage.upload(BlobRef(account=green.account, container="image-factory", name="other.json"), b"{}")
    app_blob = f"{azure_stage.azure.cloud.blob}/{azure_stage.azure.world.hub_accounts['eastus2']}"
    assert AzureGateway(replace(azure_stage.azure.addresses, app_blob=app_blob)).documents.labs_file() is None
