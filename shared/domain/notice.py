"""The notice of a run: the one message that its end puts on the queue image-factory-reports, small and by a schema.

After a change of the records write the published schema anew:
`python -c "from shared.domain import notice; print(notice.schema_text(), end='')"` is `config/notice.schema.json`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field

from shared.domain.models import Finding, Outcome, Record, Severity
from shared.domain.report import Counts, Delivery, Problem, Report, Save, Status

SCHEMA_VERSION = 1
LARGEST = 48 * 1024 - 1  # bytes: a queue message of 64 KiB holds 48 KiB, for it is base64
SHOWN = 20  # failures, and errors, that a notice names
LONGEST_TEXT = 300  # characters; a longer text ends in an ellipsis


class Failure(Record):
    """A save or delivery that failed. `vm` is there for a save, `lab` and `subscriptionId` for a delivery."""

    vm: str | None = None
    subscription_id: str | None = None
    lab: str | None = None
    image_path: str | None = None
    image_name: str | None = None
    reason: str | None = None
    error_code: str | None = None


class Notice(Record):
    """How a run ended: status, counts, its first failures and errors. The whole is in the report of the run `id`."""

    schema_version: int = SCHEMA_VERSION
    id: str = Field(description="Id of the run. GET /api/runs/{id}/report gives its report.")
    trigger: str
    status: Status
    dry_run: bool
    started_at: datetime
    ended_at: datetime
    counts: Counts = Field(description="How many there are of each outcome; what did not occur is left out.")
    error: Problem | None = Field(default=None, description="Why the run as a whole came to its end, such as run-died.")
    failures: tuple[Failure, ...] = Field(
        default=(), description=f"The first {SHOWN} saves and deliveries that failed."
    )
    findings: tuple[Finding, ...] = Field(default=(), description=f"The first {SHOWN} findings that are errors.")


def of(report: Report) -> str:
    """The notice of a run as JSON, under 48 KiB: long texts are cut, and as many failures and errors named as fit."""
    entries: list[Save | Delivery] = [*report.saves, *report.deliveries]
    failed = [each.to_json() for each in entries if each.outcome is Outcome.FAILED]
    errors = [each.to_json() for each in report.findings if each.severity is Severity.ERROR]
    notice = Notice(
        id=report.run_id,
        trigger=report.trigger,
        status=report.status,
        dry_run=report.dry_run,
        started_at=report.started_at,
        ended_at=report.ended_at,
        counts=report.counts,
        error=Problem.from_json(_short(report.error.to_json())) if report.error else None,
        failures=tuple(Failure.from_json(_short(_known(each))) for each in failed[:SHOWN]),
        findings=tuple(Finding.from_json(_short(each)) for each in errors[:SHOWN]),
    )
    return _fitting(notice.to_json())


def schema_text() -> str:
    """The JSON Schema of a notice, as it is published."""
    schema = Notice.model_json_schema(by_alias=True, mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Notice of an image factory run"}
    return json.dumps({**head, **{key: value for key, value in schema.items() if key != "title"}}, indent=2) + "\n"


def _fitting(value: dict[str, Any]) -> str:
    """The JSON of a notice without as many of its last failures and errors as are too many."""
    text = json.dumps(value)
    while len(text) > LARGEST and (value["failures"] or value["findings"]):
        value["failures" if len(value["failures"]) > len(value["findings"]) else "findings"].pop()
        text = json.dumps(value)
    return text


def _known(entry: Mapping[str, Any]) -> dict[str, Any]:
    wanted: Sequence[str] = ("vm", "subscriptionId", "lab", "imagePath", "imageName", "reason", "errorCode")
    return {key: entry[key] for key in wanted if key in entry}


def _short(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: f"{text[: LONGEST_TEXT - 1]}…" if isinstance(text, str) and len(text) > LONGEST_TEXT else text
        for key, text in value.items()
    }
