"""VHDs, records and copies, as `port.Vhds` promises them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from shared.domain.errors import Conflict, NotFound, Refused
from shared.domain.models import ImageRecord, SavedImage
from shared.domain.storage import BlobRef, CopyOwner, CopyStatus, VhdState
from tests.contract.stages import Stage, wait_until

OWNER = CopyOwner(factory="/subscriptions/s/labs/f", run_id="20261123T030000Z-0a1b2c", source="a-record")
Places = Callable[[str], BlobRef]


def saved(stage: Stage, image_path: str) -> SavedImage:
    images = stage.gateway.vhds.catalogue().images
    return next(image for image in images if image.record.image_path.replace("\\", "/") == image_path)


def source(stage: Stage) -> BlobRef:
    """The smallest saved VHD."""
    return stage.gateway.vhds.image_storage(saved(stage, "Linux/Ubuntu.json").record.vhd_file_name)


def start(stage: Stage, target: BlobRef, source_etag: str | None = None) -> None:
    stage.gateway.vhds.start_copy(stage.gateway.vhds.read_url(source(stage), 3600), target, OWNER, source_etag)


def state(stage: Stage, place: BlobRef) -> VhdState:
    found = stage.gateway.vhds.state(place)
    assert found is not None
    return found


def ended(stage: Stage, target: BlobRef) -> VhdState:
    wait_until(stage, lambda: state(stage, target).copy_status is not CopyStatus.PENDING)
    return state(stage, target)


def record(vhd: str) -> ImageRecord:
    return ImageRecord(
        image_name="Win11_Written-Nov-23-2026",
        image_path="Win11\\Written.json",
        vhd_file_name=vhd,
        timestamp=datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
        format_version=2,
        size_bytes=8 * 1024 * 1024 + 512,
        run_id="20261123T030000Z-0a1b2c",
    )


def test_the_catalogue_holds_records_of_both_makers(stage: Stage) -> None:
    by_scripts, by_us = saved(stage, "Win2016/Datacenter.json"), saved(stage, "Linux/Ubuntu.json")
    assert by_scripts.record.timestamp == datetime(2026, 10, 5, 17, 4, 7, tzinfo=UTC)
    assert (by_scripts.size_bytes, by_scripts.vhd_present) == (16 * 1024 * 1024 + 512, True)
    assert (by_us.record.os_state, by_us.size_bytes, by_us.vhd_present) == ("Specialized", 8 * 1024 * 1024 + 512, True)


def test_the_catalogue_is_ordered_by_record_id(stage: Stage) -> None:
    ids = [image.id for image in stage.gateway.vhds.catalogue().images]
    assert ids == sorted(ids)


def test_a_record_without_its_vhd_is_kept_and_marked(stage: Stage) -> None:
    assert saved(stage, "Win2019/Lost.json").vhd_present is False


def test_an_unreadable_record_is_a_finding_that_names_it(stage: Stage) -> None:
    stage.upload(stage.gateway.vhds.image_storage("unreadable.json"), b"{no json")
    findings = stage.gateway.vhds.catalogue().findings
    assert [(finding.code, finding.severity) for finding in findings if finding.path == "unreadable.json"] == [
        ("bad-record", "warning")
    ]


def test_a_written_record_is_read_back_and_may_be_written_again(stage: Stage) -> None:
    written = record("written.vhd")
    stage.gateway.vhds.write_record("written", written)
    stage.gateway.vhds.write_record("written", written)
    assert saved(stage, "Win11/Written.json").record == written


def test_a_vhd_whose_copy_is_pending_or_failed_is_not_present(stage: Stage) -> None:
    vhds = stage.gateway.vhds
    for fate in ("stalled", "failed"):
        target = vhds.image_storage(f"copy-{fate}.vhd")
        stage.decide_copy(target, "stalled" if fate == "stalled" else "failed")
        start(stage, target)
        vhds.write_record(f"copy-{fate}", record(target.name))
    assert ended(stage, vhds.image_storage("copy-failed.vhd")).copy_status is CopyStatus.FAILED
    present = {image.id: image.vhd_present for image in vhds.catalogue().images}
    assert (present["copy-stalled"], present["copy-failed"]) == (False, False)


def test_a_copy_is_pending_and_then_whole_with_its_owner(stage: Stage, staged: Places) -> None:
    start(stage, staged("whole"))
    assert state(stage, staged("whole")).owner == OWNER
    done = ended(stage, staged("whole"))
    assert (done.copy_status, done.size_bytes, done.copied_bytes) == (CopyStatus.SUCCESS, 8388608 + 512, 8388608 + 512)
    assert done.owner == OWNER
    assert done.ended_at is not None
    assert done.started_at <= done.ended_at
    assert done.modified_at is not None
    assert done.modified_at <= done.ended_at
    assert done.started_at.utcoffset() is not None


def test_a_name_that_is_taken_is_a_conflict_whoever_has_it(stage: Stage, staged: Places) -> None:
    for name, fate in (("pending", "stalled"), ("done", "success"), ("foreign", None)):
        if fate is None:
            stage.upload(staged(name), b"not ours")
        else:
            stage.decide_copy(staged(name), "stalled" if fate == "stalled" else "success")
            start(stage, staged(name))
        with pytest.raises(Conflict) as caught:
            start(stage, staged(name))
        assert caught.value.code == "blob-exists"
    assert state(stage, staged("foreign")).owner is None


def test_a_copy_reads_only_the_version_that_was_named(stage: Stage, staged: Places) -> None:
    with pytest.raises(Conflict) as caught:
        start(stage, staged("stale"), '"0x0"')
    assert caught.value.code == "source-changed"
    assert stage.gateway.vhds.state(staged("stale")) is None
    start(stage, staged("current"), state(stage, source(stage)).etag)
    assert ended(stage, staged("current")).copy_status is CopyStatus.SUCCESS


def test_a_missing_source_is_not_found(stage: Stage, staged: Places) -> None:
    url = stage.gateway.vhds.read_url(stage.gateway.vhds.image_storage("nowhere.vhd"), 3600)
    with pytest.raises(NotFound) as caught:
        stage.gateway.vhds.start_copy(url, staged("sourceless"), OWNER)
    assert caught.value.code == "source-not-found"


def test_a_copy_makes_its_container(stage: Stage, staged: Places) -> None:
    target = staged("contained").model_copy(update={"container": "made-for-a-copy"})
    assert stage.gateway.vhds.state(target) is None
    start(stage, target)
    assert ended(stage, target).copy_status is CopyStatus.SUCCESS


def test_a_copy_can_be_read_by_a_further_copy(stage: Stage, staged: Places) -> None:
    start(stage, staged("first"))
    first = ended(stage, staged("first"))
    url = stage.gateway.vhds.read_url(staged("first"), 3600)
    stage.gateway.vhds.start_copy(url, staged("second"), OWNER, first.etag)
    assert ended(stage, staged("second")).copy_status is CopyStatus.SUCCESS


def test_an_aborted_copy_leaves_an_empty_blob_with_its_owner(stage: Stage, staged: Places) -> None:
    stage.decide_copy(staged("aborted"), "stalled")
    start(stage, staged("aborted"))
    copy_id = state(stage, staged("aborted")).copy_id
    assert copy_id is not None
    stage.gateway.vhds.abort_copy(staged("aborted"), copy_id)
    stage.gateway.vhds.abort_copy(staged("aborted"), copy_id)
    left = state(stage, staged("aborted"))
    assert (left.copy_status, left.size_bytes, left.owner) == (CopyStatus.ABORTED, 0, OWNER)


def test_aborting_what_is_done_or_gone_is_success(stage: Stage, staged: Places) -> None:
    start(stage, staged("done"))
    copy_id = ended(stage, staged("done")).copy_id
    assert copy_id is not None
    stage.gateway.vhds.abort_copy(staged("done"), copy_id)
    stage.gateway.vhds.abort_copy(staged("gone"), copy_id)
    assert state(stage, staged("done")).copy_status is CopyStatus.SUCCESS


def test_a_failed_copy_says_why_and_keeps_its_owner(stage: Stage, staged: Places) -> None:
    stage.decide_copy(staged("failed"), "failed")
    start(stage, staged("failed"))
    left = ended(stage, staged("failed"))
    assert (left.copy_status, left.owner) == (CopyStatus.FAILED, OWNER)
    assert left.description


def test_a_missing_vhd_and_a_missing_container_have_no_state(stage: Stage, staged: Places) -> None:
    nowhere = staged("x").model_copy(update={"container": "no-such-container"})
    assert stage.gateway.vhds.state(staged("missing")) is None
    assert stage.gateway.vhds.state(nowhere) is None


def test_only_the_version_that_was_seen_is_deleted(stage: Stage, staged: Places) -> None:
    start(stage, staged("kept"))
    etag = ended(stage, staged("kept")).etag
    with pytest.raises(Conflict) as caught:
        stage.gateway.vhds.delete(staged("kept"), '"0x0"')
    assert caught.value.code == "changed"
    stage.gateway.vhds.delete(staged("kept"), etag)
    assert stage.gateway.vhds.state(staged("kept")) is None
    stage.gateway.vhds.delete(staged("kept"), etag)


def test_a_read_url_is_hidden_and_lives_seven_days_at_most(stage: Stage) -> None:
    url = stage.gateway.vhds.read_url(source(stage), 7 * 24 * 3600)
    assert "sig=" in url.get_secret_value()
    assert "sig=" not in f"{url} {url!r}"
    with pytest.raises(Refused, match="7 days"):
        stage.gateway.vhds.read_url(source(stage), 7 * 24 * 3600 + 1)
