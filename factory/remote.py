"""The commands `run`, `runs` and `cancel`: they ask an app that is running already, here or in Azure."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from factory import files
from factory.api import Api
from factory.console import make_console, print_json
from factory.errors import ApiError, CommandError
from factory.following import follow
from factory.progress import display, duration, reason
from factory.tables import STATUS_STYLES, print_report, table
from shared.domain import changes
from shared.domain.changes import Change

WRITE_PLAN = "Write one with: python -m factory plan --json > plan.json"
# As often as the app itself suggests in Retry-After.
POLL_SECONDS = 5.0


def run(
    url: str | None,
    key: str | None,
    *,
    plan: Path | str | None = None,
    as_json: bool = False,
    every: float = POLL_SECONDS,
) -> int:
    """Start a run of the stored labs.json; 0 when it Succeeded. Interrupted, the run goes on without being watched.

    `plan` is the digest of the plan to do, or the file that `plan --json` wrote.
    """
    api = connect(url, key)
    approved = _approved(plan) if isinstance(plan, Path) else None
    digest = changes.digest(approved) if approved is not None else plan
    console = make_console(as_json=as_json)
    with display(console) as shown:
        run_id = api.start({"planDigest": str(digest)} if digest else {})
        shown.say(f"Run {run_id} was requested. Ctrl-C stops watching; the run goes on.")
        final = follow(api, run_id, show=shown.show, every=every)
    report = json.loads(api.report(final["id"], "json"))
    if as_json:
        print_json(report)
    else:
        print_report(console, report)
    if approved is not None and (report.get("error") or {}).get("code") == changes.PLAN_CHANGED:
        _print_difference(console, api, final["id"], approved)
    return 0 if final["status"] == "Succeeded" else 1


def runs(url: str | None, key: str | None, *, limit: int, as_json: bool) -> int:
    """List the newest runs; always 0."""
    found = connect(url, key).newest_runs(limit)
    if as_json:
        print_json({"runs": found})
        return 0
    console = make_console()
    columns = ("Run", "Trigger", "Status", "Requested (UTC)", "Took", "Images", "Deliveries")
    console.print(table("Runs", columns, map(_row, found)) if found else Text("There are no runs yet."))
    for run in found:
        if run.get("error"):
            words = f"{run['id']} {run['status']}: {reason(run)}"
            console.print(Text(words, style=STATUS_STYLES.get(run["status"], "bold red")), soft_wrap=True)
    return 0


def cancel(url: str | None, key: str | None, run_id: str, *, as_json: bool) -> int:
    """Cancel a run; 0 when the app has accepted that."""
    answer = connect(url, key).cancel(run_id)
    if as_json:
        print_json(answer)
    else:
        make_console().print(
            Text(f"Run {run_id} is being cancelled. `python -m factory runs` shows when it has ended.")
        )
    return 0


def connect(url: str | None, key: str | None) -> Api:
    """The app at an address. Raises CommandError that names what is missing."""
    # A shell on Windows leaves the carriage return of the line that it took them from.
    url, key = (url or "").strip(), (key or "").strip()
    if not url:
        raise CommandError("Where is the app? Pass --url or set IMAGE_FACTORY_URL.")
    if not key:
        raise CommandError("The app wants a function key. Pass --key or set IMAGE_FACTORY_KEY.")
    return Api(url, key)


def _approved(file: Path) -> tuple[Change, ...]:
    """The changes of a plan's file."""
    content = files.content(file)
    try:
        document = json.loads(content)
    except ValueError:
        raise CommandError(f"{file} is no JSON, so it is no plan. {WRITE_PLAN}") from None
    for key in ("changes", "digest"):
        if not isinstance(document, dict) or key not in document:
            raise CommandError(f"{file} has no `{key}`, so it is no plan. {WRITE_PLAN}")
    try:
        approved = tuple(Change.from_json(each) for each in document["changes"])
    except (ValueError, TypeError):
        raise CommandError(f"The `changes` of {file} are not those of a plan. {WRITE_PLAN}") from None
    if changes.digest(approved) != document["digest"]:
        raise CommandError(f"{file} was changed: its digest is not that of its changes. {WRITE_PLAN}")
    return approved


def _print_difference(console: Console, api: Api, run_id: str, approved: Sequence[Change]) -> None:
    """What the run would have done otherwise than the file says."""
    try:
        own = [Change.from_json(each) for each in api.plan(run_id)["changes"]]
    except ApiError as error:
        console.print(Text(f"The plan of run {run_id} cannot be compared: {error}"), soft_wrap=True)
        return
    console.print(Text(f"From the approved plan to that of run {run_id}:", style="bold"), soft_wrap=True)
    for difference in changes.difference(approved, own):
        console.print(Text(f"  {difference}", style="green" if difference[0] == "+" else "red"), soft_wrap=True)


def _row(run: Mapping[str, Any]) -> Sequence[Text]:
    counts = run.get("counts") or {}
    requested = datetime.fromisoformat(run["requestedAt"])
    status = run["status"] + (" (dry run)" if run.get("dryRun") else "")
    return (
        Text(run["id"]),
        Text(run["trigger"]),
        Text(status, style=STATUS_STYLES.get(run["status"], "")),
        Text(f"{requested:%Y-%m-%d %H:%M}"),
        Text(_took(run)),
        Text(_counted(counts.get("saves") or {})),
        Text(_counted(counts.get("deliveries") or {})),
    )


def _took(run: Mapping[str, Any]) -> str:
    if not run.get("startedAt") or not run.get("endedAt"):
        return ""
    started, ended = (datetime.fromisoformat(run[key]) for key in ("startedAt", "endedAt"))
    return duration((ended - started).total_seconds())


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {word.replace('-', ' ')}" for word, number in counts.items() if number)
