"""Ends a run that died or was cancelled: releases exactly what its notes and frozen work name, and nothing else."""

from functools import partial
from typing import Any

from shared.domain.errors import GatewayError
from shared.domain.models import Run
from shared.gateway.port import Gateway
from shared.steps import folder, reporting
from shared.steps.loading import RunStart
from shared.steps.saving import release, remove_unfinished
from shared.steps.side_by_side import side_by_side
from shared.steps.staged_copies import possible_targets, remove_staged


def end_dead_run(gateway: Gateway, run_id: str, scale: float) -> None:
    """Stops the run for good, releases what it holds and reports it as died, if it has no report yet."""
    folder.stop(gateway, run_id, "run-died")
    request = folder.request_of(gateway, run_id)
    # A dry run holds nothing, and what it planned the run beside it may be doing.
    if request is None or not request.dry_run:
        recover(gateway, run_id)
    if request is not None:
        message = "The run ended without finishing. Whatever it had not done is done by the next run."
        reporting.write_report(
            gateway,
            Run(request=request, started_at=_started(gateway, run_id) or request.requested_at),
            scale=scale,
            error={"code": "run-died", "message": message},
        )


def recover(gateway: Gateway, run_id: str) -> None:
    """Revokes the access that notes of this run name, and removes its staged and unfinished VHDs.

    To be called while no other run is on its way: the next one adopts what this one staged. What Azure refuses holds
    nothing else up: access is tried again by the watch, a staged VHD by the next run that stages there.
    """
    release_access(gateway, run_id)
    _remove_unfinished_saves(gateway, run_id)
    for name in gateway.documents.names(folder.path(run_id, "regions/")):
        region = name.removeprefix(folder.path(run_id, "regions/")).removesuffix(".json")
        work = folder.work_of(gateway, run_id, region)
        side_by_side(partial(remove_staged, gateway, work), possible_targets(work))


def release_access(gateway: Gateway, run_id: str) -> bool:
    """Revokes every access to a disk that notes of this run name; False where Azure refused one of them."""
    prefix = folder.path(run_id, "")
    notes = gateway.documents.names(folder.path(run_id, folder.GRANTS))
    ends = side_by_side(lambda name: release(gateway, run_id, name.removeprefix(prefix)), notes)
    return not any(isinstance(end, GatewayError) for end in ends)


def _remove_unfinished_saves(gateway: Gateway, run_id: str) -> None:
    saves = folder.load(gateway, run_id, folder.SAVES, folder.SavePlan)
    if saves is not None:
        begun = [index for index, save in enumerate(saves.saves) if save.action == "save"]
        side_by_side(lambda save: remove_unfinished(gateway, run_id, save), begun)


def _started(gateway: Gateway, run_id: str) -> Any:
    start = folder.load(gateway, run_id, folder.RUN, RunStart)
    return start.started_at if start else None
