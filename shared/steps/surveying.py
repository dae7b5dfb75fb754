"""survey_factory and plan_saves: what the factory lab holds, and what of it the run saves under which names."""

from typing import Any

from shared.domain import saving
from shared.domain.models import Record, Run, SourceVm
from shared.gateway.port import Gateway
from shared.steps import folder


class Survey(Record):
    """Document survey.json: the machines of the factory lab as they were when the run looked."""

    vms: tuple[SourceVm, ...]


def survey_factory(gateway: Gateway, run: Run) -> dict[str, Any]:
    """Looks at the factory's machines, their power state and their OS disks; returns how many there are.

    The first look of a run counts: what is saved under its names must be the machine as the plan knew it.
    """
    survey = folder.load(gateway, run.id, folder.SURVEY, Survey)
    if survey is None:
        survey = folder.freeze(gateway, run.id, folder.SURVEY, Survey(vms=gateway.labs.source_vms()))
    return {"vms": len(survey.vms)}


def plan_saves(gateway: Gateway, run: Run) -> dict[str, Any]:
    """Mints every name of the run and decides what is saved; returns the indices of the saves to carry out."""
    plan = folder.load(gateway, run.id, folder.SAVES, folder.SavePlan) or _planned(gateway, run)
    chosen = [index for index, save in enumerate(plan.saves) if save.action == "save"]
    return {"save": chosen, "skipped": len(plan.saves) - len(chosen)}


def _planned(gateway: Gateway, run: Run) -> folder.SavePlan:
    survey = folder.load(gateway, run.id, folder.SURVEY, Survey)
    saves, findings = saving.plan_saves(survey.vms if survey else (), gateway.vhds.catalogue(), run)
    return folder.freeze(gateway, run.id, folder.SAVES, folder.SavePlan(saves=saves, findings=findings))
