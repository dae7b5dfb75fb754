"""Shows the report of a run on the console: every machine, every lab and image, each with its outcome and reason."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from factory.progress import gibibytes
from shared.web.explanations import EXPLANATIONS, explain

STYLES = {
    "saved": "green",
    "delivered": "green",
    "already-present": "green",
    "planned": "cyan",
    "skipped": "yellow",
    "cancelled": "yellow",
    "failed": "bold red",
}
STATUS_STYLES = {"Succeeded": "bold green", "PartiallySucceeded": "bold yellow"}


def print_report(console: Console, report: Mapping[str, Any]) -> None:
    """Print saves, deliveries and findings, and one line that sums them up."""
    if report["saves"]:
        console.print(
            table("Machines of the factory", ("Machine", "Image", "Outcome", "Reason"), map(_save, report["saves"]))
        )
    if report["deliveries"]:
        rows = map(_delivery, report["deliveries"])
        console.print(table("Deliveries", ("Lab", "Image", "Outcome", "Reason"), rows))
    print_codes(console, [*report["saves"], *report["deliveries"]])
    print_findings(console, report["findings"])
    status = report["status"]
    console.print(Text.assemble((status, STATUS_STYLES.get(status, "bold red")), ": ", _sum(report)), soft_wrap=True)


def print_codes(console: Console, entries: Iterable[Mapping[str, Any]]) -> None:
    """Print what the reasons of a table mean, and what to do about them."""
    for code, words in _explained(entries):
        console.print(Text.assemble((code, "bold"), ": ", words), soft_wrap=True)


def print_findings(console: Console, findings: Iterable[Mapping[str, Any]]) -> None:
    """Print findings, each with its place."""
    for finding in findings:
        style = "red" if finding["severity"] == "error" else "yellow"
        console.print(Text(_finding(finding), style=style), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table:
    """A table of rows."""
    made = Table(*columns, title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for row in rows:
        made.add_row(*row)
    return made


def _save(save: Mapping[str, Any]) -> Sequence[Text]:
    image = save.get("imageName") or save.get("imagePath") or ""
    return Text(save["vm"]), Text(image), _outcome(save), _reason(save)


def _delivery(delivery: Mapping[str, Any]) -> Sequence[Text]:
    return Text(delivery["lab"]), Text(delivery["imageName"]), _outcome(delivery), _reason(delivery)


def _outcome(entry: Mapping[str, Any]) -> Text:
    return Text(entry["outcome"], style=STYLES.get(entry["outcome"], ""))


def _reason(entry: Mapping[str, Any]) -> Text:
    """The reason, which is a code or a text for people, and the code of an error behind a text."""
    reason, code = entry.get("reason") or "", entry.get("errorCode") or ""
    if reason == entry["outcome"]:
        return Text()
    return Text(f"{reason} ({code})" if reason and code and reason != code else reason or code)


def _explained(entries: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The codes that the tables show, each with what it means and what to do."""
    codes = sorted(
        {entry["reason"] for entry in entries if entry.get("reason") and entry["reason"] != entry.get("outcome")}
    )
    return [(code, str(explain(code))) for code in codes if code in EXPLANATIONS]


def _finding(finding: Mapping[str, Any]) -> str:
    place = finding.get("path") or "labs.json"
    return f"{place}: {finding['severity']} {finding['code']}: {finding['message']}"


def _sum(report: Mapping[str, Any]) -> str:
    counted = (("images", report["saves"]), ("deliveries", report["deliveries"]))
    parts = [f"{name} {_counts(entries)}" for name, entries in counted if entries]
    crossed = sum(each.get("bytes", 0) for each in report["crossings"])
    if crossed:
        parts.append(f"{gibibytes(crossed)} between regions")
    if report.get("error"):
        parts.append(report["error"]["message"])
    return "; ".join(parts) or "there was nothing to do"


def _counts(entries: Iterable[Mapping[str, Any]]) -> str:
    """Such as `4 saved, 2 skipped`."""
    counts = Counter(entry["outcome"] for entry in entries)
    return ", ".join(f"{number} {outcome.replace('-', ' ')}" for outcome, number in counts.items())
