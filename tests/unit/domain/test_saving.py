"""Which machines are saved, under which names, and why the others are not."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.domain.models import Only, PlannedSave, SavedImage, Severity, SourceVm
from shared.domain.saving import plan_saves, record_of, would_be
from tests.unit.domain.factory_facts import BEFORE, GIB, NOW, a_catalogue, a_disk, a_run, a_vm, an_image


def save_of(vm: SourceVm, *images: SavedImage) -> PlannedSave:
    saves, _ = plan_saves([vm], a_catalogue(*images), a_run())
    return saves[0]


def names_of(*vms: SourceVm, images: tuple[SavedImage, ...] = ()) -> list[str | None]:
    return [save.image_name for save in plan_saves(vms, a_catalogue(*images), a_run())[0]]


def saved_from(vm: SourceVm, **facts: object) -> SavedImage:
    assert vm.disk is not None
    known = {
        "image_path": "WIN/server.json",
        "os_state": vm.os_state,
        "source_disk_unique_id": vm.disk.unique_id,
        "source_disk_ownership_time": vm.disk.ownership_time,
    }
    return an_image(**{**known, **facts})  # type: ignore[arg-type]


def test_prepared_machine_is_saved_under_a_name_of_the_runs_day() -> None:
    save = save_of(a_vm(description="Base", os_state="Specialized"))
    assert (save.action, save.reason, save.image_path) == ("save", None, "Win/Server.json")
    assert save.image_name == "Win_Server-Nov-23-2026"
    assert (save.description, save.os_state, save.disk) == ("Base", "Specialized", a_disk())
    assert save.record_id


@pytest.mark.parametrize(
    ("vm", "reason"),
    [
        (a_vm(image_path=None), "no-image-path"),
        (a_vm(image_path="/"), "no-image-path"),
        (a_vm(provisioning_state="Failed"), "not-succeeded"),
        (a_vm(power_state="running"), "not-deallocated"),
        (a_vm(power_state="stopped"), "not-deallocated"),
        (a_vm(power_state=None), "not-deallocated"),
        (a_vm(os_state=None), "unknown-image-state"),
        (a_vm(disk=None), "no-managed-disk"),
        (a_vm(disk=a_disk(generation="V2")), "gen2"),
    ],
)
def test_machine_that_cannot_become_an_image_is_skipped_with_its_reason(vm: SourceVm, reason: str) -> None:
    save = save_of(vm)
    assert (save.action, save.reason, save.image_name) == ("skip", reason, None)


def test_machine_that_nothing_happened_to_is_not_saved_twice() -> None:
    vm = a_vm()
    assert save_of(vm, saved_from(vm)).reason == "already-saved"


@pytest.mark.parametrize(
    "facts",
    [
        {"source_disk_ownership_time": BEFORE + timedelta(minutes=1)},
        {"source_disk_ownership_time": None},
        {"source_disk_unique_id": "disk-2"},
        {"os_state": "Specialized"},
        {"image_path": "Win/Other.json"},
        {"present": False},
    ],
)
def test_machine_is_saved_again_when_anything_differs(facts: dict[str, object]) -> None:
    vm = a_vm()
    assert save_of(vm, saved_from(vm, **facts)).action == "save"


def test_machine_is_saved_when_the_service_gives_no_ownership_time() -> None:
    vm = a_vm(disk=a_disk(ownership_time=None))
    assert save_of(vm, saved_from(vm)).action == "save"


def test_second_save_on_one_day_gets_the_next_letter() -> None:
    taken = (an_image(1, image_name="WIN_Server-Nov-23-2026"), an_image(2, image_name="Win_Server-Nov-23-2026A"))
    assert names_of(a_vm(), images=taken) == ["Win_Server-Nov-23-2026B"]


def test_day_is_that_of_the_runs_start_in_utc() -> None:
    late = a_run().model_copy(update={"started_at": datetime(2026, 11, 23, 22, tzinfo=timezone(timedelta(hours=-8)))})
    saves, _ = plan_saves([a_vm()], a_catalogue(), late)
    assert saves[0].image_name == "Win_Server-Nov-24-2026"


def test_machines_with_the_same_tag_are_both_saved_and_named_in_a_warning() -> None:
    saves, findings = plan_saves([a_vm("vm2"), a_vm("vm1", "win/server.json")], a_catalogue(), a_run())
    assert [(save.vm, save.image_name) for save in saves] == [
        ("vm1", "win_server-Nov-23-2026"),
        ("vm2", "Win_Server-Nov-23-2026A"),
    ]
    assert [(each.code, each.severity) for each in findings] == [("image-path-twice", Severity.WARNING)]
    assert "vm1, vm2" in findings[0].message
    assert "image of vm2 is delivered" in findings[0].message


def test_image_paths_that_share_a_name_are_refused_with_one_error() -> None:
    vms = [a_vm("vm1", "A/Win/X.json"), a_vm("vm2", "B\\win\\x.json"), a_vm("vm3", "C/Linux/X.json")]
    saves, findings = plan_saves(vms, a_catalogue(), a_run())
    assert [(save.vm, save.reason) for save in saves] == [
        ("vm1", "name-collision"),
        ("vm2", "name-collision"),
        ("vm3", None),
    ]
    assert [(each.code, each.severity) for each in findings] == [("name-collision", Severity.ERROR)]
    assert all(text in findings[0].message for text in ("vm1", "A/Win/X.json", "vm2", "Rename"))


def test_error_about_a_shared_name_names_every_machine_that_it_stops() -> None:
    vms = [a_vm("g1", "A/B.json"), a_vm("g2", "A_B.json"), a_vm("g3", "a\\b.JSON")]
    saves, (finding,) = plan_saves(vms, a_catalogue(), a_run())
    assert {save.reason for save in saves} == {"name-collision"}
    assert "g1 (A/B.json), g2 (A_B.json), g3 (a/b.JSON)." in finding.message


def test_data_disks_are_warned_of_where_the_machine_is_saved() -> None:
    vms = [a_vm("vm1", data_disks=2), a_vm("vm2", "Win/Other.json", data_disks=1, power_state="running")]
    _, findings = plan_saves(vms, a_catalogue(), a_run())
    assert [(each.code, each.severity) for each in findings] == [("data-disks", Severity.WARNING)]
    assert "vm1 has 2 data disks" in findings[0].message


def test_second_call_plans_the_same_even_after_a_record_of_this_run_was_written() -> None:
    run = a_run()
    first, _ = plan_saves([a_vm()], a_catalogue(), run)
    written = would_be(a_catalogue(), first, run)
    assert plan_saves([a_vm()], written, run)[0] == first


def test_run_that_does_not_save_has_no_saves() -> None:
    assert plan_saves([a_vm()], a_catalogue(), a_run(save=False)) == ((), ())


def test_run_for_certain_images_leaves_out_the_other_machines() -> None:
    run = a_run(only=Only(images=("win",)))
    saves, _ = plan_saves([a_vm("vm1"), a_vm("vm2", "Linux/X"), a_vm("vm3", None)], a_catalogue(), run)
    assert [save.vm for save in saves] == ["vm1"]


def test_record_says_what_the_image_was_made_from() -> None:
    run = a_run()
    save = save_of(a_vm(os_type="Linux"))
    record = record_of(save, run)
    assert record.vhd_file_name == f"{save.record_id}.vhd"
    assert (record.timestamp, record.run_id, record.source_vm, record.format_version) == (NOW, run.id, "vm1", 2)
    assert (record.source_disk_unique_id, record.source_disk_ownership_time) == ("disk-1", BEFORE)
    assert (record.size_bytes, record.os_type) == (127 * GIB + 512, "Linux")
    with pytest.raises(ValueError, match="vm2"):
        record_of(PlannedSave(vm="vm2", action="skip"), run)


def test_dry_run_sees_the_catalogue_as_it_would_be() -> None:
    run = a_run(dry_run=True)
    saves, _ = plan_saves([a_vm(), a_vm("vm2", None)], a_catalogue(), run)
    images = would_be(a_catalogue(an_image()), saves, run).images
    assert [image.record.image_name for image in images] == ["Image1", "Win_Server-Nov-23-2026"]
    assert images[1].size_bytes == 127 * GIB + 512
    assert images[1].record.timestamp.tzinfo is UTC
