"""Where the PowerShell scripts would have decided otherwise about a lab and an image."""

import json
from typing import Any

import pytest

from shared.domain import labs_file, original_rules
from shared.domain.original_rules import Difference, compare, wants
from shared.domain.plan import plan_deliveries
from shared.domain.targets import Target, resolve
from tests.unit.domain.factory_facts import (
    FACTORY,
    SUB,
    a_catalogue,
    a_custom_image,
    a_lab,
    a_run,
    an_image,
    limits,
)

IMAGES = ("Win2016/Datacenter.json", "Win2016-Core/Server.json", "Linux/Ubuntu.json")


def document(*labs: dict[str, Any]) -> bytes:
    return json.dumps({"Labs": [{"SubscriptionId": SUB, "LabName": "blue", **lab} for lab in labs]}, indent=1).encode()


def differences(*entries: str) -> list[tuple[str, str]]:
    return [(each.code, each.image_path) for each in compare(document({"ImagePaths": list(entries)}), IMAGES)]


@pytest.mark.parametrize(
    ("entry", "image", "wanted"),
    [
        ("Win2016", "Win2016\\Datacenter.json", True),
        ("Win2016/Data", "Win2016\\Datacenter.json", True),
        ("", "Linux\\Ubuntu.json", True),
        ("win2016", "Win2016\\Datacenter.json", False),
        ("/", "Win2016\\Datacenter.json", False),
        ("Win2016\\Datacenter.json", "Win2016/Datacenter.json", True),
    ],
)
def test_the_scripts_compare_the_beginning_as_written(entry: str, image: str, wanted: bool) -> None:
    assert wants(entry, image) is wanted


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("Win2016", [("prefix", "Win2016-Core/Server.json")]),
        ("Win", [("prefix", "Win2016/Datacenter.json"), ("prefix", "Win2016-Core/Server.json")]),
        ("linux", [("case", "Linux/Ubuntu.json")]),
        ("Linux/ubuntu.JSON", [("case", "Linux/Ubuntu.json")]),
        ("/Linux/", [("slash", "Linux/Ubuntu.json")]),
        ("Linux/Ubuntu.json/", [("slash", "Linux/Ubuntu.json")]),
        (" Linux", [("blank", "Linux/Ubuntu.json")]),
        ("/", [("slash", image) for image in IMAGES]),
        ("", []),
        ("Linux", []),
        ("Linux/", []),
        ("Linux\\Ubuntu.json", []),
        ("Linux/Ubuntu", []),
    ],
)
def test_each_kind_of_difference_is_named(entry: str, expected: list[tuple[str, str]]) -> None:
    assert differences(entry) == expected


def test_another_entry_that_names_the_image_settles_it() -> None:
    assert differences("Win2016", "Win2016-Core") == []
    assert differences("linux", "Linux") == []


def test_a_difference_has_the_place_of_its_entry() -> None:
    (difference,) = compare(document({"ImagePaths": ["Linux", "Win2016"]}), IMAGES)
    lines = document({"ImagePaths": ["Linux", "Win2016"]}).decode().splitlines()
    assert difference.line is not None
    assert lines[difference.line - 1].strip() == '"Win2016"'
    assert "Win2016-Core/Server.json to the lab blue" in difference.message


def test_a_lab_whose_entry_has_errors_is_left_out_here_alone() -> None:
    found = compare(document({"SubscriptionId": "<subscription ID>", "ImagePaths": ["Linux"]}), IMAGES)
    assert [(each.code, each.image_path) for each in found] == [("lab-left-out", "Linux/Ubuntu.json")]


def test_keys_in_other_capitals_and_a_lab_listed_twice_make_no_difference() -> None:
    content = json.dumps(
        {
            "labs": [
                {"subscriptionid": SUB, "LABNAME": "blue", "imagePaths": ["Linux"]},
                {"SubscriptionId": SUB.upper(), "LabName": "Blue", "ImagePaths": ["Linux/Ubuntu.json"]},
            ]
        }
    )
    assert compare(content.encode(), IMAGES) == ()


@pytest.mark.parametrize("groups", [({}, {"ResourceGroup": "rg"}), ({"ResourceGroup": "rg"}, {})])
def test_lab_listed_with_and_without_its_group_wants_what_both_entries_name(groups: tuple[dict[str, str], ...]) -> None:
    first, second = ({"ImagePaths": [entry], **group} for entry, group in zip(IMAGES[1:], groups, strict=True))
    assert compare(document(first, second), IMAGES) == ()


@pytest.mark.parametrize("content", [b"", b"[1", b'{"Labs": 1}', b'{"Labs": [1, {"LabName": 2}]}'])
def test_what_is_no_configuration_has_no_differences(content: bytes) -> None:
    assert compare(content, IMAGES) == ()


def in_azure(*, there: tuple[Any, ...] = (), images: tuple[Any, ...] = (), **lab: Any) -> list[Difference]:
    labs = labs_file.parse(document({"ImagePaths": ["Win"]}))
    known = a_lab("blue", **lab)
    targets = resolve(labs.labs, {SUB: (known,)}, FACTORY, limits(), None)
    catalogue = a_catalogue(*images or (an_image(),))
    plan = plan_deliveries(a_run(), (), targets, {known.id: there}, catalogue, FACTORY, limits(), ())
    return list(original_rules.compare_plan(labs, plan, catalogue))


def test_what_the_scripts_do_too_is_no_difference() -> None:
    assert in_azure() == []
    assert in_azure(there=(a_custom_image(),)) == []


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("region", {"region": "eastus"}),
        ("repair", {"there": (a_custom_image(provisioning_state="Failed"),)}),
        ("older-versions", {"images": (an_image(1), an_image(2, image_name="Image1A"))}),
        ("gen2", {"images": (an_image(hyper_v_generation="V2"),)}),
    ],
)
def test_what_only_azure_tells_is_a_difference(code: str, facts: dict[str, Any]) -> None:
    (difference,) = in_azure(**facts)
    assert (difference.code, difference.lab, difference.line) == (code, "blue", 3)


def test_the_factory_as_a_target_is_a_difference() -> None:
    labs = labs_file.parse(document({"ImagePaths": ["Win"]}))
    targets = [Target(labs.labs[0], FACTORY, "factory-lab")]
    plan = plan_deliveries(a_run(), (), targets, {}, a_catalogue(an_image()), FACTORY, limits(), ())
    (difference,) = original_rules.compare_plan(labs, plan, a_catalogue(an_image()))
    assert difference.code == "factory-lab"
