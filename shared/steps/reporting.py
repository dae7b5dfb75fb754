"""write_report: plan and journal become the report of a run, in three forms, and one notice."""

import json
from typing import Any

from shared.domain import report as reports
from shared.domain.models import Finding, Plan, Run
from shared.domain.report import Report
from shared.domain.work import CopyNote, ImageNote, SaveNote
from shared.gateway.port import Gateway
from shared.steps import fleet, folder
from shared.steps.loading import RunStart
from shared.web import pages


def write_report(
    gateway: Gateway, run: Run, *, scale: float, cancelled: bool = False, error: dict[str, str] | None = None
) -> dict[str, Any]:
    """Writes report.json, .html and .csv, renews the fleet and sends one notice; returns the status.

    The first report stays.
    """
    report = _existing(gateway, run.id) or _built(gateway, run, scale, cancelled, error)
    text = json.dumps(report.to_json(), indent=2).encode()
    gateway.documents.create(folder.path(run.id, folder.REPORT), text)
    html, csv = pages.report_html(report).encode(), reports.to_csv(report).encode("utf-8-sig")
    gateway.documents.write(folder.path(run.id, folder.REPORT_HTML), html, "text/html; charset=utf-8")
    gateway.documents.write(folder.path(run.id, folder.REPORT_CSV), csv, "text/csv; charset=utf-8")
    fleet.publish(gateway, run, report)
    if gateway.documents.read(folder.path(run.id, folder.NOTICED)) is None:
        gateway.notices.send(json.dumps(reports.summary(report)))
        gateway.documents.create(folder.path(run.id, folder.NOTICED), b"sent")
    return {"status": report.status}


def refused(gateway: Gateway, run: Run, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Reports a request that could not be read: a run that failed with these findings and did nothing."""
    folder.store(gateway, run.id, folder.PLAN, Plan(run_id=run.id, findings=findings))
    error = {"code": "bad-request", "message": "The request cannot be read; its findings say what is wrong."}
    return write_report(gateway, run, scale=1, error=error)


def _existing(gateway: Gateway, run_id: str) -> Report | None:
    return folder.load(gateway, run_id, folder.REPORT, Report)


def _built(gateway: Gateway, run: Run, scale: float, cancelled: bool, error: dict[str, str] | None) -> Report:
    start = folder.load(gateway, run.id, folder.RUN, RunStart)
    saves, copies, images = _journal(gateway, run.id)
    return reports.build(
        run.model_copy(update={"covers": start.covers}) if start else run,
        _plan_so_far(gateway, run.id),
        saves,
        copies,
        images,
        labs_etag=start.labs_etag if start else None,
        labs_sha256=start.labs_sha256 if start else None,
        ended_at=gateway.clock.now(),
        cancelled=cancelled,
        error=error,
        time_scale=scale,
    )


def _plan_so_far(gateway: Gateway, run_id: str) -> Plan | None:
    """The plan, or what of it was made when the run ended early: its saves."""
    plan = folder.plan_of(gateway, run_id)
    if plan is not None:
        return plan
    saves = folder.load(gateway, run_id, folder.SAVES, folder.SavePlan)
    return Plan(run_id=run_id, saves=saves.saves, findings=saves.findings) if saves else None


def _journal(
    gateway: Gateway, run_id: str
) -> tuple[list[SaveNote], dict[str, list[CopyNote]], dict[str, list[ImageNote]]]:
    prefix = folder.path(run_id, folder.JOURNAL)
    documents = gateway.documents.read_all(gateway.documents.names(prefix))
    saves: list[SaveNote] = []
    copies: dict[str, list[CopyNote]] = {}
    images: dict[str, list[ImageNote]] = {}
    for name in sorted(documents):
        room = name.removeprefix(prefix).partition("/")[0]
        if room == "saves":
            saves.append(SaveNote.model_validate_json(documents[name]))
            continue
        notes = json.loads(documents[name])
        copies.setdefault(room, []).extend(CopyNote.from_json(each) for each in notes["copies"])
        images.setdefault(room, []).extend(ImageNote.from_json(each) for each in notes["images"])
    return saves, copies, images
