"""The command `check-access`: what the signed-in identity lacks in each place, and the command that gives it.

It reads the settings of the deployed app from the environment and asks Azure with the caller's own login.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from factory.errors import CommandError
from factory.places import line
from shared import settings, wiring
from shared.domain import labs_file
from shared.domain.errors import Denied, SettingError
from shared.domain.setting_rules import Settings
from shared.steps import access
from shared.steps.access import Place

NO_PRINCIPAL = "<object id of the app's identity>"
TITLES = {
    "factory": "Factory lab {name}",
    "machines": "Machines in the resource group {name}",
    "machine": "Machine {name}",
    "hub": "Hub {name}",
    "lab": "Lab {name}",
}


def check_access(labs: Path, access_file: Path | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Print what is missing and the commands that give it; 0 when nothing is. Raises CommandError.

    With `access_file`, also writes the parameters of infra/access.bicep for all these labs at once.
    """
    parsed = labs_file.parse(labs.read_bytes())
    if parsed.blocked:
        raise CommandError("\n".join(["the file cannot be used.", *(line(labs, each) for each in parsed.findings)]))
    try:
        named = settings.read(environment)
        places = access.check(wiring.connect(named), _factory(named), parsed.labs, named.limits())
    except SettingError as error:
        raise CommandError(
            f"{error.message} docs/deployment.md says how to get the settings of a deployed app."
        ) from None
    except Denied as denied:
        raise CommandError(denied.message) from None
    principal = environment.get("IDENTITY_PRINCIPAL_ID") or NO_PRINCIPAL
    for text in report(places, principal):
        print(text)
    if access_file is not None:
        access_file.write_text(parameters(places, principal), encoding="utf-8", newline="\n")
        print(f"{access_file}: the parameters of infra/access.bicep for what could be seen.")
    return 1 if any(place.missing or place.untried for place in places) else 0


def report(places: Sequence[Place], principal: str) -> list[str]:
    """The lines for people: each place, what it lacks, and the command that gives it; the role's own command first."""
    lines = [text for place in places for text in _about(place, places[0], principal)]
    wrong = [place for place in places if place.missing]
    if any(place.kind != "hub" for place in wrong):
        lines += ["", "Before the first of these commands, and again for a lab in a new subscription:"]
        lines.append(f"  {_role_command(places)}")
    untried = sum(bool(place.untried) for place in places)
    lines.append(f"{len(wrong)} of {len(places)} places lack rights." if wrong else "No right is missing.")
    return [*lines, f"{untried} of {len(places)} places could not be tried in full."] if untried else lines


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


def _factory(named: Settings) -> Place:
    return Place("factory", named.factory_lab_name, str(named.factory_subscription_id), named.factory_resource_group)


def _about(place: Place, factory: Place, principal: str) -> list[str]:
    title = TITLES[place.kind].format(name=place.name)
    if not place.missing and not place.untried:
        return [f"{title}: nothing is missing"]
    lines = [f"{title}:", *(f"  missing  {right}" for right in place.missing)]
    lines += [f"  unknown  {reason}" for reason in place.untried]
    if place.missing:
        lines.append(f"  give it  {_command(place, factory, principal)}")
    return lines


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
