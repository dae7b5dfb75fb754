"""Why a lab gets an image or does not."""

import json
from typing import Any

import pytest

from shared.domain import labs_file
from shared.domain.explain import Answer, explain
from shared.domain.models import SavedImage, SourceVm
from shared.domain.plan import plan_deliveries
from shared.domain.saving import plan_saves, would_be
from shared.domain.targets import resolve
from tests.unit.domain.factory_facts import (
    FACTORY,
    OTHER_SUB,
    SUB,
    a_catalogue,
    a_custom_image,
    a_lab,
    a_run,
    a_vm,
    an_image,
    limits,
)


def answers(
    lab: str,
    image: str,
    *entries: str,
    images: tuple[SavedImage, ...] = (an_image(),),
    vms: tuple[SourceVm, ...] = (),
    there: tuple[Any, ...] = (),
    also: tuple[dict[str, Any], ...] = (),
    hubs: dict[str, str] | None = None,
    **facts: Any,
) -> tuple[Answer, ...]:
    labs = [{"SubscriptionId": SUB, "LabName": "blue", "ImagePaths": list(entries)}, *also]
    file = labs_file.parse(json.dumps({"Labs": labs}).encode())
    known = a_lab("blue", **facts)
    settings = limits(region_hubs=hubs or {})
    targets = resolve(file.labs, {SUB: (known,)}, FACTORY, settings, None)
    saves, _ = plan_saves(vms, a_catalogue(*images), a_run())
    catalogue = would_be(a_catalogue(*images), saves, a_run())
    plan = plan_deliveries(a_run(), saves, targets, {known.id: there}, catalogue, FACTORY, settings, ())
    return explain(file, plan, catalogue, lab, image)


def one(*arguments: str, **facts: Any) -> tuple[Answer, str]:
    (answer,) = answers(*arguments, **facts)
    return answer, " ".join(answer.because)


@pytest.mark.parametrize(
    ("entry", "how"),
    [("Win", "names the folder that it is in"), ("win/server", "names it"), ("", "means every image")],
)
def test_an_image_that_is_wanted_and_saved_is_got(entry: str, how: str) -> None:
    answer, because = one("blue", "Win/Server.json", entry)
    assert (answer.verdict, answer.place, answer.image_path) == ("gets", "Labs[0], line 1", "Win/Server.json")
    assert f'its entry "{entry}" {how}.' in because
    assert "Image1, saved 2026-11-20 03:00 UTC" in because
    assert "the factory's own region" in because


def test_the_way_into_another_region_is_told() -> None:
    assert "from the hub hub there" in one("blue", "/", "Win", region="northeurope", hubs={"northeurope": "hub"})[1]
    assert "REGION_HUBS names no hub there" in one("blue", "/", "Win", region="northeurope")[1]


def test_an_image_that_is_there_is_had() -> None:
    answer, because = one("blue", "Win", "Win", there=(a_custom_image(),))
    assert (answer.verdict, answer.reason) == ("has", "already-present")
    assert "has a custom image Image1 already" in because


def test_older_versions_are_counted() -> None:
    images = (an_image(1), an_image(2, image_name="Image1A"), an_image(3, image_name="Image1B"))
    assert "2 other versions are not delivered." in one("blue", "Win", "Win", images=images)[1]


def test_an_image_of_this_run_is_told_as_such() -> None:
    _, because = one("blue", "Win", "Win", vms=(a_vm("golden"),), images=())
    assert "The machine golden is saved as Win_Server-Nov-23-2026." in because
    assert "the one that this run saves" in because


def test_a_machine_that_is_not_saved_says_why() -> None:
    answer, because = one("blue", "Win", "Win", vms=(a_vm("golden", power_state="running"),), images=())
    assert answer.verdict == "not-saved"
    assert "golden is not saved: not-deallocated." in because


def test_what_keeps_a_delivery_from_being_made_is_told_with_its_finding() -> None:
    answer, because = one("blue", "Win", "Win", there=(a_custom_image(image_path=None),))
    assert (answer.verdict, answer.reason) == ("blocked", "name-taken")
    assert "never overwritten" in because


def test_an_image_that_nobody_asked_for_is_told_with_what_was() -> None:
    answer, because = one("blue", "Win/Server.json", "Linux", "Windows")
    assert answer.verdict == "not-wanted"
    assert '"Linux", "Windows", and none of them names Win/Server.json. Add it' in because


def test_entries_of_a_lab_with_and_without_its_group_are_explained_together() -> None:
    images = (an_image(1), an_image(2, "Linux\\Debian.json"), an_image(3, "Mac\\Os.json"))
    there = {"SubscriptionId": SUB, "LabName": "Blue", "ResourceGroup": "rg", "ImagePaths": ["Linux"]}
    found = answers("blue", "/", "Win", images=images, also=(there,))
    assert [each.verdict for each in found] == ["gets", "not-wanted", "gets"]


def test_wrong_group_of_one_entry_is_told_for_its_images_alone() -> None:
    images = (an_image(1), an_image(2, "Linux\\Debian.json"))
    wrong = {"SubscriptionId": SUB, "LabName": "Blue", "ResourceGroup": "wrong", "ImagePaths": ["Linux"]}
    linux, windows = answers("blue", "/", "Win", images=images, also=(wrong,))
    assert (linux.verdict, linux.reason, windows.verdict) == ("blocked", "lab-not-found", "gets")
    assert "resource group wrong" in " ".join(linux.because)
    assert linux.place.startswith("Labs[1]")


def test_the_beginning_of_a_name_is_no_entry() -> None:
    assert 'The entry "Wi" is how the path begins' in one("blue", "Win/Server.json", "Wi")[1]


def test_a_lab_without_entries_asks_for_nothing() -> None:
    assert "asks for no images" in one("blue", "Win")[1]


def test_an_image_may_be_asked_for_by_its_name_or_its_folder() -> None:
    assert one("blue", "image1", "Win")[0].image_path == "Win/Server.json"
    images = (an_image(1), an_image(2, "Win\\Client.json"))
    found = answers("blue", "Win", "Win/Server", images=images)
    assert [(each.image_path, each.verdict) for each in found] == [
        ("Win/Client.json", "not-wanted"),
        ("Win/Server.json", "gets"),
    ]


def test_an_image_that_does_not_exist_is_guessed_at() -> None:
    answer, because = one("blue", "Win/Sever.json", "Win")
    assert answer.verdict == "not-saved"
    assert "Did you mean Win/Server.json?" in because
    assert "names the folder" in because
    assert "Prepare a machine" in one("blue", "Solaris", "Win")[1]


def test_a_lab_that_is_not_listed_is_guessed_at() -> None:
    answer, because = one("blu", "Win", "Win")
    assert (answer.verdict, because) == ("not-listed", "labs.json does not name the lab blu. Did you mean blue?")
    assert "Add the lab to labs.json" in one("something-else", "Win", "Win")[1]


def test_a_name_that_two_labs_have_must_be_told_apart() -> None:
    second = {"SubscriptionId": OTHER_SUB, "LabName": "Blue", "ImagePaths": ["Win"]}
    _, because = one("blue", "Win", "Win", also=(second,))
    assert f"{SUB}/blue, {OTHER_SUB}/Blue" in because
    assert one(f"{SUB}/blue", "Win", "Win", also=(second,))[0].verdict == "gets"


def test_a_lab_whose_entry_has_errors_is_told_with_them() -> None:
    broken = {"SubscriptionId": "x", "LabName": "Red", "ImagePaths": ["Win"]}
    answer, because = one("red", "Win", "Win", also=(broken,))
    assert answer.verdict == "not-listed"
    assert "has errors" in because
    assert "is not a GUID" in because
