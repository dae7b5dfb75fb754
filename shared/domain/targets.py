"""The labs that labs.json names, found among those that Azure knows, or blocked with the reason why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.errors import Denied, GatewayError
from shared.domain.image_paths import distinct
from shared.domain.models import Finding, Lab, Limits, Only, Severity, TargetLab

Known = Mapping[str, tuple[Lab, ...] | GatewayError]


@dataclass(frozen=True)
class Target:
    """A target lab: found, or `blocked` with its reason; `findings` say what to do about it."""

    target: TargetLab
    lab: Lab | None = None
    blocked: str | None = None
    findings: tuple[Finding, ...] = ()


def narrow(labs: Sequence[TargetLab], only: Only | None) -> tuple[TargetLab, ...]:
    """The labs that a run is for: all, or those that `only` names and no other lab shares the name with."""
    if only is None or not only.labs:
        return tuple(labs)
    chosen = {id(lab) for entry in only.labs for lab in named(labs, entry)}
    return tuple(lab for lab in labs if id(lab) in chosen)


def named(labs: Sequence[TargetLab], entry: str) -> list[TargetLab]:
    """The labs that an entry `<subscription id>/<lab>` or `<lab>` names; none where a bare name is not unique."""
    subscription, slash, name = entry.strip().lower().rpartition("/")
    found = [
        lab for lab in labs if lab.name.lower() == name and (not slash or lab.subscription_id.lower() == subscription)
    ]
    return found if slash or may_be_one(found) else []


def may_be_one(namesakes: Sequence[TargetLab]) -> bool:
    """Whether entries of one name can all mean one lab: names are unique in a resource group, which may be left out."""
    subscriptions = {lab.subscription_id.lower() for lab in namesakes}
    groups = {lab.resource_group.lower() for lab in namesakes if lab.resource_group}
    return len(subscriptions) <= 1 and len(groups) <= 1


def union(entries: Sequence[TargetLab]) -> TargetLab:
    """The one lab that these entries mean: it gets what any of them names, and relays if none of them forbids it."""
    paths = distinct(path for entry in entries for path in entry.image_paths)
    return entries[0].model_copy(update={"image_paths": paths, "relay": all(entry.relay for entry in entries)})


def resolve(
    labs: Sequence[TargetLab], known: Known, factory: Lab, limits: Limits, only: Only | None
) -> tuple[Target, ...]:
    """The target of each lab that the run is for, in the order of labs.json.

    `known` has, by subscription id, its labs or the error that came instead; allowed subscriptions only.
    """
    finder = _Finder(known, factory, limits)
    return _united(finder.find(lab) for lab in narrow(labs, only))


class _Finder:
    """Looks labs up by subscription and name, each subscription's listing read once."""

    def __init__(self, known: Known, factory: Lab, limits: Limits) -> None:
        self._factory = factory
        self._allowed = frozenset(each.lower() for each in limits.allowed_subscriptions)
        self._errors = {key.lower(): each for key, each in known.items() if isinstance(each, GatewayError)}
        self._labs: dict[tuple[str, str], list[Lab]] = {}
        for subscription, found in known.items():
            for lab in () if isinstance(found, GatewayError) else found:
                self._labs.setdefault((subscription.lower(), lab.name.lower()), []).append(lab)

    def find(self, target: TargetLab) -> Target:
        """The lab that an entry of labs.json means."""
        subscription, name = target.subscription_id.lower(), target.name
        if subscription not in self._allowed:
            return _blocked(
                target,
                "lab-not-allowed",
                f"The lab {name} is in the subscription {target.subscription_id}, to which this factory may not "
                "deliver. Add the subscription to the setting ALLOWED_SUBSCRIPTION_IDS, or remove the lab.",
            )
        if subscription in self._errors:
            return _blocked(target, "lab-unreadable", _unreadable(target, self._errors[subscription]))
        found = self._labs.get((subscription, name.lower()), [])
        if target.resource_group:
            found = [lab for lab in found if lab.resource_group.lower() == target.resource_group.lower()]
        if len(found) == 1:
            return self._refuse_factory(target, found[0])
        return _not_found(target) if not found else _ambiguous(target, found)

    def _refuse_factory(self, target: TargetLab, lab: Lab) -> Target:
        if lab.id.lower() == self._factory.id.lower():
            text = f"The lab {lab.name} is the factory itself, whose images are not delivered to it. Remove the entry."
            return _blocked(target, "factory-lab", text, lab)
        if lab.account.lower() == self._factory.account.lower():
            text = (
                f"The lab {lab.name} uses the factory's own storage account {lab.account}, where a delivery would "
                "endanger the saved images. Give the lab an account of its own, or remove the entry."
            )
            return _blocked(target, "factory-storage", text, lab)
        return Target(target, lab)


def _blocked(target: TargetLab, reason: str, message: str, lab: Lab | None = None) -> Target:
    return Target(target, lab, reason, (finding_at(target, Severity.ERROR, reason, message),))


def finding_at(target: TargetLab, severity: Severity, code: str, message: str) -> Finding:
    """A finding about a target lab, at its place in labs.json."""
    return Finding(
        severity=severity, code=code, message=message, path=target.path, line=target.line, column=target.column
    )


def _not_found(target: TargetLab) -> Target:
    group = f", resource group {target.resource_group}" if target.resource_group else ""
    return _blocked(
        target,
        "lab-not-found",
        f"There is no lab {target.name} in the subscription {target.subscription_id}{group}, or the factory's "
        "identity may not see it. Correct the entry, or give the identity access to the lab.",
    )


def _ambiguous(target: TargetLab, found: Sequence[Lab]) -> Target:
    groups = ", ".join(sorted(lab.resource_group for lab in found))
    return _blocked(
        target,
        "lab-ambiguous",
        f"The subscription {target.subscription_id} has more than one lab {target.name}, in the resource groups "
        f"{groups}. Add the ResourceGroup to the entry.",
    )


def _unreadable(target: TargetLab, error: GatewayError) -> str:
    remedy = "Run again once that is solved."
    if isinstance(error, Denied):
        remedy = "Give the factory's identity the role Reader there, or add the ResourceGroup to the entry."
    return f"The lab {target.name} cannot be looked up in {target.subscription_id}: {error.message} {remedy}"


def _united(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Each lab once: an entry without ResourceGroup may turn out to mean the lab of another entry."""
    united: dict[str, Target] = {}
    for number, each in enumerate(targets):
        key = each.lab.id.lower() if each.lab else f"entry {number}"
        first = united.get(key)
        united[key] = each if first is None else _joined(first, each)
    return tuple(united.values())


def _joined(first: Target, second: Target) -> Target:
    target = union([first.target, second.target])
    message = (
        f"The lab {target.name} is listed at {target.path} already. It gets the images of both. Make them one entry."
    )
    again = finding_at(second.target, Severity.WARNING, "duplicate-lab", message)
    return Target(target, first.lab, first.blocked, (*first.findings, again))
