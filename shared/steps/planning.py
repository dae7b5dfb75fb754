"""plan_deliveries: asks Azure what the labs hold, lets the domain plan, and freezes the work of each region."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from shared.domain import changes, saving, targets
from shared.domain import plan as planner
from shared.domain.changes import Change
from shared.domain.errors import Denied, GatewayError
from shared.domain.models import (
    CustomImage,
    Finding,
    Lab,
    LabsFile,
    Limits,
    Plan,
    RegionPlan,
    Run,
    TargetLab,
)
from shared.domain.work import RegionWork
from shared.gateway.port import Gateway
from shared.steps import fleet, folder, staging
from shared.steps.loading import frozen_labs
from shared.steps.side_by_side import side_by_side


def plan_deliveries(
    gateway: Gateway,
    run: Run,
    limits: Limits,
    findings: Sequence[Finding],
    approved: AbstractSet[Change] | None = None,
) -> dict[str, Any]:
    """Makes the complete plan and the frozen work of each region; returns the shapes that the regions are run by.

    `findings` are those of the run so far; `approved`, where it is given, is all that the run may change. Repeating
    keeps the plan that was frozen first. Raises Throttled when Azure asks to wait: what was learned is kept.
    """
    factory = gateway.labs.factory()
    plan = folder.load(gateway, run.id, folder.FINAL_PLAN, Plan)
    if plan is None:
        plan = make_plan(gateway, run, limits, findings, would_be=run.request.dry_run)
        if approved is not None:
            plan = changes.restricted(plan, approved, factory, limits)
        plan = folder.freeze(gateway, run.id, folder.FINAL_PLAN, plan)
    # Pairs are called by their place in the plan: whoever writes the work of the regions has it from the frozen one.
    regions = [_freeze(gateway, plan, region, factory, limits) for region in plan.regions]
    return {"regions": regions, "deliveries": len(plan.deliveries), "waiting": sum(len(r.pairs) for r in plan.regions)}


def make_plan(gateway: Gateway, run: Run, limits: Limits, findings: Sequence[Finding], *, would_be: bool) -> Plan:
    """The complete plan as things are now, or as they would be once the run's saves are done; it is not kept."""
    labs = frozen_labs(gateway, run.id)
    factory = gateway.labs.factory()
    saved = gateway.vhds.catalogue()
    known = _known_labs(gateway, labs.labs, limits)
    chosen = targets.resolve(labs.labs, known, factory, limits, run.request.only)
    images = _custom_images(gateway, run, [each.lab for each in chosen if each.lab and not each.blocked])
    fleet.note(gateway, run, saved, chosen, images)
    saves = folder.load(gateway, run.id, folder.SAVES, folder.SavePlan)
    return planner.plan_deliveries(
        run,
        saves.saves if saves else (),
        chosen,
        images,
        saving.would_be(saved, saves.saves if saves else (), run) if would_be else saved,
        factory,
        limits,
        (*_findings(labs, saves), *findings),
    )


def _findings(labs: LabsFile, saves: folder.SavePlan | None) -> tuple[Finding, ...]:
    return labs.findings + (saves.findings if saves else ())


def _known_labs(
    gateway: Gateway, wanted: Sequence[TargetLab], limits: Limits
) -> dict[str, tuple[Lab, ...] | GatewayError]:
    allowed = {each.lower() for each in limits.allowed_subscriptions}
    subscriptions = dict.fromkeys(lab.subscription_id.lower() for lab in wanted)
    return {each: _listed(gateway, each, wanted) for each in subscriptions if each in allowed}


def _listed(gateway: Gateway, subscription: str, wanted: Sequence[TargetLab]) -> tuple[Lab, ...] | GatewayError:
    try:
        return gateway.labs.in_subscription(subscription)
    except GatewayError as error:
        if staging.is_put_off(error):
            raise
        return (isinstance(error, Denied) and _read_by_group(gateway, subscription, wanted)) or error


def _read_by_group(gateway: Gateway, subscription: str, wanted: Sequence[TargetLab]) -> tuple[Lab, ...]:
    """Where a subscription may not be listed, the labs whose group labs.json names are read one by one."""
    found = []
    for target in wanted:
        if target.subscription_id.lower() == subscription and target.resource_group:
            try:
                found.append(gateway.labs.find(subscription, target.resource_group, target.name))
            except Denied as denied:
                if staging.is_put_off(denied):
                    raise
    return tuple(lab for lab in found if lab is not None)


def _custom_images(
    gateway: Gateway, run: Run, labs: Sequence[Lab]
) -> dict[str, tuple[CustomImage, ...] | GatewayError]:
    """The images of each lab, listed once. What is known is kept on throttling, so that a repeat goes on from there."""
    kept = folder.load_json(gateway, run.id, folder.TARGETS) or {}
    found: dict[str, tuple[CustomImage, ...] | GatewayError] = {
        lab_id: tuple(CustomImage.from_json(each) for each in images) for lab_id, images in kept.items()
    }
    missing = list({lab.id: lab for lab in labs if lab.id not in found}.values())
    found.update(zip((lab.id for lab in missing), side_by_side(gateway.labs.custom_images, missing), strict=True))
    for error in found.values():
        if isinstance(error, GatewayError) and staging.is_put_off(error):
            _keep(gateway, run, found)
            raise error
    return found


def _keep(gateway: Gateway, run: Run, found: dict[str, tuple[CustomImage, ...] | GatewayError]) -> None:
    known = {lab: [each.to_json() for each in images] for lab, images in found.items() if isinstance(images, tuple)}
    folder.store_json(gateway, run.id, folder.TARGETS, known)


def _freeze(gateway: Gateway, plan: Plan, region: RegionPlan, factory: Lab, limits: Limits) -> dict[str, Any]:
    pairs = tuple(plan.deliveries[index] for index in region.pairs)
    by_id = {image.id: image for image in plan.images}
    work = RegionWork(
        run_id=plan.run_id,
        factory=factory.id,
        factory_region=factory.region,
        region=region.region,
        home=region.home,
        hub=factory.account if region.home else region.hub,
        images=tuple(by_id[each] for each in dict.fromkeys(pair.record_id for pair in pairs)),
        pairs=pairs,
    )
    folder.store(gateway, plan.run_id, folder.region_document(region.region), work)
    return {"region": region.region, "shape": planner.shape(plan, region, limits).to_json()}
