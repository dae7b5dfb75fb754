"""The command `plan`: every save, copy, skip and repair of a run, with its reason, what they take, and their digest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from factory import files
from factory.arguments import LABS
from factory.console import make_console, print_json
from factory.errors import CommandError
from factory.looking import Outlook, real_azure
from factory.places import line
from factory.progress import duration, gibibytes
from factory.tables import print_codes, print_findings, table
from shared.domain import changes, estimate, labs_file
from shared.domain.estimate import Estimate
from shared.domain.models import Plan, PlannedDelivery, RegionPlan, Severity

ACTIONS = {"save": "green", "deliver": "green", "repair": "cyan", "present": "dim", "skip": "yellow"}
SAVES = ("Machine", "Image", "Action", "Reason", "Bytes")
DELIVERIES = ("Lab", "Image", "Action", "Reason", "Copied from", "Bytes")


def plan(labs: Path | None, world: Path | None, *, as_json: bool) -> int:
    """Show a plan; 0 when nothing of it is known to fail."""
    refuse_unusable(labs)
    console = make_console(as_json=as_json)
    with outlook(labs, world, lambda what: console.print(Text(what), soft_wrap=True)) as seen:
        cost = estimate.of(seen.plan, seen.limits)
    if as_json:
        print_json(document(seen.plan, cost))
    else:
        _show(console, seen.plan, cost)
    return 0 if _hopeful(seen.plan) else 1


@contextmanager
def outlook(labs: Path | None, world: Path | None, say: Callable[[str], None]) -> Iterator[Outlook]:
    """What a run would find and do: in an emulated world, or in the real Azure where none is given."""
    if world is None:
        say("Looking at Azure with your login; nothing is changed.")
        with real_azure() as source:
            yield source.look(labs)
        return
    from factory.machine import world_to_look_at

    with world_to_look_at(world, say) as source:
        yield source.look(labs or LABS)


def refuse_unusable(labs: Path | None) -> None:
    """Raises CommandError with all findings for a labs.json that is none."""
    checked = labs_file.parse(files.content(labs)) if labs else None
    if labs and checked and checked.blocked:
        raise CommandError("\n".join(["the file cannot be used.", *(line(labs, each) for each in checked.findings)]))


def document(plan: Plan, cost: Estimate) -> dict[str, Any]:
    """The plan for programs; `run --plan` takes it. A copy's `route` says where its bytes come from."""
    made = changes.of(plan)
    return {
        "digest": made.digest,
        "changes": [each.to_json() for each in made.changes],
        "estimate": cost.to_json(),
        "saves": [_save(each.to_json()) for each in plan.saves],
        "deliveries": [{**_delivery(each.to_json()), "route": route(plan, each)} for each in plan.deliveries],
        "findings": [each.to_json() for each in plan.findings],
    }


def route(plan: Plan, delivery: PlannedDelivery) -> str:
    """Where the bytes of a delivery come from; empty where none are copied."""
    if delivery.action != "deliver":
        return ""
    region = next(each for each in plan.regions if each.region == delivery.region)
    return _route(region, plan.factory_region)


def _route(region: RegionPlan, home: str) -> str:
    if region.home:
        return "the factory's region"
    return f"hub {region.hub}" if region.hub else f"across from {home}"


def _hopeful(plan: Plan) -> bool:
    errors = [each for each in plan.findings if each.severity is Severity.ERROR]
    return not errors and all(each.action != "blocked" for each in plan.deliveries)


def _save(save: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("vm", "action", "reason", "imagePath", "imageName", "osType", "osState")
    return {key: save[key] for key in wanted if key in save} | {"bytes": (save.get("disk") or {}).get("sizeBytes", 0)}


def _delivery(delivery: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("subscriptionId", "resourceGroup", "lab", "region", "imagePath", "imageName", "reason", "crosses")
    action = "repair" if delivery["repair"] else delivery["action"]
    size = delivery["sizeBytes"] if delivery["action"] == "deliver" else 0
    return {"action": action, **{key: delivery[key] for key in wanted if key in delivery}, "bytes": size}


def _show(console: Console, plan: Plan, cost: Estimate) -> None:
    shown = document(plan, cost)
    if shown["saves"]:
        console.print(table("Machines of the factory", SAVES, map(_save_row, shown["saves"])))
    if shown["deliveries"]:
        console.print(table("Deliveries", DELIVERIES, map(_delivery_row, shown["deliveries"])))
    print_codes(console, [*shown["saves"], *shown["deliveries"]])
    print_findings(console, shown["findings"])
    for text in _sums(cost):
        console.print(Text(text), soft_wrap=True)
    for assumption in cost.assumptions:
        console.print(Text(f"  assumed: {assumption}", style="dim"), soft_wrap=True)
    changed = len(shown["changes"])
    console.print(Text.assemble((f"{changed} changes", "bold"), f"; digest {shown['digest']}"), soft_wrap=True)
    console.print(Text(f"To do exactly this: python -m factory run --plan-digest {shown['digest']}"), soft_wrap=True)


def _sums(cost: Estimate) -> Iterator[str]:
    yield (
        f"{gibibytes(cost.within_bytes)} within regions, {gibibytes(cost.between_bytes)} between regions; "
        f"about {duration(cost.seconds)}; egress about {cost.egress_usd:.2f} USD"
    )
    for each in cost.regions:
        yield (
            f"  {each.region}: {each.deliveries} deliveries, {gibibytes(each.within_bytes)} within, "
            f"{gibibytes(each.between_bytes)} into it, about {duration(each.seconds)}"
        )


def _save_row(save: Mapping[str, Any]) -> Sequence[Text]:
    image = save.get("imageName") or save.get("imagePath") or ""
    size = gibibytes(save["bytes"]) if save["action"] == "save" else ""
    return Text(save["vm"]), Text(image), _action(save), Text(save.get("reason") or ""), Text(size)


def _delivery_row(delivery: Mapping[str, Any]) -> Sequence[Text]:
    size = gibibytes(delivery["bytes"]) if delivery["bytes"] else ""
    reason = Text(delivery.get("reason") or "")
    route, image = Text(delivery["route"]), Text(delivery["imageName"])
    return Text(delivery["lab"]), image, _action(delivery), reason, route, Text(size)


def _action(entry: Mapping[str, Any]) -> Text:
    return Text(entry["action"], style=ACTIONS.get(entry["action"], "bold red"))
