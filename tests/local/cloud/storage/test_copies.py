"""Server-side copies as the SDK's users see them: pending, ended well or not, aborted, refused."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.storage.blob import BlobType

from local.cloud.faults import Fault
from local.cloud.storage.vhd import MIB, PAGE, fixed_vhd, sha256
from tests.local.cloud.storage.rooms import Room, ended, refusal

pytestmark = pytest.mark.emulator
SIZE = 2 * MIB + PAGE


def refused(room: Room, url: str, **options: Any) -> tuple[int | None, str | None]:
    """Try to start a copy; return the status and code it was refused with."""
    return refusal(lambda: room.blob("refused.vhd").start_copy_from_url(url, **options))


def id_of(started: dict[str, str | datetime]) -> str:
    return str(started["copy_id"])


def test_copy_holds_the_same_bytes_in_the_same_ranges(room: Room) -> None:
    content = room.vhd()
    copy = room.blob("copy.vhd")

    started = copy.start_copy_from_url(room.signed())
    properties = ended(copy)

    assert started["copy_status"] == "pending"
    assert properties.copy.status == "success"
    assert properties.copy.id == started["copy_id"]
    assert properties.copy.progress == f"{SIZE}/{SIZE}"
    assert (properties.size, properties.blob_type) == (SIZE, BlobType.PAGEBLOB)
    assert hashlib.sha256(copy.download_blob().readall()).hexdigest() == sha256(content)
    assert [(found.start, found.end) for found in copy.list_page_ranges()] == [
        (start, end - 1) for start, end in content.ranges()
    ]


def test_copy_is_finished_no_earlier_than_it_was_last_modified(room: Room) -> None:
    room.vhd()
    copy = room.blob("copy.vhd")
    copy.start_copy_from_url(room.signed())

    properties = ended(copy)

    assert properties.copy.completion_time >= properties.last_modified


def test_etag_of_a_finished_copy_stays(room: Room) -> None:
    room.vhd()
    copy = room.blob("copy.vhd")
    copy.start_copy_from_url(room.signed())

    etag = ended(copy).etag

    assert copy.get_blob_properties().etag == etag
    copy.download_blob(match_condition=MatchConditions.IfNotModified, etag=etag).readall()


def test_pending_copy_is_empty_at_full_length_with_its_metadata(slow_room: Room) -> None:
    slow_room.vhd()
    url = slow_room.signed()
    copy = slow_room.blob("copy.vhd")

    copy.start_copy_from_url(url, metadata={"Factory": "one", "runid": "r"})
    properties: Any = copy.get_blob_properties()

    assert properties.copy.status == "pending"
    assert properties.copy.source == url
    assert properties.copy.completion_time is None
    done, total = map(int, properties.copy.progress.split("/"))
    assert 0 <= done < total == SIZE
    assert properties.metadata == {"Factory": "one", "runid": "r"}
    assert copy.download_blob().readall() == bytes(SIZE)
    assert list(copy.list_page_ranges()) == []


def test_copy_without_metadata_takes_that_of_its_source(room: Room) -> None:
    room.vhd()
    room.blob("image.vhd", account="factory").set_blob_metadata({"Kept": "yes"})
    copy = room.blob("copy.vhd")

    copy.start_copy_from_url(room.signed())

    assert ended(copy).metadata == {"Kept": "yes"}


def test_listing_shows_copies_only_when_asked(slow_room: Room) -> None:
    slow_room.vhd()
    slow_room.blob("a & b.vhd").start_copy_from_url(slow_room.signed())
    container = slow_room.storage.blobs("lab").get_container_client(slow_room.container)

    (asked,) = container.list_blobs(include=["copy", "metadata"])
    (unasked,) = container.list_blobs()

    assert (asked.name, asked.copy.status, asked.copy.id is not None) == ("a & b.vhd", "pending", True)
    assert unasked.copy.status is None


def test_second_copy_onto_a_pending_one_is_refused(slow_room: Room) -> None:
    slow_room.vhd()
    slow_room.blob("refused.vhd").start_copy_from_url(slow_room.signed())

    assert refused(slow_room, slow_room.signed()) == (409, "PendingCopyOperation")


def test_pending_copy_cannot_be_written_or_deleted(slow_room: Room) -> None:
    slow_room.vhd()
    copy = slow_room.blob("copy.vhd")
    copy.start_copy_from_url(slow_room.signed())

    for write in (
        lambda: copy.upload_page(bytes(PAGE), 0, PAGE),
        lambda: copy.set_blob_metadata({}),
        lambda: copy.acquire_lease(),
        lambda: copy.delete_blob(),
        lambda: copy.upload_blob(b"", overwrite=True),
    ):
        assert refusal(write) == (409, "PendingCopyOperation")


def test_aborted_copy_leaves_an_empty_blob_with_its_metadata(slow_room: Room) -> None:
    slow_room.vhd()
    copy = slow_room.blob("copy.vhd")
    started = copy.start_copy_from_url(slow_room.signed(), metadata={"run": "r"})

    copy.abort_copy(id_of(started))
    properties = copy.get_blob_properties()

    assert (properties.copy.status, properties.size, properties.metadata) == ("aborted", 0, {"run": "r"})
    assert [entry["ended"] for entry in slow_room.copies()] == ["aborted"]
    assert refusal(lambda: copy.abort_copy(id_of(started))) == (409, "NoPendingCopyOperation")


def test_abort_needs_the_id_of_the_pending_copy(slow_room: Room) -> None:
    slow_room.vhd()
    copy = slow_room.blob("copy.vhd")
    copy.start_copy_from_url(slow_room.signed())

    answer = refusal(lambda: copy.abort_copy("00000000-0000-0000-0000-000000000000"))

    assert answer == (409, "CopyIdMismatch")
    assert copy.get_blob_properties().copy.status == "pending"


def test_aborted_copy_may_be_started_again(slow_room: Room) -> None:
    slow_room.vhd()
    copy = slow_room.blob("copy.vhd")
    copy.abort_copy(id_of(copy.start_copy_from_url(slow_room.signed())))

    copy.start_copy_from_url(slow_room.signed())

    assert copy.get_blob_properties().copy.status == "pending"


def test_copy_is_started_only_where_nothing_is_when_so_asked(room: Room) -> None:
    room.vhd()
    room.vhd("refused.vhd", account="lab", seed="other")

    room.blob("new.vhd").start_copy_from_url(room.signed(), match_condition=MatchConditions.IfMissing)

    answer = refused(room, room.signed(), match_condition=MatchConditions.IfMissing)
    assert answer == (409, "BlobAlreadyExists")


def test_leased_destination_wants_its_lease(room: Room) -> None:
    room.vhd()
    room.vhd("refused.vhd", account="lab", seed="other")
    lease = room.blob("refused.vhd").acquire_lease()

    assert refused(room, room.signed()) == (412, "LeaseIdMissing")
    room.blob("refused.vhd").start_copy_from_url(room.signed(), destination_lease=lease)
    assert ended(room.blob("refused.vhd")).copy.status == "success"


def test_copy_is_refused_when_the_source_is_no_longer_the_one_that_was_seen(room: Room) -> None:
    room.vhd()
    seen = room.blob("image.vhd", account="factory").get_blob_properties().etag
    room.vhd(seed="another")

    answer = refused(room, room.signed(), source_etag=seen, source_match_condition=MatchConditions.IfNotModified)

    assert answer == (412, "SourceConditionNotMet")


@pytest.mark.parametrize("spoiled", ["expired", "tampered", "other blob", "write only", "unsigned"])
def test_source_must_be_readable_with_its_signature(room: Room, spoiled: str) -> None:
    room.vhd()
    room.vhd("other.vhd", seed="other")
    urls = {
        "expired": lambda: room.signed(lives=timedelta(minutes=-1)),
        "tampered": lambda: room.signed().replace("sig=", "sig=AAAA"),
        "other blob": lambda: room.signed().replace("image.vhd", "other.vhd"),
        "write only": lambda: room.signed(permission="w"),
        "unsigned": lambda: room.signed().partition("?")[0],
    }

    assert refused(room, urls[spoiled]()) == (403, "CannotVerifyCopySource")
    assert not room.blob("refused.vhd").exists()


def test_source_that_is_missing_or_elsewhere_is_not_found(room: Room) -> None:
    condition = {"source_etag": '"0x1"', "source_match_condition": MatchConditions.IfNotModified}
    assert refused(room, room.signed("missing.vhd"), **condition) == (404, "CannotVerifyCopySource")
    assert refused(room, room.signed("missing.vhd")) == (404, "CannotVerifyCopySource")
    assert refused(room, "https://example.org/image.vhd") == (404, "CannotVerifyCopySource")


def test_copy_within_an_account_needs_no_signature(room: Room) -> None:
    content = room.vhd(account="lab")
    copy = room.blob("replica.vhd")

    copy.start_copy_from_url(room.storage.url("lab", room.container, "image.vhd"))

    assert ended(copy).copy.status == "success"
    assert hashlib.sha256(copy.download_blob().readall()).hexdigest() == sha256(content)


def test_writing_the_source_later_changes_no_copy(room: Room) -> None:
    content = room.vhd()
    copy = room.blob("copy.vhd")
    copy.start_copy_from_url(room.signed())
    ended(copy)

    room.blob("image.vhd", account="factory").upload_page(b"x" * PAGE, 0, PAGE)
    copy.upload_page(b"y" * PAGE, PAGE, PAGE)

    assert copy.download_blob(0, PAGE).readall() == content.read(0, PAGE)
    source = room.blob("image.vhd", account="factory")
    assert source.download_blob(PAGE, PAGE).readall() == content.read(PAGE, 2 * PAGE)


def test_copy_reads_the_source_as_it_is_not_as_it_was_for_an_earlier_copy(room: Room) -> None:
    room.vhd()
    ended_copy, copy = room.blob("first.vhd"), room.blob("second.vhd")
    ended_copy.start_copy_from_url(room.signed())
    ended(ended_copy)
    room.blob("image.vhd", account="factory").upload_page(b"x" * PAGE, 0, PAGE)

    copy.start_copy_from_url(room.signed())

    assert ended(copy).copy.status == "success"
    assert copy.download_blob(0, PAGE).readall() == b"x" * PAGE


def test_overwritten_destination_tells_of_no_copy(room: Room) -> None:
    room.vhd()
    copy = room.blob("copy.vhd")
    copy.start_copy_from_url(room.signed())
    ended(copy)

    copy.upload_blob(bytes(PAGE), blob_type=BlobType.PAGEBLOB, overwrite=True)

    assert copy.get_blob_properties().copy.id is None


def test_disk_is_copied_from_its_sas_url(room: Room) -> None:
    disk = fixed_vhd("disk", 3)
    copy = room.blob("saved.vhd", account="factory")

    copy.start_copy_from_url(room.export(disk), match_condition=MatchConditions.IfMissing)

    assert ended(copy).copy.status == "success"
    assert hashlib.sha256(copy.download_blob().readall()).hexdigest() == sha256(disk)


def test_disk_without_access_cannot_be_copied(room: Room) -> None:
    url = room.export(fixed_vhd("disk", 2))

    assert refused(room, url.replace("sig=", "sig=x")) == (403, "CannotVerifyCopySource")


def test_copy_from_a_disk_keeps_its_destinations_condition(room: Room) -> None:
    before = room.vhd("refused.vhd", account="lab")

    answer = refused(room, room.export(fixed_vhd("disk", 3)), match_condition=MatchConditions.IfMissing)

    assert answer == (409, "BlobAlreadyExists")
    assert room.blob("refused.vhd").get_blob_properties().size == before.size


def test_copy_fails_when_its_fault_says_so(room: Room) -> None:
    room.vhd()
    room.storage.faults.add(Fault(kind="failCopy", path=f"/lab/{room.container}/copy.vhd", fraction=0.5))
    copy = room.blob("copy.vhd")

    copy.start_copy_from_url(room.signed())
    properties = ended(copy)

    assert (properties.copy.status, properties.size) == ("failed", 0)
    assert properties.copy.status_description.startswith("500 ")
    assert [(entry["ended"], entry["bytes"]) for entry in room.copies()] == [("failed", SIZE // 2)]


def test_stalled_copy_stays_pending_until_it_is_aborted(room: Room) -> None:
    room.vhd()
    room.storage.faults.add(Fault(kind="stall", path=f"/lab/{room.container}/stalls.vhd"))
    stalled, other = room.blob("stalls.vhd"), room.blob("other.vhd")
    started = stalled.start_copy_from_url(room.signed())
    other.start_copy_from_url(room.signed())
    assert ended(other).copy.status == "success"

    properties = stalled.get_blob_properties()
    assert (properties.copy.status, properties.copy.progress) == ("pending", f"0/{SIZE}")
    stalled.abort_copy(id_of(started))
    assert stalled.get_blob_properties().copy.status == "aborted"


def test_ledger_counts_a_crossing_by_its_regions_and_image(room: Room) -> None:
    room.vhd()
    copy = room.blob("copy.vhd", account="overseas")
    copy.start_copy_from_url(room.signed())
    ended(copy)

    expected = {"from": "westeurope", "to": "eastus", "bytes": SIZE, "ended": "success", "image": room.path()}
    assert room.copies() == [expected]


def test_no_signature_reaches_the_ledger(room: Room) -> None:
    room.vhd()
    copy = room.blob("copy.vhd")
    copy.start_copy_from_url(room.signed())
    ended(copy)
    room.blob("disk.vhd").start_copy_from_url(room.export(fixed_vhd("disk", 2)))
    ended(room.blob("disk.vhd"))

    assert "sig=" not in str(room.storage.ledger.snapshot())


def test_deleted_container_takes_its_pending_copies_along(slow_room: Room) -> None:
    slow_room.vhd()
    slow_room.blob("copy.vhd").start_copy_from_url(slow_room.signed())

    slow_room.storage.blobs("lab").delete_container(slow_room.container)

    assert [entry["ended"] for entry in slow_room.copies()] == ["failed"]
