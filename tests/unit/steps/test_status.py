"""The status document of a run that has ended: how it ended, and why where it did not do all that was asked."""

from typing import Any

import pytest

from shared.domain.gate import GateState
from shared.domain.models import Finding, Plan, PlannedSave, Run, RunRequest, Severity
from shared.steps import folder, reporting
from shared.steps.status import Live, describe
from tests.fakes.cloud import FakeCloud
from tests.fakes.gateway import FakeGateway

WARNING = Finding(severity=Severity.WARNING, code="no-hub", message="No hub.")
ERROR = Finding(severity=Severity.ERROR, code="lab-not-found", message="There is no lab Ghost.", path="Labs[0]", line=3)
OTHER = Finding(severity=Severity.ERROR, code="no-image", message="There is no image.")
SKIPPED = PlannedSave(vm="win2022dc", action="skip", reason="already-saved")


def ended(*findings: Finding, error: dict[str, str] | None = None, dry_run: bool = False) -> dict[str, Any]:
    """What is told of a run that ended with these findings."""
    gateway = FakeGateway(FakeCloud())
    now = gateway.clock.now()
    request = RunRequest(id="20261123T030000Z-abcdef", trigger="http", requested_at=now, dry_run=dry_run)
    folder.store(gateway, request.id, folder.REQUEST, request)
    plan = Plan(run_id=request.id, saves=(SKIPPED,), findings=findings)
    folder.store(gateway, request.id, folder.PLAN, plan)
    reporting.write_report(gateway, Run(request=request, started_at=now), scale=1, error=error)
    status = describe(gateway, request.id, GateState(), lambda run_id: Live())
    assert status
    return status


def test_run_that_failed_as_a_whole_says_why() -> None:
    error = {"code": "plan-changed", "message": "Another plan."}
    status = ended(ERROR, error=error)
    assert (status["status"], status["error"]) == ("Failed", error)


@pytest.mark.parametrize("dry_run", [False, True])
def test_run_without_an_error_of_its_own_gives_the_first_finding_that_is_one(dry_run: bool) -> None:
    status = ended(WARNING, ERROR, OTHER, dry_run=dry_run)
    assert (status["status"], status["error"]) == (
        "Failed",
        {"code": "lab-not-found", "message": "There is no lab Ghost."},
    )


def test_run_that_did_all_that_was_asked_has_no_error() -> None:
    status = ended(WARNING)
    assert status["status"] == "Succeeded"
    assert "error" not in status
