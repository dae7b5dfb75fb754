"""What the report page shows, worked out from the Report: the order, the words and the marks. No markup lives here."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shared.domain.models import Finding, Severity
from shared.domain.report import Delivery, Report, Save
from shared.web.explanations import explain
from shared.web.marks import MARKS, Mark, duration, moment, size

PLACES_SHOWN = 10
TITLES = {"PartiallySucceeded": "Partially succeeded"}
ROUTES = {
    "factory": "from the factory to {region}",
    "hub": "from the hub of {region}",
    "lab": "from another lab in {region}",
}
TONES = {"Succeeded": "good", "Failed": "bad"}


class Verdict(NamedTuple):
    """The first thing to read."""

    title: str
    tone: str
    sentences: Sequence[str]


class Problem(NamedTuple):
    """Everything that failed for one reason, and what to do about it; `more` counts the places left out."""

    title: str
    sentences: Sequence[str]
    places: Sequence[str] = ()
    more: int = 0


class Row(NamedTuple):
    """One save or delivery; `number` names it within the page."""

    number: int
    name: str
    place: str
    region: str
    image: str
    path: str
    mark: Mark
    reason: str
    code: str
    copied: str = ""


class MatrixRow(NamedTuple):
    """One lab and its deliveries, one for each column of the matrix, or None."""

    lab: str
    region: str
    cells: Sequence[Row | None]


def verdict(report: Report) -> Verdict:
    """Whether it succeeded, and how much was done."""
    sentences = [report.error.message] if report.error else []
    if report.dry_run:
        sentences.append("This was a dry run: it shows what a run would do, and nothing was changed.")
    counted = (("Machines", report.saves), ("Deliveries", report.deliveries))
    sentences += [f"{name}: {tally(entries)}." for name, entries in counted if entries]
    if not sentences:
        sentences.append("There was nothing to do.")
    return Verdict(TITLES.get(report.status, report.status), TONES.get(report.status, "warn"), sentences)


def problems(report: Report) -> list[Problem]:
    """What failed, gathered by code; the code with most places first. Findings say more than our explanations do."""
    places: dict[str, list[str]] = {}
    texts: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.severity is Severity.ERROR:
            texts.setdefault(finding.code, []).append(_with_place(finding))
    found = frozenset(texts)
    for row in (*save_rows(report), *delivery_rows(report)):
        if row.mark.outcome == "failed":
            places.setdefault(row.code, []).append(f"{row.name}: {row.image or row.path}")
            if row.code not in found:
                texts.setdefault(row.code, []).append(row.reason)
    codes = sorted({*places, *texts}, key=lambda code: (-len(places.get(code, ())), code))
    return [_problem(code, texts.get(code, []), places.get(code, [])) for code in codes]


def save_rows(report: Report) -> list[Row]:
    """The machines, as the report orders them."""
    return [
        Row(number, each.vm, "", "", each.image_name or "", each.image_path or "", MARKS[each.outcome], *_reason(each))
        for number, each in enumerate(report.saves)
    ]


def delivery_rows(report: Report) -> list[Row]:
    """The deliveries, as the report orders them."""
    return [
        Row(
            number,
            each.lab,
            " · ".join(part for part in (each.region, each.resource_group, each.subscription_id) if part),
            each.region,
            each.image_name,
            each.image_path,
            MARKS[each.outcome],
            *_reason(each),
            _copied(each),
        )
        for number, each in enumerate(report.deliveries)
    ]


def columns(rows: Iterable[Row]) -> list[str]:
    """The image paths of the matrix."""
    return sorted({row.path for row in rows}, key=str.lower)


def matrix(rows: Iterable[Row], paths: Sequence[str]) -> list[MatrixRow]:
    """One row for each lab, in the order of the deliveries."""
    labs: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        labs.setdefault((row.name, row.place), {})[row.path] = row
    return [
        MatrixRow(name, next(iter(cells.values())).region, [cells.get(path) for path in paths])
        for (name, _), cells in labs.items()
    ]


def legend(rows: Iterable[Row]) -> list[Mark]:
    """The marks that occur, failures first."""
    there = {row.mark for row in rows}
    return [mark for mark in MARKS.values() if mark in there]


def facts(report: Report) -> list[tuple[str, str]]:
    """What else is known of the run, name and value."""
    pairs = (
        ("Requested by", report.trigger),
        ("Requested", moment(report.requested_at)),
        ("Started", moment(report.started_at)),
        ("Ended", moment(report.ended_at)),
        ("Took", duration((report.ended_at - report.started_at).total_seconds())),
        ("Answers the requests", ", ".join(report.covers)),
        ("labs.json, ETag", report.labs_etag or ""),
        ("labs.json, SHA-256", report.labs_sha256 or ""),
    )
    return [(name, value) for name, value in pairs if value]


def tally(entries: Iterable[Save | Delivery]) -> str:
    """How many there are of each outcome, in words."""
    counts = Counter(MARKS[each.outcome] for each in entries)
    return ", ".join(f"{counts[mark]} {mark.words}" for mark in reversed(MARKS.values()) if counts[mark])


def _problem(code: str, texts: Sequence[str], places: Sequence[str]) -> Problem:
    explanation = explain(code)
    different = list(dict.fromkeys(texts))
    shown = different[:PLACES_SHOWN]
    if explanation.remedy and str(explanation) not in shown:
        shown.append(explanation.remedy)
    return Problem(explanation.meaning or code, shown, places[:PLACES_SHOWN], max(0, len(places) - PLACES_SHOWN))


def _reason(entry: Save | Delivery) -> tuple[str, str]:
    """The reason in words, and its code."""
    code = entry.error_code or entry.reason or ""
    words = entry.reason if entry.reason and entry.reason != code else str(explain(code))
    return words or code, code


def _copied(delivery: Delivery) -> str:
    took = delivery.seconds
    parts = (
        ROUTES[delivery.source].format(region=delivery.region) if delivery.source else "",
        size(delivery.bytes_copied),
        f"copied in {duration(took.copy_)}" if duration(took.copy_) else "",
        f"image made in {duration(took.image)}" if duration(took.image) else "",
    )
    return ", ".join(part for part in parts if part)


def _with_place(finding: Finding) -> str:
    line = f", line {finding.line}" if finding.line else ""
    return f"{finding.message} ({finding.path}{line})" if finding.path else finding.message
