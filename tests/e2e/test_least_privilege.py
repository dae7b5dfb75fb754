"""The product needs the role in infra/roles, assigned where its description says, and each single action of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.cloud.arm.resources import stable_guid
from local.cloud.world import World, parse_world
from tests.e2e import worlds
from tests.e2e.running import RunningFactory, running_factory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

ACTIONS: list[str] = worlds.ROLE["Actions"]
WHOLE = "the whole role"
CASES = [WHOLE, *ACTIONS]


def content() -> dict[str, Any]:
    """For each case a machine to save, a saved image, and a lab where making that image once failed."""
    machines = [worlds.vm(f"golden{case}", f"New/{case}.json") for case in range(len(CASES))]
    images = [worlds.saved(f"Old/{case}.json", f"Old_{case}") for case in range(len(CASES))]
    bare = parse_world(json.dumps(worlds.world(hubs=())))
    broken = [
        {"name": f"Old_{case}", "imagePath": f"Old/{case}.json", "state": "Failed", "record": record_of(bare, case)}
        for case in range(len(CASES))
    ]
    labs = [worlds.lab(f"Lab{case}", images=[broken[case]]) for case in range(len(CASES))]
    return worlds.world(vms=machines, images=images, labs=labs, hubs=())


def record_of(world: World, case: int) -> str:
    return stable_guid(world.factory_lab.key, "saved", f"Old_{case}")


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningFactory]:
    place = tmp_path_factory.mktemp("least-privilege")
    with running_factory(worlds.written(place, content()), place) as running:
        yield running


def assign(factory: RunningFactory, actions: list[str]) -> None:
    """Give the app's identity the role with these actions: on every lab and on the groups of the machines."""
    state = factory.azure.state()
    groups = {disk["id"].partition("/providers/")[0] for disk in state["disks"]}
    assignment: Any = {
        "role": {**worlds.ROLE, "Actions": actions},
        "scopes": [*(lab["id"] for lab in state["labs"]), *groups],
    }
    with requests.Session() as session:
        session.trust_env = False
        url = f"{factory.azure.cloud.arm}/_emulator/roleAssignments"
        session.put(url, json=[assignment], verify=factory.azure.cloud.ca_file, timeout=10).raise_for_status()


def run(factory: RunningFactory, case: int) -> dict[str, Any]:
    """Save the case's machine, and deliver its images to its lab; returns the report."""
    lab = {
        "SubscriptionId": worlds.SUBSCRIPTION,
        "ResourceGroup": f"rg-lab{case}",
        "LabName": f"Lab{case}",
        "ImagePaths": [f"New/{case}.json", f"Old/{case}.json"],
    }
    only = {"images": [f"New/{case}.json", f"Old/{case}.json"]}
    return factory.app.run({"labs": {"Labs": [lab]}, "only": only})


def test_with_the_role_images_are_saved_delivered_and_repaired(factory: RunningFactory) -> None:
    case = CASES.index(WHOLE)
    assign(factory, ACTIONS)
    report = run(factory, case)
    assert report["status"] == "Succeeded", report
    assert report["counts"]["saves"]["saved"] == 1
    images = factory.images(f"Lab{case}").values()
    assert sorted(image["properties"]["provisioningState"] for image in images) == ["Succeeded", "Succeeded"]
    assert factory.granted() == []


@pytest.mark.parametrize("action", ACTIONS)
def test_without_any_one_action_a_run_breaks(factory: RunningFactory, action: str) -> None:
    assign(factory, [each for each in ACTIONS if each != action])
    granted, asked = factory.granted(), len(factory.azure.ledger()["requests"])
    report = run(factory, CASES.index(action))
    # An access that cannot be ended is left behind; the run itself may have done what it was asked for.
    assert report["status"] != "Succeeded" or factory.granted() != granted, report
    assert 403 in {entry["status"] for entry in factory.azure.ledger()["requests"][asked:]}
