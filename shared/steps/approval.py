"""check_plan: a run that was given the digest of an approved plan does that plan or nothing."""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from shared.domain import changes
from shared.domain.changes import Change, Changes
from shared.domain.models import Finding, Limits, Run
from shared.gateway.port import Gateway
from shared.steps import folder, planning

APPROVED = "approved.json"  # the changes that the run may make, in its folder
PLANS = "plans/"  # the changes of every dry run, by their digest


def check_plan(gateway: Gateway, run: Run, limits: Limits, findings: Sequence[Finding]) -> dict[str, Any]:
    """Compares the run's own plan with the approved one before anything is done: `approved`, or `failed` with why.

    The plan is kept in both cases: the report of a refused run shows it. What was approved once stays so.
    """
    if folder.load_json(gateway, run.id, APPROVED) is not None:
        return {"state": "approved"}
    plan = planning.make_plan(gateway, run, limits, findings, would_be=True)
    own, wanted = changes.of(plan), run.request.plan_digest
    if wanted is None or own.digest == wanted:
        folder.store(gateway, run.id, folder.PLAN, plan)
        folder.store(gateway, run.id, APPROVED, own)
        return {"state": "approved"}
    message, differences = changes.refusal(wanted, _known(gateway, wanted), own)
    folder.store(gateway, run.id, folder.PLAN, plan.model_copy(update={"findings": (*differences, *plan.findings)}))
    return {"state": "failed", "code": changes.PLAN_CHANGED, "message": message}


def approved(gateway: Gateway, run: Run) -> AbstractSet[Change] | None:
    """The changes that the run may make; None for a run that may make any."""
    found = folder.load(gateway, run.id, APPROVED, Changes) if run.request.plan_digest else None
    return frozenset(found.changes) if found else None


def keep(gateway: Gateway, run: Run) -> None:
    """Keeps the changes that a dry run planned, so that a run which is given their digest can say what differs."""
    made = changes_of(gateway, run.id) if run.request.dry_run else None
    if made is not None:
        gateway.documents.create(f"{PLANS}{made.digest}.json", json.dumps(made.to_json()).encode())


def changes_of(gateway: Gateway, run_id: str) -> Changes | None:
    """The changes of a run's plan; None before it is made."""
    plan = folder.plan_of(gateway, run_id)
    return None if plan is None or not plan.factory else changes.of(plan)


def _known(gateway: Gateway, digest: str) -> tuple[Change, ...] | None:
    content = gateway.documents.read(f"{PLANS}{digest}.json")
    return None if content is None else Changes.model_validate_json(content).changes
