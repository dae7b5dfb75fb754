"""What a run tells telemetry: one span for the run, and one below it for each save, region and image of its report.

Never one for each pair of lab and image, of which a run may have 10,000. Span names are few and fixed; what varies is
in the attributes, and of long lists only the beginning.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from shared.domain.models import Outcome, Plan, Severity
from shared.domain.redaction import redact
from shared.domain.report import Delivery, Report, Save
from shared.domain.span_times import Interval, SpanTimes

RUN, SAVE, REGION, IMAGE = (f"image_factory.{kind}" for kind in ("run", "save", "region", "image"))
FAILED_LABS_SHOWN = 20
LONGEST_FAILURE = 300

_SAVES = (Outcome.SAVED, Outcome.SKIPPED, Outcome.FAILED, Outcome.CANCELLED, Outcome.PLANNED)
# Where a group has several outcomes, the first of these that occurs is the group's.
_DELIVERIES = (
    Outcome.FAILED,
    Outcome.CANCELLED,
    Outcome.DELIVERED,
    Outcome.PLANNED,
    Outcome.ALREADY_PRESENT,
    Outcome.SKIPPED,
)

type Value = str | int | bool


class Span(NamedTuple):
    """One span; `key` tells those of one name apart, `failure` is why it failed, if it did. Times are UTC."""

    name: str
    key: str
    when: Interval
    attributes: Mapping[str, Value]
    failure: str | None = None


def spans(report: Report, plan: Plan, times: SpanTimes) -> tuple[Span, ...]:
    """The span of the run, which comes first and is the parent of the others, and theirs."""
    whole = Interval(report.started_at, report.ended_at)
    base: dict[str, Value] = {"image_factory.run.id": report.run_id, "image_factory.dry_run": report.dry_run}
    saved_at = {each.id: each.record.timestamp for each in plan.images}
    planned = {each.image_path: saved_at.get(each.record_id) for each in plan.deliveries}
    by_region = _groups((each.region, each) for each in report.deliveries)
    by_region.pop("", None)  # that of a lab that was not found
    by_image = _groups((each.image_path, each) for each in report.deliveries)
    return (
        Span(RUN, report.run_id, whole, base | _run(report), _run_failure(report)),
        *(
            Span(SAVE, each.vm, times.saves.get(each.vm, whole), base | _save(each, times), _failure([each]))
            for each in report.saves
        ),
        *(
            Span(REGION, key, times.regions.get(key, whole), base | _region(report, key, group), _failure(group))
            for key, group in by_region.items()
        ),
        *(
            Span(
                IMAGE,
                key,
                times.images.get(key, whole),
                base | _image(report, group, planned.get(key)),
                _failure(group),
            )
            for key, group in by_image.items()
        ),
    )


def _run(report: Report) -> dict[str, Value]:
    severities = Counter(finding.severity for finding in report.findings)
    return {
        "image_factory.run.status": report.status,
        "image_factory.run.trigger": report.trigger,
        **_counts("saves", (each.outcome for each in report.saves), _SAVES),
        **_deliveries(report.deliveries),
        **_crossed(report),
        **{f"image_factory.findings.{severity}": severities[severity] for severity in Severity},
        **({"image_factory.error.code": report.error.code} if report.error else {}),
    }


def _run_failure(report: Report) -> str | None:
    if report.error is not None:
        return _short(report.error.message)
    if report.status in ("Succeeded", "Cancelled"):
        return None
    failed = [each.outcome for each in report.saves] + [each.outcome for each in report.deliveries]
    errors = sum(finding.severity is Severity.ERROR for finding in report.findings)
    counted = f"{failed.count(Outcome.FAILED)} saves and deliveries failed; {errors} findings are errors."
    return f"{counted} See the report of {report.run_id}."


def _save(save: Save, times: SpanTimes) -> dict[str, Value]:
    known = {
        "image_factory.image.path": save.image_path,
        "image_factory.image.name": save.image_name,
        "image_factory.reason": save.reason if save.outcome is Outcome.SKIPPED else None,
        "image_factory.error.code": save.error_code,
    }
    return {
        "image_factory.vm": save.vm,
        "image_factory.outcome": save.outcome.value,
        "image_factory.bytes.copied": times.bytes_saved.get(save.vm, 0),
        **{name: value for name, value in known.items() if value is not None},
    }


def _region(report: Report, region: str, group: Sequence[Delivery]) -> dict[str, Value]:
    return {"image_factory.region": region, **_group(group), **_crossed(report, region=region)}


def _image(report: Report, group: Sequence[Delivery], saved_at: datetime | None) -> dict[str, Value]:
    path = group[0].image_path
    return {
        "image_factory.image.path": path,
        "image_factory.image.name": group[0].image_name,
        **({"image_factory.image.saved_at": saved_at.isoformat()} if saved_at else {}),
        **_group(group),
        **_crossed(report, path=path),
    }


def _group(group: Sequence[Delivery]) -> dict[str, Value]:
    """What the deliveries to one region, or of one image, have in common."""
    outcomes = {each.outcome for each in group}
    failed = [each for each in group if each.outcome is Outcome.FAILED]
    codes = Counter(each.error_code or "unknown" for each in failed)
    labs = sorted({each.lab for each in failed})
    shown = ", ".join(labs[:FAILED_LABS_SHOWN]) + (", …" if len(labs) > FAILED_LABS_SHOWN else "")
    said: dict[str, Value] = (
        {"image_factory.failed.labs": shown, "image_factory.error.code": codes.most_common(1)[0][0]} if failed else {}
    )
    return {
        "image_factory.outcome": next(each for each in _DELIVERIES if each in outcomes).value,
        **_deliveries(group),
        **said,
    }


def _deliveries(group: Sequence[Delivery]) -> dict[str, Value]:
    copied = sum(each.bytes_copied for each in group)
    return {
        **_counts("deliveries", (each.outcome for each in group), _DELIVERIES),
        "image_factory.bytes.copied": copied,
    }


def _crossed(report: Report, *, region: str | None = None, path: str | None = None) -> dict[str, Value]:
    """The copies into other regions, or into one, or of one image; failed ones moved bytes too, but nobody knows."""
    chosen = [
        each
        for each in report.crossings
        if (region is None or each.to_region == region) and (path is None or each.image_path == path)
    ]
    finished = [each for each in chosen if each.outcome == "finished"]
    return {
        "image_factory.crossings.finished": len(finished),
        "image_factory.crossings.failed": sum(each.outcome == "failed" for each in chosen),
        "image_factory.bytes.crossed": sum(each.bytes for each in finished),
    }


def _counts(what: str, outcomes: Iterable[Outcome], kinds: Sequence[Outcome]) -> dict[str, Value]:
    tally = Counter(outcomes)
    return {f"image_factory.{what}.{kind.value.replace('-', '_')}": tally[kind] for kind in kinds}


def _failure(group: Sequence[Save] | Sequence[Delivery]) -> str | None:
    """Why a group failed: the first reason of those that its members give."""
    failed = [each for each in group if each.outcome is Outcome.FAILED]
    return _short(failed[0].reason or failed[0].error_code or "failed") if failed else None


def _short(text: str) -> str:
    clean = redact(text)
    return clean if len(clean) <= LONGEST_FAILURE else f"{clean[: LONGEST_FAILURE - 1]}…"


def _groups(keyed: Iterable[tuple[str, Delivery]]) -> dict[str, list[Delivery]]:
    groups: dict[str, list[Delivery]] = {}
    for key, each in keyed:
        groups.setdefault(key, []).append(each)
    return groups
