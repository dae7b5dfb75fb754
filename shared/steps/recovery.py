"""Ends a run that died or was cancelled: releases exactly what its notes and frozen work name, and nothing else."""

from typing import Any

from shared.domain.image_names import vhd_name
from shared.domain.models import Run
from shared.domain.storage import CopyOwner
from shared.domain.work import RegionWork
from shared.gateway.port import Gateway
from shared.steps import folder, reporting, staging
from shared.steps.loading import RunStart
from shared.steps.saving import release
from shared.steps.side_by_side import side_by_side
from shared.steps.staged_copies import possible_targets, remove_staged


def end_dead_run(gateway: Gateway, run_id: str, scale: float) -> None:
    """Stops the run for good, releases what it holds and reports it as died, if it has no report yet."""
    folder.stop(gateway, run_id, "run-died")
    recover(gateway, run_id)
    request = folder.request_of(gateway, run_id)
    if request is not None:
        message = "The run ended without finishing. Whatever it had not done is done by the next run."
        reporting.write_report(
            gateway,
            Run(request=request, started_at=_started(gateway, run_id) or request.requested_at),
            scale=scale,
            error={"code": "run-died", "message": message},
        )


def recover(gateway: Gateway, run_id: str) -> None:
    """Revokes the access that notes of this run name, and removes its staged and unfinished VHDs."""
    prefix = folder.path(run_id, "")
    for name in gateway.documents.names(folder.path(run_id, folder.GRANTS)):
        release(gateway, run_id, name.removeprefix(prefix))
    _remove_unfinished_saves(gateway, run_id)
    for name in gateway.documents.names(folder.path(run_id, "regions/")):
        region = name.removeprefix(folder.path(run_id, "regions/")).removesuffix(".json")
        _remove_staged(gateway, folder.work_of(gateway, run_id, region))


def _remove_unfinished_saves(gateway: Gateway, run_id: str) -> None:
    saves = folder.load(gateway, run_id, folder.SAVES, folder.SavePlan)
    if saves is None:
        return
    recorded = {image.id for image in gateway.vhds.catalogue().images}
    factory = gateway.labs.factory().id
    for save in saves.saves:
        if save.action == "save" and save.record_id and save.record_id not in recorded:
            owner = CopyOwner(factory=factory, run_id=run_id, source=save.record_id)
            staging.remove(gateway, gateway.vhds.image_storage(vhd_name(save.record_id)), owner)


def _remove_staged(gateway: Gateway, work: RegionWork) -> None:
    # An account that refuses now is cleared by the next run that stages there.
    side_by_side(lambda target: remove_staged(gateway, work, target), possible_targets(work))


def _started(gateway: Gateway, run_id: str) -> Any:
    start = folder.load(gateway, run_id, folder.RUN, RunStart)
    return start.started_at if start else None
