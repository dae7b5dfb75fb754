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
    """Looks at the factory's machines, their power state and their OS disks; returns how many there are."""
    survey = Survey(vms=gateway.labs.source_vms())
    folder.store(gateway, run.id, folder.SURVEY, survey)
    return {"vms": len(survey.vms)}


def plan_saves(gateway: Gateway, run: Run) -> dict[str, Any]:
    """Mints every name of the run and decides what is saved; returns the indices of the saves to carry out."""
    survey = folder.load(gateway, run.id, folder.SURVEY, Survey)
    saves, findings = saving.plan_saves(survey.vms if survey else (), gateway.vhds.catalogue(), run)
    folder.store(gateway, run.id, folder.SAVES, folder.SavePlan(saves=saves, findings=findings))
    chosen = [index for index, save in enumerate(saves) if save.action == "save"]
    return {"save": chosen, "skipped": len(saves) - len(chosen)}
