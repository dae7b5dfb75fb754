"""How the app is given its rights: a command for each place, the parameters of infra/access.bicep, and a document.

It asks Azure nothing.
"""

import json
from collections.abc import Sequence
from typing import Any

from shared.steps.access import Place

TITLES = {
    "factory": "Factory lab {name}",
    "machines": "Machines in the resource group {name}",
    "machine": "Machine {name}",
    "hub": "Hub {name}",
    "lab": "Lab {name}",
}
ABOUT = (
    "This is true of whoever is signed in, not of the app: a dry run of the app shows what the app may not read.",
    "`give it` gives the app its rights there; where it has them already, that changes nothing.",
    "",
)


def report(places: Sequence[Place], principal: str) -> list[str]:
    """The lines for people: each place, what the caller lacks, and the command for the app; last the role's own one."""
    lines = [*ABOUT, *(text for place in places for text in _about(place, places[0], principal))]
    wrong = sum(bool(place.missing) for place in places)
    if _needs_role(places):
        lines += ["", "Before the first of these commands, and again for a lab in a new subscription:"]
        lines += [f"  {_role_command(places)}", ""]
    lines.append(f"{wrong} of {len(places)} places lack rights." if wrong else "No right is missing.")
    untried = sum(bool(place.untried) for place in places)
    return [*lines, f"{untried} of {len(places)} places could not be tried in full."] if untried else lines


def document(places: Sequence[Place], principal: str) -> dict[str, Any]:
    """The same for programs: `missing` speaks of the caller, `giveIt` is for the app and null where none is known."""
    told = [
        {
            "kind": place.kind,
            "name": place.name,
            "subscriptionId": place.subscription_id or None,
            "resourceGroup": place.resource_group or None,
            "missing": list(place.missing),
            "unknown": list(place.untried),
            "giveIt": _command(place, places[0], principal) if _can_be_given(place) else None,
        }
        for place in places
    ]
    complete = not any(place.missing or place.untried for place in places)
    first = _role_command(places) if _needs_role(places) else None
    return {"checkedAs": "signed-in identity", "complete": complete, "first": first, "places": told}


def parameters(places: Sequence[Place], principal: str) -> str:
    """The parameter file of infra/access.bicep. Labs that could not be seen are left out."""
    factory = places[0]
    values = {
        "principalId": principal,
        "factory": {"id": _lab_id(factory), "storageAccount": factory.account},
        "machineGroups": [place.name for place in places if place.kind == "machines"],
        "labs": [
            {"id": _lab_id(place), "storageAccount": place.account, "relay": place.signs}
            for place in places
            if place.kind == "lab" and place.account
        ],
    }
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#"
    content = {"$schema": schema, "contentVersion": "1.0.0.0"}
    return json.dumps({**content, "parameters": {name: {"value": each} for name, each in values.items()}}, indent=2)


def _can_be_given(place: Place) -> bool:
    """Whether there is a command: not for what could not be seen, nor for a hub, whose rights came with it."""
    return bool(place.missing) or place.kind == "machines" or (place.kind != "hub" and bool(place.account))


def _needs_role(places: Sequence[Place]) -> bool:
    """Whether any of the commands assigns the factory's own role, which must be there first."""
    return any(_can_be_given(place) and place.kind != "hub" for place in places)


def _about(place: Place, factory: Place, principal: str) -> list[str]:
    title = TITLES[place.kind].format(name=place.name)
    lines = [f"  missing  {right}" for right in place.missing]
    lines += [f"  unknown  {reason}" for reason in place.untried]
    lines = [f"{title}:", *lines] if lines else [f"{title}: nothing is missing"]
    return [*lines, f"  give it  {_command(place, factory, principal)}"] if _can_be_given(place) else lines


def _command(place: Place, factory: Place, principal: str) -> str:
    if place.kind == "hub":
        return "azd provision"
    common = f"principalId={_quoted(principal)} factoryLabId={_lab_id(factory)}"
    if place.kind in ("machines", "machine"):
        return _deployment(place, "machines", common)
    account = place.account or "<storage account of the lab>"
    more = f"labName={_quoted(place.name)} storageAccount={_quoted(account)}"
    if place.kind == "factory":
        more += " container=imagefactoryvhds"
    if place.signs:
        more += " readByCopies=true"
    return _deployment(place, "lab", f"{common} {more}")


def _deployment(place: Place, module: str, parameters: str) -> str:
    group = _quoted(place.resource_group or f"<resource group of {place.name}>")
    return (
        f"az deployment group create --subscription {place.subscription_id} --resource-group {group} "
        f"--name image-factory-{module} --template-file infra/access/{module}.bicep --parameters {parameters}"
    )


def _role_command(places: Sequence[Place]) -> str:
    factory = places[0]
    subscriptions = dict.fromkeys(place.subscription_id for place in places if place.subscription_id)
    return (
        f"az deployment sub create --subscription {factory.subscription_id} --location <a region> "
        f"--name image-factory-role --template-file infra/access/role.bicep "
        f"--parameters factoryLabId={_lab_id(factory)} subscriptionIds={','.join(subscriptions)}"
    )


def _lab_id(place: Place) -> str:
    group = f"/subscriptions/{place.subscription_id}/resourceGroups/{place.resource_group}"
    return f"{group}/providers/Microsoft.DevTestLab/labs/{place.name}"


def _quoted(text: str) -> str:
    """The text as one word of a shell; names in Azure hold nothing that ends a quotation."""
    return text if text.replace("-", "").replace("_", "").replace(".", "").isalnum() else f'"{text}"'
