"""World files: what is read, what is derived from them, and how each mistake is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.cloud.world import World, load_world, parse_world
from local.cloud.world_errors import WorldError

WORLDS = Path(__file__).parents[3] / "local" / "worlds"
FACTORY = {
    "subscriptionId": "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01",
    "resourceGroup": "factory",
    "lab": "Factory",
    "location": "westeurope",
}
LAB = {
    "subscriptionId": "C3D2E8B4-90a6-4c57-8b1d-5e7f4a9d2c02",
    "resourceGroup": "team",
    "name": "Team",
    "location": "eastus2",
}
VM = {"name": "vm1", "osType": "Linux", "power": "deallocated", "diskMiB": 64}
SAVED = {
    "imagePath": "a/b.json",
    "imageName": "a_b",
    "osType": "Linux",
    "timestamp": "2026-01-31T17:04:07Z",
    "diskMiB": 64,
}


def world_of(**parts: Any) -> World:
    return parse_world(json.dumps({"factory": FACTORY, **parts}))


def mistakes_of(**parts: Any) -> tuple[str, ...]:
    with pytest.raises(WorldError) as caught:
        world_of(**parts)
    return caught.value.mistakes


@pytest.mark.parametrize("path", sorted(WORLDS.glob("*[!s].json")), ids=lambda path: path.name)
def test_the_worlds_of_the_repository_are_good(path: Path) -> None:
    assert load_world(path).labs


def test_the_demo_holds_what_its_labs_file_names() -> None:
    world = load_world(WORLDS / "demo.json")
    named = json.loads((WORLDS / "demo.labs.json").read_text(encoding="utf-8"))["Labs"]
    assert {(lab["SubscriptionId"], lab["LabName"]) for lab in named} == {
        (lab.subscription_id, lab.name) for lab in world.labs
    }
    paths = {vm.image_path for vm in world.vms if vm.power == "deallocated" and vm.image_path}
    paths |= {image.image_path for image in world.factory.images}
    for entry in (entry for lab in named for entry in lab["ImagePaths"]):
        assert any(path == entry or path.startswith(f"{entry}/") for path in paths)
    assert len(world.vms) == 6
    assert len(world.subscriptions) == 2
    assert {lab.location for lab in world.labs} == {"westeurope", *world.hub_accounts}


def test_every_account_is_known_with_its_region() -> None:
    world = world_of(labs=[LAB], hubs=[{"location": "eastus2"}])
    lab = world.labs[0]
    assert world.accounts == {
        world.app_account: "westeurope",
        world.factory_lab.artifacts_account: "westeurope",
        world.hub_accounts["eastus2"]: "eastus2",
        lab.artifacts_account: "eastus2",
    }


@pytest.mark.parametrize("name", ["x", "A-very.long_name(of-a-lab)-with-everything-in-it-that-may-be"])
def test_account_names_are_what_storage_accepts(name: str) -> None:
    world = world_of(labs=[{**LAB, "name": name}], hubs=[{"location": "southeastasiastage"}])
    for account in world.accounts:
        assert account.isalnum()
        assert account == account.lower()
        assert 3 <= len(account) <= 24


def test_labs_that_differ_in_their_group_alone_have_accounts_of_their_own() -> None:
    world = world_of(labs=[LAB, {**LAB, "resourceGroup": "other"}])
    assert len({lab.artifacts_account for lab in world.labs}) == 2


def test_subscriptions_are_lower_case_and_the_factorys_is_the_first() -> None:
    assert world_of(labs=[LAB, {**LAB, "name": "B"}]).subscriptions == (
        FACTORY["subscriptionId"],
        LAB["subscriptionId"].lower(),
    )


def test_all_mistakes_are_told_at_once_each_with_its_place() -> None:
    power, *others = mistakes_of(vms=[{**VM, "power": "off"}, {"name": "x"}], speeds={"timeScale": 0}, hub=[])
    assert power.startswith("vms[0].power: Input should be 'running', 'stopped', ")
    assert power.endswith(', not "off"')
    assert others == [
        "vms[1].osType: is required",
        "vms[1].power: is required",
        "vms[1].diskMiB: is required",
        "speeds.timeScale: must be greater than 0",
        'hub: unknown key; did you mean "hubs"?',
    ]


def test_a_misspelt_key_below_a_list_is_compared_with_its_own_kind() -> None:
    assert mistakes_of(vms=[{**VM, "diskMib": 3}]) == ('vms[0].diskMib: unknown key; did you mean "diskMiB"?',)


@pytest.mark.parametrize(
    ("parts", "mistake"),
    [
        ({"labs": [LAB, {**LAB, "name": "TEAM"}]}, "labs[1]: the same as labs[0]; remove one of them"),
        ({"pageSize": 0}, "pageSize: Input should be greater than or equal to 1, not 0"),
        ({"longRunning": {"polls": -1}}, "longRunning.polls: Input should be greater than or equal to 0, not -1"),
        ({"throttling": {"read": {}}}, "throttling.read: unknown key; did you mean \"reads\"?"),
        ({"roleAssignments": [3]}, "roleAssignments[0]: must be an object"),
        (
            {"roleAssignments": [{"role": {"Actions": ["x"]}}]},
            "roleAssignments[0].scopes: say where the role is assigned; the definition names no assignable scope",
        ),
        ({"vms": [VM, {**VM, "name": "VM1"}]}, "vms[1]: the same as vms[0]; remove one of them"),
        ({"hubs": [{"location": "a1"}] * 2}, "hubs[1]: the same as hubs[0]; remove one of them"),
        (
            {"labs": [{**LAB, "images": [{"name": "i"}, {"name": "I"}]}]},
            "labs[0].images[1]: the same as labs[0].images[0]; remove one of them",
        ),
        (
            {"factory": {**FACTORY, "images": [{**SAVED, "sourceVm": "gone"}]}},
            "factory.images[0].sourceVm: there is no VM named 'gone' in vms",
        ),
        (
            {"labs": [{**FACTORY, "name": "fActory"} | {"lab": None}]},
            'labs[0].lab: unknown key; known keys: subscriptionId, resourceGroup, name, location, images',
        ),
        (
            {"labs": [{key: value for key, value in FACTORY.items() if key != "lab"} | {"name": "fActory"}]},
            "labs[0]: is the factory lab itself; give the target lab another name or resource group",
        ),
        ({"faults": [{"status": 1}]}, "faults[0].status: must be a whole number from 400 to 599"),
        ({"faults": [3]}, "faults[0]: must be an object"),
        (
            {"factory": {**FACTORY, "images": [{**SAVED, "timestamp": "2026-01-31T17:04:07"}]}},
            'factory.images[0].timestamp: Input should have timezone info, not "2026-01-31T17:04:07"',
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_one_sentence(parts: dict[str, Any], mistake: str) -> None:
    assert mistakes_of(**parts) == (mistake,)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "line 1, column 1: not JSON: Expecting value"),
        ('{"factory": \n', "line 2, column 1: not JSON: Expecting value"),
        ("[]", "the document: Input should be an object, not []"),
        ("{}", "factory: is required"),
    ],
)
def test_what_is_no_world_is_told(text: str, mistake: str) -> None:
    with pytest.raises(WorldError) as caught:
        parse_world(text, source="w.json")
    assert caught.value.mistakes == (mistake,)
    assert str(caught.value) == f"w.json: {mistake}"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="cannot be read"):
        load_world(tmp_path / "none.json")
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(WorldError, match="cannot be read"):
        load_world(tmp_path / "bad.json")
