"""Which machines of the factory a run saves, under which names, and why it leaves the others alone."""

from collections.abc import Iterable, Sequence
from datetime import UTC

from shared.domain import image_names
from shared.domain.image_paths import Matcher, canonical, segments
from shared.domain.image_records import FORMAT_VERSION
from shared.domain.models import (
    Catalogue,
    Finding,
    ImageRecord,
    PlannedSave,
    Run,
    SavedImage,
    Severity,
    SourceVm,
)

VHD_FOOTER = 512  # bytes that a VHD has after its disk


def plan_saves(
    vms: Sequence[SourceVm], catalogue: Catalogue, run: Run
) -> tuple[tuple[PlannedSave, ...], tuple[Finding, ...]]:
    """Every machine of the factory, to be saved or skipped with its reason, by name; and what is suspicious about them.

    Mints every image name and record id from the run's start, so that a second call plans the same. A run that does
    not save has no saves; one for certain images leaves out the machines of others.
    """
    if not run.request.save:
        return (), ()
    machines = sorted(_asked_for(vms, run), key=lambda vm: vm.name.lower())
    earlier = [image for image in catalogue.images if image.record.run_id != run.id]
    refused, findings = _name_collisions(machines, run)
    taken = {image.record.image_name.lower() for image in earlier}
    saved = _states_saved(earlier)
    saves = []
    for vm in machines:
        reason = _reason_to_skip(vm, saved) or ("name-collision" if canonical(vm.image_path or "") in refused else None)
        save = _skip(vm, reason) if reason else _save(vm, run, taken)
        taken.add((save.image_name or "").lower())
        saves.append(save)
    chosen = [vm for vm, save in zip(machines, saves, strict=True) if save.action == "save"]
    return tuple(saves), (*findings, *_unreadable(machines), *_shared_paths(chosen), *_data_disks(chosen))


def would_be(catalogue: Catalogue, saves: Iterable[PlannedSave], run: Run) -> Catalogue:
    """The catalogue as it would be after these saves: what a dry run plans its deliveries over."""
    images = [
        SavedImage(id=save.record_id, record=record_of(save, run), size_bytes=save.disk.size_bytes + VHD_FOOTER)
        for save in saves
        if save.action == "save" and save.record_id and save.disk
    ]
    return catalogue.model_copy(update={"images": (*catalogue.images, *images)})


def record_of(save: PlannedSave, run: Run) -> ImageRecord:
    """The record of a machine that the plan saves; its time is the run's start, as its name says."""
    if save.disk is None or save.image_name is None or save.image_path is None:
        raise ValueError(f"the plan does not save {save.vm}")
    return ImageRecord(
        image_name=save.image_name,
        image_path=save.image_path,
        description=save.description,
        os_type=save.os_type,
        vhd_file_name=image_names.vhd_name(save.record_id or ""),
        timestamp=run.started_at,
        format_version=FORMAT_VERSION,
        os_state=save.os_state,
        source_vm=save.vm,
        source_disk_unique_id=save.disk.unique_id,
        source_disk_ownership_time=save.disk.ownership_time,
        size_bytes=save.disk.size_bytes + VHD_FOOTER,
        hyper_v_generation=save.disk.generation,
        run_id=run.id,
    )


def _asked_for(vms: Sequence[SourceVm], run: Run) -> list[SourceVm]:
    only = run.request.only
    if only is None or not only.images:
        return list(vms)
    matcher = Matcher(only.images)
    return [vm for vm in vms if vm.image_path and matcher.wanted(vm.image_path)]


_State = tuple[str, str, str | None, object]


def _states_saved(images: Iterable[SavedImage]) -> frozenset[_State]:
    """What complete records say about the disks they were made from."""
    return frozenset(
        (
            canonical(image.record.image_path),
            image.record.os_state,
            image.record.source_disk_unique_id,
            image.record.source_disk_ownership_time,
        )
        for image in images
        if image.vhd_present and image.record.source_disk_unique_id and image.record.source_disk_ownership_time
    )


def _reason_to_skip(vm: SourceVm, saved: frozenset[_State]) -> str | None:
    if not canonical(vm.image_path or ""):
        return "no-image-path"
    if vm.provisioning_state.lower() != "succeeded":
        return "not-succeeded"
    if vm.os_state is None:
        return "unknown-image-state"
    if vm.problem is not None:
        return "vm-unreadable"
    if (vm.power_state or "").lower() != "deallocated":
        return "not-deallocated"
    if vm.disk is None:
        return "no-managed-disk"
    if vm.disk.generation == "V2":
        return "gen2"
    # The unique id alone stays the same when a machine is started, patched and deallocated again.
    state = (canonical(vm.image_path or ""), vm.os_state, vm.disk.unique_id, vm.disk.ownership_time)
    return "already-saved" if state in saved else None


def _skip(vm: SourceVm, reason: str) -> PlannedSave:
    return PlannedSave(
        vm=vm.name,
        action="skip",
        reason=reason,
        image_path=_shown(vm),
        os_type=vm.os_type,
    )


def _save(vm: SourceVm, run: Run, taken: set[str]) -> PlannedSave:
    base = _base_name(vm, run)
    return PlannedSave(
        vm=vm.name,
        action="save",
        image_path=_shown(vm),
        image_name=image_names.mint(base, taken),
        record_id=image_names.record_id(run.id, vm.name),
        os_type=vm.os_type,
        os_state=vm.os_state or "Generalized",
        description=vm.description,
        disk=vm.disk,
    )


def _base_name(vm: SourceVm, run: Run) -> str:
    return image_names.base_name(vm.image_path or "", run.started_at.astimezone(UTC).date())


def _shown(vm: SourceVm) -> str | None:
    return "/".join(segments(vm.image_path or "")) or None


def _name_collisions(machines: Sequence[SourceVm], run: Run) -> tuple[set[str], list[Finding]]:
    """Image paths that would share a name, such as A/Win/X and B/Win/X: nobody could tell their images apart."""
    by_name: dict[str, list[SourceVm]] = {}
    for vm in machines:
        if canonical(vm.image_path or ""):
            by_name.setdefault(_base_name(vm, run).lower(), []).append(vm)
    refused, findings = set[str](), []
    for rivals in by_name.values():
        paths = {canonical(vm.image_path or "") for vm in rivals}
        if len(paths) > 1:
            refused |= paths
            findings.append(_collision(rivals, run))
    return refused, findings


def _collision(rivals: list[SourceVm], run: Run) -> Finding:
    machines = ", ".join(f"{vm.name} ({_shown(vm)})" for vm in rivals)
    message = (
        f"The images of these machines would all be called {_base_name(rivals[0], run)}, so none of them is saved: "
        f"{machines}. Rename the last folder or the file in their tags ImagePath, so that the names differ."
    )
    return Finding(severity=Severity.ERROR, code="name-collision", message=message)


def _shared_paths(machines: Sequence[SourceVm]) -> list[Finding]:
    by_path: dict[str, list[SourceVm]] = {}
    for vm in machines:
        by_path.setdefault(canonical(vm.image_path or ""), []).append(vm)
    return [
        Finding(
            severity=Severity.WARNING,
            code="image-path-twice",
            message=(
                f"The machines {', '.join(vm.name for vm in same)} carry the same image path {_shown(same[0])}. All "
                f"are saved, and the image of {same[-1].name} is delivered. Remove the tag ImagePath from the others."
            ),
        )
        for same in by_path.values()
        if len(same) > 1
    ]


def _unreadable(machines: Sequence[SourceVm]) -> list[Finding]:
    return [
        Finding(
            severity=Severity.ERROR,
            code="vm-unreadable",
            message=f"The machine {vm.name} cannot be looked at, so it is not saved. {vm.problem}",
        )
        for vm in machines
        if vm.problem is not None
    ]


def _data_disks(machines: Sequence[SourceVm]) -> list[Finding]:
    return [
        Finding(
            severity=Severity.WARNING,
            code="data-disks",
            message=(
                f"The machine {vm.name} has {vm.data_disks} data disk{'s' * (vm.data_disks > 1)}, which the image "
                f"{_shown(vm)} does not contain. Move what it needs to the OS disk."
            ),
        )
        for vm in machines
        if vm.data_disks
    ]
