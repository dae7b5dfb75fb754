"""check-access before the emulated Azure, under the very role that the deployment gives."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from factory.check_access import check_access
from factory.errors import CommandError
from factory.giving_access import parameters, report
from shared.steps.access import Place
from tests.e2e import worlds
from tests.emulation import EmulatedAzure, emulated, enter
from tools.infra_check.bicep import read
from tools.infra_check.rights import ROLE
from tools.setup import ROOT

PRINCIPAL = "5d0c1a34-0000-4000-8000-000000000001"
FACTORY = Place("factory", "ImageFactory", worlds.SUBSCRIPTION, "image-factory", "factoryaccount", signs=True)


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAzure]:
    place = tmp_path_factory.mktemp("azure")
    with emulated(worlds.written(place, worlds.two_regions()), place) as running:
        yield running


@pytest.fixture
def labs(azure: EmulatedAzure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A labs.json of two labs, on a machine that sees the emulated Azure and the settings of its app."""
    enter(azure, monkeypatch)
    monkeypatch.setenv("IDENTITY_PRINCIPAL_ID", PRINCIPAL)
    content = worlds.wanted(Blue=["Win2022"], Green=["Linux"])
    return worlds.written(tmp_path, content, "labs.json")


def assign(azure: EmulatedAzure, scopes: list[str] | None) -> None:
    """Give the caller the role of infra/roles at these scopes; None: every right there is."""
    role = json.loads(ROLE.read_text(encoding="utf-8"))
    everything = {"role": {"Name": "All", "Actions": ["*"]}, "scopes": ["/"]}
    body: Any = [everything] if scopes is None else [{"role": role, "scopes": scopes}]
    with requests.Session() as session:
        session.trust_env = False
        url = f"{azure.cloud.arm}/_emulator/roleAssignments"
        session.put(url, json=body, verify=azure.cloud.ca_file, timeout=10).raise_for_status()


def scopes_of(azure: EmulatedAzure) -> dict[str, str]:
    """The scope of each lab by its name, and of the first machine's group and all the others'."""
    state = azure.state()
    groups = sorted({disk["id"].partition("/providers/")[0] for disk in state["disks"]})
    numbered = {f"machines {number}": group for number, group in enumerate(groups)}
    return {lab["name"]: lab["id"] for lab in state["labs"]} | numbered


def name_groups(labs: Path) -> None:
    """Adds the resource groups, for a caller who may not list the labs of a subscription."""
    text = labs.read_text(encoding="utf-8")
    for name in ("Blue", "Green"):
        text = text.replace(f'"LabName": "{name}"', f'"ResourceGroup": "rg-{name.lower()}", "LabName": "{name}"')
    labs.write_text(text, encoding="utf-8")


@pytest.mark.emulator
def test_role_of_the_deployment_is_enough(azure: EmulatedAzure, labs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scopes = scopes_of(azure)
    # Labs are found by listing their subscription here, which needs the right to read them there.
    assign(azure, [*scopes.values(), f"/subscriptions/{worlds.SUBSCRIPTION}"])
    assert check_access(labs) == 0
    out = capsys.readouterr().out
    assert "No right is missing." in out
    # It may be another's role, and the app may have none: every place but the hubs is told how the app gets its own.
    first, *_ = out.splitlines()
    assert "whoever is signed in, not of the app" in first
    assert "a dry run of the app" in first
    told = re.findall(r"^(\w+) .*: nothing is missing\n(?:  give it  .*infra/access/(\w+).bicep)?", out, re.MULTILINE)
    assert told == [("Factory", "lab"), *[("Machines", "machines")] * 2, ("Hub", ""), *[("Lab", "lab")] * 2]


@pytest.mark.emulator
@pytest.mark.parametrize("place", ["ImageFactory", "machines 0", "Green"])
def test_place_without_the_role_is_told_with_its_command(
    place: str, azure: EmulatedAzure, labs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name_groups(labs)
    scopes = scopes_of(azure)
    left_out = scopes.pop(place)
    assign(azure, list(scopes.values()))
    assert check_access(labs) == 1
    out = capsys.readouterr().out
    module = "machines" if place.startswith("machines") else "lab"
    (command,) = re.findall(r"^  missing  (?:.*\n  )*?give it  (.*)$", out, re.MULTILINE)
    assert f"infra/access/{module}.bicep" in command
    # The group of a machine that may not be read is not to be seen either.
    group = left_out.split("/")[4] if module == "lab" else '"<resource group of'
    assert f"--resource-group {group}".lower() in command.lower()
    assert f"principalId={PRINCIPAL}" in command
    assert "infra/access/role.bicep" in out


@pytest.mark.emulator
def test_document_for_programs_says_what_is_missing_and_how_to_give_it(
    azure: EmulatedAzure, labs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name_groups(labs)
    scopes = scopes_of(azure)
    del scopes["Green"]
    assign(azure, list(scopes.values()))
    assert check_access(labs, tmp_path / "access.json", as_json=True) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert not found["complete"]
    assert "infra/access/role.bicep" in found["first"]
    wrong = {place["name"]: place for place in found["places"] if place["missing"] or place["unknown"]}
    assert set(wrong) == {"Green"}
    assert "infra/access/lab.bicep" in wrong["Green"]["giveIt"]
    assert "access.json" in err
    assign(azure, None)
    assert check_access(labs, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["complete"]
    assert found["checkedAs"] == "signed-in identity"
    assert {place["kind"] for place in found["places"] if place["giveIt"] is None} == {"hub"}


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("operation", "right"),
    [
        ("Get Blob Properties", "Storage Blob Data Contributor: read blobs"),
        ("Delete Blob", "Storage Blob Data Contributor: write and delete blobs"),
        ("Get User Delegation Key", "Storage Blob Delegator: sign URLs"),
    ],
)
def test_account_without_the_role_is_told(
    operation: str, right: str, azure: EmulatedAzure, labs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assign(azure, None)
    hub = azure.world.hub_accounts[worlds.AWAY]
    denied: dict[str, Any] = {"status": 403, "code": "AuthorizationPermissionMismatch", "times": 1}
    azure.add_fault({"match": {"operation": operation, "path": hub}, **denied})
    assert check_access(labs) == 1
    assert f"Hub {hub}:\n  missing  {right}\n  give it  azd provision\n" in capsys.readouterr().out


@pytest.mark.emulator
def test_parameters_of_the_whole_access_are_written(azure: EmulatedAzure, labs: Path, tmp_path: Path) -> None:
    assign(azure, None)
    assert check_access(labs, tmp_path / "access.json") == 0
    written = json.loads((tmp_path / "access.json").read_text(encoding="utf-8"))["parameters"]
    assert written["principalId"]["value"] == PRINCIPAL
    scopes = scopes_of(azure)
    assert {each["id"].lower() for each in written["labs"]["value"]} == {scopes["Blue"], scopes["Green"]}
    assert written["factory"]["value"]["id"].lower() == scopes["ImageFactory"]
    assert all(each["storageAccount"] for each in written["labs"]["value"])


def test_written_parameters_are_those_of_the_template() -> None:
    written = json.loads(parameters((FACTORY,), PRINCIPAL))["parameters"]
    access = read(ROOT / "infra" / "access.bicep")
    assert access.required <= written.keys() <= access.parameters.keys()


@pytest.mark.parametrize("kind", ["factory", "machines", "lab"])
def test_command_gives_the_template_what_it_needs(kind: Any) -> None:
    place = Place(kind, "Blue", worlds.SUBSCRIPTION, "rg-blue", "ablue", signs=True, missing=("a right",))
    *_, command = [line for line in report((FACTORY, place), PRINCIPAL) if line.startswith("  give it")]
    template = command.partition("--template-file ")[2].split()[0]
    given = {each.partition("=")[0] for each in command.partition("--parameters ")[2].split()}
    module = read(ROOT / template)
    assert module.required <= given <= module.parameters.keys()


def test_command_for_the_role_gives_the_template_what_it_needs() -> None:
    places = (FACTORY, Place("lab", "Blue", worlds.OTHER_SUBSCRIPTION, "rg-blue", "ablue", missing=("a right",)))
    (command,) = [line for line in report(places, PRINCIPAL) if "role.bicep" in line]
    given = dict(each.split("=") for each in command.partition("--parameters ")[2].split())
    assert given.keys() == read(ROOT / "infra" / "access" / "role.bicep").required
    assert given["subscriptionIds"] == f"{worlds.SUBSCRIPTION},{worlds.OTHER_SUBSCRIPTION}"


def test_lab_that_could_not_be_tried_is_counted_and_has_no_command() -> None:
    place = Place("lab", "Blue", worlds.SUBSCRIPTION, untried=("There is no lab Blue to be seen.",))
    lines = report((FACTORY, place), PRINCIPAL)
    seen = lines.index("Lab Blue:")
    assert lines[seen + 1 : seen + 3] == ["  unknown  There is no lab Blue to be seen.", ""]
    assert lines[-2:] == ["No right is missing.", "1 of 2 places could not be tried in full."]


def test_missing_setting_is_one_clear_error(tmp_path: Path) -> None:
    file = worlds.written(tmp_path, worlds.wanted(Blue=["Win2022"]), "labs.json")
    with pytest.raises(CommandError, match=r"FACTORY_\w+ is missing"):
        check_access(file, environment={})


def test_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"labs\.json cannot be read"):
        check_access(tmp_path / "labs.json", environment={})


def test_broken_file_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "labs.json").write_text("{", encoding="utf-8")
    with pytest.raises(CommandError, match="the file cannot be used"):
        check_access(tmp_path / "labs.json", environment={})
