"""What a plan changes, as an ordered list that can be approved, and the digest of that list.

Its definition is in docs/decisions/0006-the-digest-of-a-plan.md: both sides of an approval must make the same of it.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

from shared.domain.models import Finding, Lab, Limits, Plan, PlannedDelivery, PlannedSave, Record, Severity
from shared.domain.regions import plan_regions

DIGEST_PATTERN = r"[0-9a-f]{64}"
PLAN_CHANGED = "plan-changed"
NOT_APPROVED = "not-approved"
SHOWN = 20  # differences that are findings of their own; one more finding counts the rest
_HEAD = b"image factory plan 1\n"  # another definition must give other digests


class Change(Record):
    """One effect of a plan. `lab` is an ARM id, of a save that of the machine; `record` says which state of an image.

    `record` is the id of a saved image or, of one that the same run saves, its disk's unique id and ownership time:
    ids and names that a run mints differ from run to run.
    """

    action: Literal["save", "deliver", "repair"]
    lab: str
    image: str
    record: str

    def __str__(self) -> str:
        subscription = self.lab.split("/")[2] if self.lab.count("/") > 2 else ""
        place = self.lab.rpartition("/")[2]
        return f"{self.action} {self.image}, {'machine' if self.action == 'save' else 'lab'} {place} in {subscription}"


class Changes(Record):
    """Document plan of GET /api/runs/{id}/plan: the changes of a plan, in their order, and their digest."""

    digest: str
    changes: tuple[Change, ...] = ()


def of(plan: Plan) -> Changes:
    """The changes of a plan: the same for a dry run and for the run that follows it, while nothing else happens."""
    saved = _saved(plan)
    changes = [_save(plan, save) for save in plan.saves if save.action == "save"]
    changes += [_delivery(each, saved) for each in plan.deliveries if each.action == "deliver"]
    ordered = tuple(sorted(changes, key=_rank))
    return Changes(digest=digest(ordered), changes=ordered)


def digest(changes: Iterable[Change]) -> str:
    """SHA-256 in hexadecimal over the changes in the order given, a line of JSON each."""
    lines = (
        json.dumps([each.action, each.lab, each.image, each.record], separators=(",", ":")) + "\n" for each in changes
    )
    return hashlib.sha256(_HEAD + "".join(lines).encode()).hexdigest()


def difference(approved: Sequence[Change], own: Sequence[Change]) -> list[str]:
    """What is new in `own` (`+`) and what of `approved` is gone (`-`), a line each."""
    old, new = set(approved), set(own)
    return [f"+ {each}" for each in own if each not in old] + [f"- {each}" for each in approved if each not in new]


def refusal(wanted: str, approved: Sequence[Change] | None, own: Changes) -> tuple[str, tuple[Finding, ...]]:
    """Why a run does not go on whose own plan is not the approved one, and a finding for each difference.

    `approved` is None where this factory does not know the plan that `wanted` is the digest of.
    """
    start = f"The plan of this run is not the one that was approved ({wanted[:12]}…), so nothing was done."
    end = f"Look at the new plan, {own.digest}, and start a run with its digest if it is right."
    if approved is None:
        return f"{start} The approved plan was made elsewhere: compare it with the plan of this run. {end}", ()
    lines = difference(approved, own.changes)
    findings = [_finding(f"The approved plan differs: {line}.") for line in lines[:SHOWN]]
    if rest := len(lines) - SHOWN:
        findings += [_finding(f"{rest:,} more changes differ.")] if rest > 0 else []
    added = sum(line.startswith("+") for line in lines)
    return f"{start} New are {added:,} changes, and {len(lines) - added:,} are gone. {end}", tuple(findings)


def restricted(plan: Plan, approved: AbstractSet[Change], factory: Lab, limits: Limits) -> Plan:
    """The plan with every delivery blocked that was not approved: `not-approved`.

    Such a one is that of an older image after a failed save.
    """
    saved = _saved(plan)
    deliveries = tuple(
        each.model_copy(update={"action": "blocked", "reason": NOT_APPROVED, "repair": False})
        if each.action == "deliver" and _delivery(each, saved) not in approved
        else each
        for each in plan.deliveries
    )
    return plan.model_copy(update={"deliveries": deliveries, "regions": plan_regions(deliveries, factory, limits)})


def _save(plan: Plan, save: PlannedSave) -> Change:
    machine = f"{plan.factory}/virtualmachines/{save.vm}".lower()
    return Change(action="save", lab=machine, image=(save.image_path or "").casefold(), record=_state(save))


def _delivery(delivery: PlannedDelivery, saved: dict[str | None, str]) -> Change:
    return Change(
        action="repair" if delivery.repair else "deliver",
        lab=delivery.lab_id,
        image=delivery.image_path.casefold(),
        record=saved.get(delivery.record_id, delivery.record_id),
    )


def _saved(plan: Plan) -> dict[str | None, str]:
    """What the run itself saves, by the id that it mints for it."""
    return {save.record_id: _state(save) for save in plan.saves if save.action == "save"}


def _state(save: PlannedSave) -> str:
    """Which state of which disk a save saves."""
    if save.disk is None:
        return ""
    time = save.disk.ownership_time.isoformat() if save.disk.ownership_time else ""
    return f"{save.disk.unique_id}@{time}/{save.os_state}"


def _rank(change: Change) -> tuple[bool, str, str, str, str]:
    """Saves first, as they are done first."""
    return change.action != "save", change.lab, change.image, change.action, change.record


def _finding(message: str) -> Finding:
    return Finding(severity=Severity.ERROR, code=PLAN_CHANGED, message=message)
