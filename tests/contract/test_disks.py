"""Read access to the OS disks, as `port.Disks` promises it."""

import pytest

from shared.domain.errors import Conflict, Denied, NotFound, Refused, Throttled
from shared.domain.storage import CopyOwner
from tests.contract.stages import Stage, wait_until

OWNER = CopyOwner(factory="f", run_id="20261123T030000Z-0a1b2c", source="a-record")


def disk_of(stage: Stage, vm: str) -> str:
    disk = next(seen.disk for seen in stage.gateway.labs.source_vms() if seen.name == vm)
    assert disk is not None
    return disk.id


def test_a_granted_disk_can_be_copied_whole_with_its_footer(stage: Stage) -> None:
    gateway = stage.gateway
    target = gateway.vhds.image_storage("granted-disk.vhd")
    disk = disk_of(stage, "exported")
    gateway.vhds.start_copy(gateway.disks.grant_read(disk, 3600), target, OWNER)
    wait_until(stage, lambda: (state := gateway.vhds.state(target)) is not None and state.copy_status == "success")
    gateway.disks.revoke(disk)
    state = gateway.vhds.state(target)
    assert state is not None
    assert (state.size_bytes, state.owner) == (8 * 1024 * 1024 + 512, OWNER)


def test_the_url_of_a_grant_shows_in_no_text(stage: Stage) -> None:
    disk = disk_of(stage, "ubuntu")
    url = stage.gateway.disks.grant_read(disk, 3600)
    stage.gateway.disks.revoke(disk)
    assert "sig=" in url.get_secret_value()
    assert "sig=" not in f"{url} {url!r}"


def test_after_a_revoke_the_url_reads_no_more(stage: Stage) -> None:
    gateway = stage.gateway
    disk = disk_of(stage, "win2022")
    url = gateway.disks.grant_read(disk, 3600)
    gateway.disks.revoke(disk)

    def refused() -> bool:
        # The service ends the access a moment after it has accepted the revoke.
        target = gateway.vhds.image_storage(f"revoked-{attempts.pop()}.vhd")
        try:
            gateway.vhds.start_copy(url, target, OWNER)
        except Denied as denied:
            return denied.code == "source-denied"
        return False

    attempts = list(range(1000))
    wait_until(stage, refused)


def test_revoking_twice_or_what_is_gone_is_success(stage: Stage) -> None:
    disk = disk_of(stage, "ubuntu")

    def revoked() -> bool:
        try:
            stage.gateway.disks.revoke(disk)
        except Throttled as busy:
            if busy.code != "busy":  # the first revoke is still under way
                raise
            return False
        return True

    wait_until(stage, revoked)
    wait_until(stage, revoked)
    stage.gateway.disks.revoke(disk + "-gone")


def test_the_disk_of_a_running_machine_is_a_conflict(stage: Stage) -> None:
    with pytest.raises(Conflict, match="running"):
        stage.gateway.disks.grant_read(disk_of(stage, "agent"), 3600)


def test_a_missing_disk_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.gateway.disks.grant_read(disk_of(stage, "ubuntu") + "-gone", 3600)


def test_a_grant_beyond_sixty_days_is_refused(stage: Stage) -> None:
    with pytest.raises(Refused, match=r"5184000"):
        stage.gateway.disks.grant_read(disk_of(stage, "ubuntu"), 5_184_001)
