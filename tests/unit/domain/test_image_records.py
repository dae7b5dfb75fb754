"""Records of saved images, ours and the scripts'."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import RecordError
from shared.domain.image_records import dumps, parse
from shared.domain.models import ImageRecord

# As the scripts wrote it.
OLD = {
    "imageName": "Win2016_Datacenter-Jan-31-2018",
    "imagePath": "Win2016\\Datacenter.json",
    "description": "Windows Server 2016",
    "osType": "Windows",
    "vhdFileName": "5b1c0e7e-5a0f-4f3e-8d5e-0c9ad3f5a111.vhd",
    "timestamp": "1/31/2018 5:04:07 PM",
}
NEW = ImageRecord(
    image_name="Win2022_Datacenter-Nov-23-2026",
    image_path="Win2022/Datacenter.json",
    vhd_file_name="5b1c.vhd",
    timestamp=datetime(2026, 11, 23, 3, tzinfo=UTC),
    format_version=2,
    os_state="Specialized",
    source_vm="win2022dc",
    source_disk_unique_id="u",
    source_disk_ownership_time=datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC),
    size_bytes=136365212672,
    run_id="20261123T030000Z-1a2b3c",
)


def parsed(**changes: Any) -> ImageRecord:
    return parse("5b1c", json.dumps(OLD | changes).encode())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_record_of_the_scripts_is_read(encoding: str) -> None:
    record = parse("5b1c", json.dumps(OLD).encode(encoding))
    assert record.image_name == "Win2016_Datacenter-Jan-31-2018"
    assert record.image_path == "Win2016\\Datacenter.json"
    assert record.timestamp == datetime(2018, 1, 31, 17, 4, 7, tzinfo=UTC)
    assert record.format_version == 1
    assert record.os_state == "Generalized"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1/31/2018 5:04:07 PM", "2018-01-31T17:04:07"),
        ("1/31/2018 5:04:07\u202fPM", "2018-01-31T17:04:07"),
        ("1/31/2018 5:04:07 p.m.", "2018-01-31T17:04:07"),
        ("1/31/2018 12:04:07 AM", "2018-01-31T00:04:07"),
        ("01/31/2018 17:04:07", "2018-01-31T17:04:07"),
        ("31/01/2018 17:04:07", "2018-01-31T17:04:07"),
        ("31.01.2018 17:04:07", "2018-01-31T17:04:07"),
        ("31-01-2018 17:04:07", "2018-01-31T17:04:07"),
        ("31.1.2018 17.04.07", "2018-01-31T17:04:07"),
        ("31. 1. 2018 17:04:07", "2018-01-31T17:04:07"),
        ("2018/01/31 17:04:07", "2018-01-31T17:04:07"),
        ("2018-01-31 17:04:07", "2018-01-31T17:04:07"),
        ("2018. 01. 31. 17:04:07", "2018-01-31T17:04:07"),
        ("2018-01-31T17:04:07Z", "2018-01-31T17:04:07"),
        ("2018-01-31T17:04:07.0000000Z", "2018-01-31T17:04:07"),
        ("2018-01-31T19:04:07+02:00", "2018-01-31T17:04:07"),
        ("05/04/2018 17:04:07", "2018-05-04T17:04:07"),  # either: the month first, as in .NET's invariant culture
        ("05.04.2018 17:04:07", "2018-04-05T17:04:07"),  # nobody writes points with the month first
    ],
)
def test_timestamps_of_any_culture_are_utc(text: str, day: str) -> None:
    assert parsed(timestamp=text).timestamp == datetime.fromisoformat(day).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("05/04/2018 17:04:07", "2018-04-05T17:04:07"),
        ("05/05/2018 17:04:07", None),
        ("05/31/2018 17:04:07", None),
        ("05.04.2018 17:04:07", None),
        ("2018/05/04 17:04:07", None),
        ("2018-05-04T17:04:07Z", None),
    ],
)
def test_other_reading_is_kept_where_day_and_month_could_be_exchanged(text: str, other: str | None) -> None:
    record = parsed(timestamp=text)
    assert record.other_timestamp == (other and datetime.fromisoformat(other).replace(tzinfo=UTC))
    assert "otherTimestamp" not in json.loads(dumps(record))


@pytest.mark.parametrize(
    "text", ["yesterday", "32/13/2018 1:00:00", "1/31/18 5:04:07 PM", "1/31/2018 25:00:00", "0001-01-01T00:00:00+14:00"]
)
def test_timestamp_that_is_none_is_one_clear_error(text: str) -> None:
    with pytest.raises(RecordError, match=r"5b1c\.json.*timestamp"):
        parsed(timestamp=text)


def test_our_record_is_written_with_the_keys_of_the_scripts_first() -> None:
    written = json.loads(dumps(NEW))
    assert list(written)[:6] == list(OLD)
    assert written["imagePath"] == "Win2022\\Datacenter.json"
    assert written["timestamp"] == "2026-11-23T03:00:00Z"
    assert written["sourceDiskOwnershipTime"] == "2026-11-22T01:02:03.456789Z"
    assert written["formatVersion"] == 2


def test_our_record_is_read_as_it_was_written() -> None:
    assert parse("5b1c", dumps(NEW).encode()) == NEW.model_copy(update={"image_path": "Win2022\\Datacenter.json"})


def test_times_of_other_zones_are_written_in_utc() -> None:
    record = NEW.model_copy(update={"timestamp": datetime(2026, 11, 23, 5, tzinfo=timezone(timedelta(hours=2)))})
    assert json.loads(dumps(record))["timestamp"] == "2026-11-23T03:00:00Z"


def test_unknown_keys_and_other_capitals_are_tolerated() -> None:
    record = parsed(ImageName="Other", osType="linux", extra={"a": 1}, description=None)
    assert (record.image_name, record.os_type, record.description) == ("Other", "Linux", "")


@pytest.mark.parametrize(
    "changes",
    [
        {"imageName": None},
        {"imagePath": " "},
        {"vhdFileName": 5},
        {"vhdFileName": "../other/x.vhd"},
        {"vhdFileName": "x.json"},
        {"imageName": "a/b"},
        {"imageName": "a\ud800"},
        {"imageName": "."},
        {"imageName": ".."},
        {"imageName": "..."},
        {"imageName": ".. ."},
        {"osType": "DOS"},
        {"osType": []},
        {"sizeBytes": "many"},
    ],
)
def test_unusable_record_is_one_clear_error(changes: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match=r"5b1c\.json") as caught:
        parsed(**changes)
    assert caught.value.record_id == "5b1c"
    assert caught.value.code == "bad-record"


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff\xff\xff", b"[" * 100_000])
def test_record_that_is_no_json_object_is_one_clear_error(text: bytes) -> None:
    with pytest.raises(RecordError):
        parse("5b1c", text)


@settings(deadline=None)
@given(st.text(max_size=30) | st.from_regex(r"\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4} \d{1,2}:\d\d( [AP]M)?", fullmatch=True))
def test_any_timestamp_is_read_or_refused(text: str) -> None:
    try:
        zone = parsed(timestamp=text).timestamp.tzinfo
    except RecordError:
        zone = UTC
    assert zone is UTC
