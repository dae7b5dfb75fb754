"""The labs, their machines and their custom images, as `port.Labs` promises them."""

from collections.abc import Callable

import pytest

from shared.domain.errors import Conflict, NotFound, Refused
from shared.domain.models import Lab, SourceVm
from shared.domain.storage import BlobRef, CopyOwner, NewImage
from tests.contract.stages import Stage, lab_of, wait_until

FACTORY_SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
OTHER_SUBSCRIPTION = "c3d2e8b4-90a6-4c57-8b1d-5e7f4a9d2c02"
Places = Callable[[str], BlobRef]


def vm(stage: Stage, name: str) -> SourceVm:
    return next(vm for vm in stage.gateway.labs.source_vms() if vm.name == name)


def copied(stage: Stage, target: BlobRef) -> BlobRef:
    """A finished copy of the smallest saved image."""
    gateway = stage.gateway
    saved = min((image for image in gateway.vhds.catalogue().images if image.vhd_present), key=lambda i: i.size_bytes)
    url = gateway.vhds.read_url(gateway.vhds.image_storage(saved.record.vhd_file_name), 3600)
    gateway.vhds.start_copy(url, target, CopyOwner(factory="f", run_id="r", source=saved.id))
    wait_until(stage, lambda: (state := gateway.vhds.state(target)) is not None and state.copy_status == "success")
    return target


def new_image(name: str, vhd: BlobRef) -> NewImage:
    return NewImage(
        name=name,
        image_path="Linux/Ubuntu.json",
        record_id="5e0f6a52-0000-4000-8000-00000000000a",
        run_id="20261123T030000Z-0a1b2c",
        vhd=vhd,
        os_type="Linux",
        os_state="Generalized",
        description="A test's image",
    )


def state_of(stage: Stage, lab: Lab, name: str) -> str | None:
    image = stage.gateway.labs.custom_image(lab, name)
    return image.provisioning_state if image else None


def test_the_factory_lab_is_found_with_its_region_and_account(stage: Stage) -> None:
    factory = stage.gateway.labs.factory()
    assert factory.name == "ImageFactory"
    assert factory.region == "westeurope"
    assert factory.account
    assert factory.id == factory.id.lower()
    assert factory.id.endswith("/resourcegroups/image-factory/providers/microsoft.devtestlab/labs/imagefactory")


def test_a_subscription_lists_all_its_labs(stage: Stage) -> None:
    labs = stage.gateway.labs
    assert [lab.name for lab in labs.in_subscription(FACTORY_SUBSCRIPTION)] == ["ImageFactory", "TeamBlue", "TeamGreen"]
    assert [(lab.name, lab.subscription_id) for lab in labs.in_subscription(OTHER_SUBSCRIPTION)] == [
        ("TeamRed", OTHER_SUBSCRIPTION)
    ]


def test_a_lab_is_found_by_its_group_whatever_the_case(stage: Stage) -> None:
    listed = stage.gateway.labs.in_subscription(FACTORY_SUBSCRIPTION)
    found = stage.gateway.labs.find(FACTORY_SUBSCRIPTION, "TEAM-blue", "teamBLUE")
    assert found in listed


def test_a_missing_lab_is_none(stage: Stage) -> None:
    assert stage.gateway.labs.find(FACTORY_SUBSCRIPTION, "team-blue", "Nowhere") is None


def test_machines_are_listed_by_name(stage: Stage) -> None:
    names = [vm.name for vm in stage.gateway.labs.source_vms()]
    assert names == ["agent", "exported", "halfmade", "jumpbox", "patched", "ubuntu", "unmanaged", "win2022"]


def test_a_tagged_machine_shows_all_that_a_save_needs(stage: Stage) -> None:
    seen = vm(stage, "win2022")
    assert (seen.image_path, seen.power_state, seen.os_type, seen.os_state) == (
        "Win2022\\Datacenter.json",
        "deallocated",
        "Windows",
        "Generalized",
    )
    assert (seen.description, seen.data_disks) == ("Windows Server 2022", 2)
    assert seen.disk is not None
    assert (seen.disk.size_bytes, seen.disk.generation) == (16 * 1024 * 1024, "V1")
    assert seen.disk.unique_id
    assert seen.disk.ownership_time is not None


def test_a_running_specialized_second_generation_machine_is_seen_as_such(stage: Stage) -> None:
    seen = vm(stage, "agent")
    assert (seen.power_state, seen.os_state) == ("running", "Specialized")
    assert seen.disk is not None
    assert seen.disk.generation == "V2"


def test_machines_without_tag_or_half_made_are_not_asked_for_more(stage: Stage) -> None:
    jumpbox, halfmade = vm(stage, "jumpbox"), vm(stage, "halfmade")
    assert (jumpbox.image_path, jumpbox.power_state, jumpbox.disk) == (None, None, None)
    assert (halfmade.provisioning_state, halfmade.power_state, halfmade.disk) == ("Failed", None, None)


def test_a_machine_without_managed_disk_has_a_power_state_and_no_disk(stage: Stage) -> None:
    seen = vm(stage, "unmanaged")
    assert (seen.power_state, seen.disk) == ("deallocated", None)


def test_a_start_and_a_deallocation_move_the_ownership_time_of_the_same_disk(stage: Stage) -> None:
    before = vm(stage, "patched").disk
    stage.turn("patched", "start")
    started = vm(stage, "patched")
    stage.turn("patched", "deallocate")
    after = vm(stage, "patched").disk
    assert started.power_state == "running"
    assert before is not None
    assert after is not None
    assert before.unique_id == after.unique_id
    assert before.ownership_time is not None
    assert after.ownership_time is not None
    assert before.ownership_time < after.ownership_time


def test_custom_images_show_their_state_and_our_tags(stage: Stage, blue: Lab) -> None:
    seeded = {"Ours", "Broken", "HandMade"}
    images = [image for image in stage.gateway.labs.custom_images(blue) if image.name in seeded]
    assert [(image.name, image.image_path, image.record_id, image.provisioning_state) for image in images] == [
        ("Broken", "Win2016\\Datacenter.json", None, "Failed"),
        ("HandMade", None, None, "Succeeded"),
        ("Ours", "Win2016\\Datacenter.json", "5e0f6a52-0000-4000-8000-000000000001", "Succeeded"),
    ]


def test_the_images_of_a_lab_that_is_gone_are_not_found(stage: Stage, blue: Lab) -> None:
    gone = blue.model_copy(update={"id": blue.id + "x", "name": "TeamBluex"})
    with pytest.raises(NotFound, match="TeamBluex"):
        stage.gateway.labs.custom_images(gone)


def test_a_missing_custom_image_is_none(stage: Stage, blue: Lab) -> None:
    assert stage.gateway.labs.custom_image(blue, "Nothing") is None


def test_a_custom_image_is_made_from_a_staged_vhd_and_carries_our_tags(stage: Stage, blue: Lab, staged: Places) -> None:
    stage.gateway.labs.create_image(blue, new_image("Made-Nov-23-2026", copied(stage, staged("made"))))
    assert state_of(stage, blue, "Made-Nov-23-2026") in ("Creating", "Succeeded")
    wait_until(stage, lambda: state_of(stage, blue, "Made-Nov-23-2026") == "Succeeded")
    made = stage.gateway.labs.custom_image(blue, "made-nov-23-2026")
    assert made is not None
    assert (made.image_path, made.record_id) == ("Linux\\Ubuntu.json", "5e0f6a52-0000-4000-8000-00000000000a")
    assert made.created_at is not None
    assert abs((made.created_at - stage.gateway.clock.now()).total_seconds()) < 600


def test_the_same_image_asked_for_twice_is_made_once(stage: Stage, blue: Lab, staged: Places) -> None:
    image = new_image("Twice", copied(stage, staged("twice")))
    stage.gateway.labs.create_image(blue, image)
    stage.gateway.labs.create_image(blue, image)
    wait_until(stage, lambda: state_of(stage, blue, "Twice") == "Succeeded")


def test_a_name_that_is_taken_by_another_image_is_a_conflict(stage: Stage, blue: Lab, staged: Places) -> None:
    with pytest.raises(Conflict, match="HandMade") as caught:
        stage.gateway.labs.create_image(blue, new_image("HandMade", copied(stage, staged("taken"))))
    assert caught.value.code == "image-exists"


def test_a_failed_image_cannot_be_made_over(stage: Stage, blue: Lab, staged: Places) -> None:
    with pytest.raises(Conflict) as caught:
        stage.gateway.labs.create_image(blue, new_image("Broken", copied(stage, staged("failed"))))
    assert caught.value.code == "image-exists"


def test_a_vhd_in_another_account_is_refused(stage: Stage, blue: Lab) -> None:
    foreign = stage.gateway.vhds.image_storage("anything.vhd")
    with pytest.raises(Refused, match="account of the lab") as caught:
        stage.gateway.labs.create_image(blue, new_image("Foreign", foreign))
    assert caught.value.code == "wrong-account"
    assert stage.gateway.labs.custom_image(blue, "Foreign") is None


def test_an_image_of_a_missing_vhd_ends_failed(stage: Stage, blue: Lab, staged: Places) -> None:
    stage.gateway.labs.create_image(blue, new_image("Hollow", staged("never-copied")))
    wait_until(stage, lambda: state_of(stage, blue, "Hollow") == "Failed")


def test_an_image_in_a_lab_that_is_gone_is_not_found(stage: Stage, blue: Lab, staged: Places) -> None:
    gone = blue.model_copy(update={"id": blue.id + "x", "name": "TeamBluex"})
    with pytest.raises(NotFound):
        stage.gateway.labs.create_image(gone, new_image("Lost", staged("lost")))


def test_a_deleted_image_goes_and_deleting_it_again_is_success(stage: Stage) -> None:
    green = lab_of(stage, FACTORY_SUBSCRIPTION, "team-green", "TeamGreen")
    place = BlobRef(account=green.account, container="imagefactory-staging", name="deleted.vhd")
    stage.gateway.labs.create_image(green, new_image("Passing", copied(stage, place)))
    wait_until(stage, lambda: state_of(stage, green, "Passing") == "Succeeded")
    stage.gateway.labs.delete_image(green, "Passing")
    assert state_of(stage, green, "Passing") in ("Deleting", None)
    wait_until(stage, lambda: state_of(stage, green, "Passing") is None)
    stage.gateway.labs.delete_image(green, "Passing")
