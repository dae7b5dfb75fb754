"""The record of a saved image: the JSON beside its VHD, in the scripts' own form with our fields after theirs."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from shared.domain.errors import RecordError
from shared.domain.findings import shown
from shared.domain.image_paths import as_tag
from shared.domain.models import ImageRecord

FORMAT_VERSION = 2

_NEEDED = ("imageName", "imagePath", "vhdFileName", "timestamp")
_KEYS = {to_camel(name).lower(): to_camel(name) for name in ImageRecord.model_fields}
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f]+\.vhd", re.IGNORECASE)
_IMAGE_NAME = re.compile(r"[^/\\?#%\x00-\x1f]+")
_REMEDY = "Repair or delete it; the image is left out until then."

# Date and time as .NET writes them in the language of a machine: 1/31/2018 5:04:07 PM, 31.01.2018 17:04:07, ...
_LOCAL_TIME = re.compile(
    r"(?P<first>\d{1,4})(?P<mark>[/.-]) ?(?P<second>\d{1,2})[/.-] ?(?P<third>\d{1,4})\.?,? +"
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<seconds>\d{2}))?(?: ?(?P<half>[ap])\.? ?m\.?)?",
    re.IGNORECASE,
)


def parse(record_id: str, text: bytes) -> ImageRecord:
    """Reads a record of ours or of the scripts. Raises RecordError.

    Keys are matched without case, unknown ones are left out. The scripts wrote the time in UTC but in the machine's own
    language: where day and month could be either, the month comes first, as in .NET's invariant culture, and the other
    reading is kept beside it.
    """
    try:
        document = json.loads(text)
        json.dumps(
            document, ensure_ascii=False
        ).encode()  # Half a character, as in "\\ud800", could be written nowhere.
    except (ValueError, RecursionError):
        raise RecordError(record_id, "is not JSON", _REMEDY) from None
    if not isinstance(document, dict):
        raise RecordError(record_id, "is not a JSON object", _REMEDY)
    fields = {
        _KEYS[key.lower()]: value for key, value in document.items() if key.lower() in _KEYS and value is not None
    }
    if missing := [key for key in _NEEDED if not isinstance(fields.get(key), str) or not fields[key].strip()]:
        raise RecordError(record_id, f"has no text {' and '.join(f'`{key}`' for key in missing)}", _REMEDY)
    _check_names(record_id, fields)
    for key in ("osType", "osState"):
        if isinstance(fields.get(key), str):
            fields[key] = fields[key].capitalize()
    fields["timestamp"], fields["otherTimestamp"] = _times(record_id, fields["timestamp"])
    try:
        return ImageRecord.from_json(fields)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise RecordError(record_id, f"has a wrong `{wrong['loc'][0]}`: {wrong['msg']}", _REMEDY) from None


def dumps(record: ImageRecord) -> str:
    """The record as we store it: the scripts' keys first, times as ISO 8601 in UTC, the image path with backslashes."""
    times = {name: _utc(value) for name, value in record if isinstance(value, datetime)}
    stored = record.model_copy(
        update={"format_version": FORMAT_VERSION, "image_path": as_tag(record.image_path), **times}
    )
    return json.dumps(stored.to_json(), indent=2, ensure_ascii=False)


def _check_names(record_id: str, fields: dict[str, Any]) -> None:
    if _FILE_NAME.fullmatch(fields["vhdFileName"]) is None:
        raise RecordError(record_id, "has a `vhdFileName` that is not the name of a .vhd file beside it", _REMEDY)
    # A name of points alone is none in a URL: `.../customimages/..` is the lab itself.
    if _IMAGE_NAME.fullmatch(fields["imageName"]) is None or not fields["imageName"].strip(". "):
        raise RecordError(record_id, "has an `imageName` that no image can have", _REMEDY)


def _times(record_id: str, text: str) -> tuple[datetime, datetime | None]:
    """The time, and the other one that the text may mean: with slashes, day and month can change places."""
    text = " ".join(text.split())  # Newer Windows puts a narrow no-break space before PM.
    found = _LOCAL_TIME.fullmatch(text)
    try:
        if found is None:
            return _utc(datetime.fromisoformat(text)), None
        time = _local_time(found)
        in_doubt = found["mark"] == "/" and len(found["first"]) < 4 and time.day <= 12 and time.day != time.month
        return time, time.replace(month=time.day, day=time.month) if in_doubt else None
    except (ValueError, OverflowError):
        problem = f"has the `timestamp` `{shown(text)}`, which is no date and time"
        raise RecordError(record_id, problem, _REMEDY) from None


def _local_time(found: re.Match[str]) -> datetime:
    first, second, third = int(found["first"]), int(found["second"]), int(found["third"])
    if len(found["first"]) == 4:
        year, month, day = first, second, third
    elif second > 12 or (found["mark"] == "/" and first <= 12):
        year, month, day = third, first, second
    else:
        # Where both could be the month, points and dashes are of cultures that begin with the day.
        year, month, day = third, second, first
    if year < 1000:
        raise ValueError(year)
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "p" else 0)
    return datetime(year, month, day, hour, int(found["minute"]), int(found["seconds"] or 0), tzinfo=UTC)


def _utc(time: datetime) -> datetime:
    """The scripts' times have no zone, but are UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
