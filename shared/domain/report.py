"""The report of a run: report.json as outsiders read it, and its table for spreadsheets.

What became of each save and delivery is decided in domain.outcomes. After a change of the records write the published
schema anew: `python -c "from shared.domain import report; print(report.schema_text(), end='')"` is
`config/report.schema.json`.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import Field

from shared.domain import changes, outcomes, timeline
from shared.domain.models import Finding, Outcome, Plan, PlannedDelivery, PlannedSave, Record, Run, Severity
from shared.domain.outcomes import Arrival, Copies, Crossed, Delivered, Ending, Images, Source, Verdict
from shared.domain.span_times import Interval, SpanTimes
from shared.domain.timeline import Timeline
from shared.domain.work import SaveNote

SCHEMA_VERSION = 1

Status = Literal["Succeeded", "PartiallySucceeded", "Failed", "Cancelled"]
FINAL: tuple[Status, ...] = get_args(Status)  # a run that stands so has ended

_GOOD = (Outcome.SAVED, Outcome.DELIVERED, Outcome.ALREADY_PRESENT, Outcome.PLANNED)
# A cell that begins like this is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS = (
    "kind", "subscriptionId", "resourceGroup", "lab", "vm", "region", "imagePath", "imageName", "outcome", "reason",
    "errorCode", "source", "bytesCopied", "copySeconds", "imageSeconds",
)  # fmt: skip


class Problem(Record):
    """Why a run as a whole came to its end, such as `run-died`."""

    code: str
    message: str


class Counts(Record):
    """How many there are of each outcome and severity; one that did not occur is left out."""

    saves: dict[str, int]
    deliveries: dict[str, int]
    crossings: dict[str, int]
    findings: dict[str, int]


class Save(Record):
    """One machine of the factory. `reason` is a code of the plan or, after a failure, a text for people."""

    vm: str
    image_path: str | None
    image_name: str | None
    outcome: Outcome
    reason: str | None
    error_code: str | None


class Crossing(Record):
    """One copy of an image into another region, failed ones too; `planned` in a dry run."""

    image_path: str
    from_region: str
    to_region: str
    bytes: int
    outcome: Arrival


class Seconds(Record):
    """How long the copy of a delivery took, and the making of its custom image."""

    copy_: float = Field(alias="copy")
    image: float


class Delivery(Record):
    """One lab and image. `reason` is a code of the plan or, after a failure, a text for people."""

    subscription_id: str
    resource_group: str
    lab: str
    region: str
    image_path: str
    image_name: str
    outcome: Outcome
    reason: str | None
    error_code: str | None
    source: Source | None
    bytes_copied: int
    seconds: Seconds


class Report(Record):
    """What a run did, for every machine, lab and image. Times are UTC; seconds are those of an unscaled world."""

    schema_version: int = SCHEMA_VERSION
    run_id: str
    trigger: str
    dry_run: bool = False
    covers: tuple[str, ...] = ()
    labs_etag: str | None = None
    labs_sha256: str | None = None
    plan_digest: str | None = None
    requested_at: datetime
    started_at: datetime
    ended_at: datetime
    status: Status
    error: Problem | None = None
    counts: Counts
    findings: tuple[Finding, ...] = ()
    saves: tuple[Save, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    timeline: Timeline | None = None

    def to_json(self) -> dict[str, Any]:
        """report.json: every key is there, null where nothing is known."""
        return self.model_dump(mode="json", by_alias=True)


def build(
    run: Run,
    plan: Plan | None,
    saves: Sequence[SaveNote],
    copies: Copies,
    images: Images,
    *,
    labs_etag: str | None,
    labs_sha256: str | None,
    ended_at: datetime,
    cancelled: bool,
    error: Mapping[str, str] | None,
    time_scale: float,
    times: SpanTimes | None = None,
) -> Report:
    """The report of a run from its plan, as far as there is one, and its notes; `copies` and `images` by region.

    `error` has a code and a message where the run as a whole failed. Seconds of the notes and `times`, without which
    the report has no timeline, are real ones and are multiplied by `time_scale`.
    """
    plan = plan or Plan(run_id=run.id)
    problem = Problem(**error) if error else None
    ending = Ending(
        # A run that was refused did nothing: its report shows what it would have done.
        dry_run=run.request.dry_run or (problem is not None and problem.code == changes.PLAN_CHANGED),
        cancelled=cancelled,
        code=problem.code if problem else None,
        message=problem.message if problem else None,
    )
    done_saves = [_save(*each) for each in zip(plan.saves, outcomes.of_saves(plan, saves, ending), strict=True)]
    delivered = zip(plan.deliveries, outcomes.of_deliveries(plan, copies, images, ending), strict=True)
    deliveries = [_delivery(planned, done, time_scale) for planned, done in delivered]
    crossings = [_crossing(plan.factory_region, each) for each in outcomes.of_crossings(plan, copies, ending)]
    ended = [*(each.outcome for each in done_saves), *(each.outcome for each in deliveries)]
    return Report(
        run_id=run.id,
        trigger=run.request.trigger,
        dry_run=run.request.dry_run,
        covers=run.covers,
        labs_etag=labs_etag,
        labs_sha256=labs_sha256,
        plan_digest=changes.of(plan).digest if plan.factory else None,  # else the run ended before its plan
        requested_at=run.request.requested_at,
        started_at=run.started_at,
        ended_at=ended_at,
        status=_status(ended, plan.findings, ending),
        error=problem,
        counts=Counts(
            saves=_tally(each.outcome for each in done_saves),
            deliveries=_tally(each.outcome for each in deliveries),
            crossings=_tally(each.outcome for each in crossings),
            findings=_tally(each.severity for each in plan.findings),
        ),
        findings=plan.findings,
        saves=tuple(done_saves),
        crossings=tuple(crossings),
        deliveries=tuple(deliveries),
        timeline=timeline.of_run(Interval(run.started_at, ended_at), times, time_scale) if times else None,
    )


def _save(planned: PlannedSave, verdict: Verdict) -> Save:
    return Save(vm=planned.vm, image_path=planned.image_path, image_name=planned.image_name, **verdict._asdict())


def _crossing(origin: str, crossed: Crossed) -> Crossing:
    return Crossing(
        image_path=crossed.image_path,
        from_region=origin,
        to_region=crossed.region,
        bytes=crossed.bytes,
        outcome=crossed.outcome,
    )


def _delivery(planned: PlannedDelivery, done: Delivered, time_scale: float) -> Delivery:
    return Delivery(
        subscription_id=planned.subscription_id,
        resource_group=planned.resource_group,
        lab=planned.lab,
        region=planned.region,
        image_path=planned.image_path,
        image_name=planned.image_name,
        **done.verdict._asdict(),
        source=done.source,
        bytes_copied=done.bytes_copied,
        seconds=Seconds(
            copy_=round(done.copy_seconds * time_scale, 1), image=round(done.image_seconds * time_scale, 1)
        ),
    )


def _status(ended: Sequence[Outcome], findings: Sequence[Finding], ending: Ending) -> Status:
    if ending.code is not None:
        return "Failed"
    if ending.cancelled:
        return "Cancelled"
    if Outcome.FAILED not in ended and all(each.severity is not Severity.ERROR for each in findings):
        return "Succeeded"
    return "PartiallySucceeded" if any(each in _GOOD for each in ended) else "Failed"


def _tally(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(str(word) for word in words).items()))


def to_csv(report: Report) -> str:
    """The saves and deliveries as a table for spreadsheets; no cell is taken for a formula."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    for save in report.saves:
        writer.writerow(_row("save", save.model_dump(mode="json", by_alias=True)))
    for delivery in report.deliveries:
        row = delivery.model_dump(mode="json", by_alias=True)
        seconds = row.pop("seconds")
        writer.writerow(_row("delivery", {**row, "copySeconds": seconds["copy"], "imageSeconds": seconds["image"]}))
    return text.getvalue()


def _row(kind: str, cells: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": kind, **{name: _harmless(cell) for name, cell in cells.items()}}


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def schema_text() -> str:
    """The JSON Schema of report.json, as it is published."""
    schema = Report.model_json_schema(by_alias=True, mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Report of an image factory run"}
    return json.dumps({**head, **{key: value for key, value in schema.items() if key != "title"}}, indent=2) + "\n"
