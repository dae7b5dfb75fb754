"""write_report: plan and journal become the report of a run, in three forms, and one notice."""

import json
from typing import Any, NamedTuple

from shared.domain import notice, span_times, telemetry
from shared.domain import report as reports
from shared.domain.models import Finding, Plan, Run, RunRequest, Severity
from shared.domain.report import Report
from shared.domain.span_times import SpanTimes
from shared.domain.work import Pass, SaveNote
from shared.gateway.port import Gateway
from shared.steps import fleet, folder
from shared.steps.loading import RunStart
from shared.web import pages


class _Told(NamedTuple):
    """What a run's folder tells of its work; reading it is most of the cost of a report."""

    plan: Plan
    saves: list[SaveNote]
    passes: dict[str, list[Pass]]
    times: SpanTimes


def write_report(
    gateway: Gateway, run: Run, *, scale: float, cancelled: bool = False, error: dict[str, str] | None = None
) -> dict[str, Any]:
    """Writes report.html, .csv and .json, renews the fleet, sends one notice and the trace; returns the status.

    report.json comes last, for with it the run has ended in everybody's eyes. The first one stays.
    """
    told = _told(gateway, run.id)
    report = _existing(gateway, run.id) or _built(gateway, run, told, scale, cancelled, error)
    _write_pages(gateway, report)
    text = json.dumps(report.to_json(), indent=2).encode()
    if not gateway.documents.create(folder.path(run.id, folder.REPORT), text):
        report = _existing(gateway, run.id) or report
        _write_pages(gateway, report)
    fleet.publish(gateway, run, report)
    if gateway.documents.read(folder.path(run.id, folder.NOTICED)) is None:
        gateway.notices.send(notice.of(report))
        gateway.traces.send(run.id, telemetry.spans(report, told.plan, told.times))
        gateway.documents.create(folder.path(run.id, folder.NOTICED), b"sent")
    return {"status": report.status}


def _write_pages(gateway: Gateway, report: Report) -> None:
    html, csv = pages.report_html(report).encode(), reports.to_csv(report).encode("utf-8-sig")
    gateway.documents.write(folder.path(report.run_id, folder.REPORT_HTML), html, "text/html; charset=utf-8")
    gateway.documents.write(folder.path(report.run_id, folder.REPORT_CSV), csv, "text/csv; charset=utf-8")


def note_refusal(gateway: Gateway, run_id: str, findings: tuple[Finding, ...]) -> None:
    """Notes that a request could not be read, and why: nothing is ever done for it."""
    folder.store(gateway, run_id, folder.PLAN, Plan(run_id=run_id, findings=findings))
    folder.stop(gateway, run_id, folder.REFUSED)


def write_refusal(gateway: Gateway, request: RunRequest) -> None:
    """Reports a request that was noted as refused: a run that failed with its findings and did nothing."""
    error = {"code": "bad-request", "message": "The request cannot be read; its findings say what is wrong."}
    write_report(gateway, Run(request=request, started_at=request.requested_at), scale=1, error=error)


def _existing(gateway: Gateway, run_id: str) -> Report | None:
    return folder.load(gateway, run_id, folder.REPORT, Report)


def _told(gateway: Gateway, run_id: str) -> _Told:
    plan = _plan_so_far(gateway, run_id) or Plan(run_id=run_id)
    saves, passes = _journal(gateway, run_id)
    return _Told(plan, saves, passes, span_times.of_journal(plan, saves, passes))


def _built(
    gateway: Gateway, run: Run, told: _Told, scale: float, cancelled: bool, error: dict[str, str] | None
) -> Report:
    start = folder.load(gateway, run.id, folder.RUN, RunStart)
    return reports.build(
        run.model_copy(update={"covers": start.covers}) if start else run,
        _with_access_left(gateway, told.plan),
        told.saves,
        {region: [note for each in noted for note in each.copies] for region, noted in told.passes.items()},
        {region: [note for each in noted for note in each.images] for region, noted in told.passes.items()},
        labs_etag=start.labs_etag if start else None,
        labs_sha256=start.labs_sha256 if start else None,
        ended_at=gateway.clock.now(),
        cancelled=cancelled,
        error=error,
        time_scale=scale,
        times=told.times,
    )


def _with_access_left(gateway: Gateway, plan: Plan) -> Plan:
    """The plan with a finding for each disk whose access could not be revoked: its machine cannot be started."""
    notes = gateway.documents.read_all(gateway.documents.names(folder.path(plan.run_id, folder.GRANTS)))
    left = (json.loads(notes[name]) for name in sorted(notes))
    findings = [
        Finding(
            severity=Severity.ERROR,
            code="access-left",
            message=f"Read access to the disk of the machine {note['vm']} could not be revoked, so the machine cannot "
            "be started. It is tried again every minute while no run is on its way; "
            f"`az disk revoke-access --ids {note['diskId']}` ends it now.",
        )
        for note in left
    ]
    return plan.model_copy(update={"findings": (*plan.findings, *findings)})


def _plan_so_far(gateway: Gateway, run_id: str) -> Plan | None:
    """The plan, or what of it was made when the run ended early: its saves."""
    plan = folder.plan_of(gateway, run_id)
    if plan is not None:
        return plan
    saves = folder.load(gateway, run_id, folder.SAVES, folder.SavePlan)
    return Plan(run_id=run_id, saves=saves.saves, findings=saves.findings) if saves else None


def _journal(gateway: Gateway, run_id: str) -> tuple[list[SaveNote], dict[str, list[Pass]]]:
    """The notes of the saves, and by region those of its passes."""
    prefix = folder.path(run_id, folder.JOURNAL)
    documents = gateway.documents.read_all(gateway.documents.names(prefix))
    saves: list[SaveNote] = []
    passes: dict[str, list[Pass]] = {}
    for name in sorted(documents):
        room = name.removeprefix(prefix).partition("/")[0]
        if room == "saves":
            saves.append(SaveNote.model_validate_json(documents[name]))
        else:
            passes.setdefault(room, []).append(Pass.model_validate_json(documents[name]))
    return saves, passes
