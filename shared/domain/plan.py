"""labs.json, what Azure holds and the run's saves -> the plan: every delivery, and the reason of each not made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain import regions
from shared.domain.candidates import Candidate, newest_good
from shared.domain.errors import GatewayError
from shared.domain.image_paths import Index, Matcher, canonical, unmatched
from shared.domain.models import (
    Catalogue,
    CustomImage,
    Finding,
    Lab,
    Limits,
    Plan,
    PlannedDelivery,
    PlannedSave,
    RegionPlan,
    Run,
    Severity,
)
from shared.domain.region_shape import RegionShape
from shared.domain.targets import Target, finding_at, named

Images = Mapping[str, tuple[CustomImage, ...] | GatewayError]

_NAMES_SHOWN = 5  # of the images that a finding about a lab lists


def plan_deliveries(
    run: Run,
    saves: Sequence[PlannedSave],
    targets: Sequence[Target],
    images: Images,
    catalogue: Catalogue,
    factory: Lab,
    limits: Limits,
    findings: Sequence[Finding],
) -> Plan:
    """The complete plan, lab by lab in the order of labs.json and image by image.

    `images` holds, by lab id, the custom images of each lab that is not blocked, or the error that came instead;
    `findings` are those of the run so far.
    """
    candidates, faults = newest_good(catalogue.images)
    asked = _asked_for(candidates, run)
    entries = dict.fromkeys(entry for target in targets for entry in target.target.image_paths)
    strangers = unmatched(entries, [each.shown for each in candidates])
    planner = _Planner(asked, strangers, images, factory, limits)
    deliveries = tuple(delivery for target in targets for delivery in planner.deliver(target))
    named_ids = {delivery.record_id for delivery in deliveries}
    where = regions.plan_regions(deliveries, factory, limits)
    return Plan(
        run_id=run.id,
        saves=tuple(saves),
        deliveries=deliveries,
        images=tuple(each.image for each in candidates if each.image.id in named_ids),
        regions=where,
        factory=factory.id,
        factory_region=regions.normal(factory.region),
        findings=(
            *findings,
            *catalogue.findings,
            *faults,
            *_unknown_wishes(run, targets, candidates),
            *(finding for target in targets for finding in target.findings),
            *planner.findings,
            *_unwanted(run, targets, asked, deliveries),
            *regions.without_hub(deliveries, where, limits),
        ),
    )


def shape(plan: Plan, region: RegionPlan, limits: Limits) -> RegionShape:
    """The shape that a region's orchestration is run by."""
    return regions.shape_of([plan.deliveries[index] for index in region.pairs], region, limits)


@dataclass(frozen=True)
class _Wanted:
    """An image that deliveries may be of, with what they all say of it."""

    candidate: Candidate
    name: str  # as lab listings are searched
    facts: dict[str, object]


class _Planner:
    """Decides each lab and image pair; what is wrong with a lab or an entry becomes one finding."""

    def __init__(
        self, asked: Sequence[Candidate], strangers: Iterable[str], images: Images, factory: Lab, limits: Limits
    ) -> None:
        self.findings: list[Finding] = []
        self._index = Index(each.shown for each in asked)
        self._asked = [_Wanted(each, each.image.record.image_name.lower(), _facts_of(each)) for each in asked]
        self._strangers = frozenset(strangers)  # entries that match no image of the catalogue
        self._images = images
        self._home = regions.normal(factory.region)
        self._relay = limits.relay_through_labs

    def deliver(self, target: Target) -> list[PlannedDelivery]:
        """The deliveries of one lab, by image path."""
        wanted = [self._asked[position] for position in self._index.select(target.target.image_paths)]
        self._note_unmatched(target)
        blocked = target.blocked
        there: Mapping[str, CustomImage] = {}
        if blocked is None and target.lab is not None and wanted:
            listing = self._images[target.lab.id]
            if isinstance(listing, GatewayError):
                blocked = "lab-unreadable"
                self._note_unreadable(target, listing)
            else:
                there = {image.name.lower(): image for image in listing}
        facts = self._facts(target)
        deliveries = [self._decide(each, blocked, there, facts) for each in wanted]
        self._note_taken(target, [each.image_name for each in deliveries if each.reason == "name-taken"])
        return deliveries

    def _facts(self, target: Target) -> dict[str, object]:
        """What all deliveries of a lab share."""
        lab = target.lab
        facts: dict[str, object] = {
            "subscription_id": target.target.subscription_id,
            "resource_group": lab.resource_group if lab else target.target.resource_group or "",
            "lab": lab.name if lab else target.target.name,
        }
        if lab is not None:
            region = regions.normal(lab.region)
            facts |= {"lab_id": lab.id, "region": region, "account": lab.account, "crosses": region != self._home}
            facts["relay"] = self._relay and target.target.relay
        return facts

    def _decide(
        self, wanted: _Wanted, blocked: str | None, there: Mapping[str, CustomImage], facts: dict[str, object]
    ) -> PlannedDelivery:
        existing = there.get(wanted.name)
        action, reason, repair = "deliver", None, False
        if blocked or wanted.candidate.blocked:
            action, reason = "blocked", blocked or wanted.candidate.blocked
        elif existing is not None:
            action, reason, repair = _compare(existing, wanted.candidate)
        return PlannedDelivery.model_validate(
            {**facts, **wanted.facts, "action": action, "reason": reason, "repair": repair}
        )

    def _note_unmatched(self, target: Target) -> None:
        for entry in target.target.image_paths:
            if entry not in self._strangers:
                continue
            message = (
                f'The lab {target.target.name} asks for "{entry}", but the factory has no saved image of that path. '
                "Correct the entry, or prepare a machine with this tag ImagePath."
            )
            self.findings.append(finding_at(target.target, Severity.WARNING, "unmatched-entry", message))

    def _note_unreadable(self, target: Target, error: GatewayError) -> None:
        message = (
            f"The custom images of the lab {target.target.name} cannot be read, so nothing is delivered to it: "
            f"{error.message} Run again once that is solved."
        )
        self.findings.append(finding_at(target.target, Severity.ERROR, "lab-unreadable", message))

    def _note_taken(self, target: Target, names: Sequence[str]) -> None:
        if names:
            more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
            message = (
                f"The lab {target.target.name} has custom images of these names that this factory did not "
                f"make, or made otherwise: {', '.join(names[:_NAMES_SHOWN])}{more}. They are never overwritten: rename "
                "or delete them."
            )
            self.findings.append(finding_at(target.target, Severity.ERROR, "name-taken", message))


def _facts_of(candidate: Candidate) -> dict[str, object]:
    """What all deliveries of an image share."""
    image = candidate.image
    return {
        "image_path": candidate.shown,
        "image_name": image.record.image_name,
        "record_id": image.id,
        "size_bytes": image.size_bytes,
    }


def _compare(existing: CustomImage, candidate: Candidate) -> tuple[str, str | None, bool]:
    """Action, reason and repair for a pair whose image name is in use in the lab."""
    state = existing.provisioning_state.lower()
    same_path = existing.image_path is not None and canonical(existing.image_path) == candidate.path
    same_record = existing.record_id == candidate.image.id
    if state == "succeeded" and same_path and (same_record or not existing.record_id):
        return "present", "already-present", False
    if state == "failed" and existing.record_id:
        return "deliver", "repair", True
    # A run that died left it in the making: delivering adopts it, because creating finds our own record on it.
    if state not in ("succeeded", "failed") and same_path and same_record:
        return "deliver", None, False
    return "blocked", "name-taken", False


def _asked_for(candidates: Sequence[Candidate], run: Run) -> Sequence[Candidate]:
    only = run.request.only
    if only is None or not only.images:
        return candidates
    matcher = Matcher(only.images)
    return [each for each in candidates if matcher.wanted(each.shown)]


def _unknown_wishes(run: Run, targets: Sequence[Target], candidates: Sequence[Candidate]) -> list[Finding]:
    """What the request asked for by name and does not exist: an error each, for the request did not get it."""
    only = run.request.only
    if only is None:
        return []
    labs = [target.target for target in targets]
    messages = [
        f'The request is for the lab "{entry}", but labs.json names none of that name, or more than one. '
        'Write "<subscription id>/<lab>" as in labs.json.'
        for entry in only.labs
        if not named(labs, entry)
    ] + [
        f'The request is for the images "{entry}", but the factory has no saved image of that path. '
        "Correct the entry, or prepare a machine with this tag ImagePath."
        for entry in unmatched(only.images, [each.shown for each in candidates])
    ]
    return [Finding(severity=Severity.ERROR, code="unknown-only", message=message, path="only") for message in messages]


def _unwanted(
    run: Run, targets: Sequence[Target], asked: Sequence[Candidate], deliveries: Sequence[PlannedDelivery]
) -> list[Finding]:
    """A warning for each image path that no lab wants; nothing where the run was for some labs or images only."""
    if run.request.only is not None or not targets:
        return []
    wanted = {delivery.record_id for delivery in deliveries}
    return [
        Finding(
            severity=Severity.WARNING,
            code="unwanted-image",
            message=(
                f"No lab wants the saved image {each.image.record.image_name} ({each.shown}). "
                "Add it to a lab in labs.json, or retire it."
            ),
        )
        for each in asked
        if each.image.id not in wanted
    ]
