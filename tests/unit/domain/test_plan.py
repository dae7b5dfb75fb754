"""The plan: what becomes of every lab and image pair, and every finding on the way."""

from typing import Any

import pytest

from shared.domain.errors import Unavailable
from shared.domain.models import (
    Catalogue,
    CustomImage,
    Finding,
    Only,
    Plan,
    PlannedDelivery,
    PlannedSave,
    SavedImage,
    Severity,
)
from shared.domain.plan import plan_deliveries, shape
from shared.domain.region_shape import ImageShape
from shared.domain.targets import Target
from tests.unit.domain.factory_facts import (
    FACTORY,
    GIB,
    SUB,
    a_catalogue,
    a_custom_image,
    a_lab,
    a_run,
    a_target,
    an_image,
    limits,
)


def a_plan(
    *targets: Target,
    images: tuple[SavedImage, ...] = (an_image(),),
    there: dict[str, Any] | None = None,
    only: Only | None = None,
    findings: tuple[Finding, ...] = (),
    **settings: Any,
) -> Plan:
    listings = {each.lab.id: () for each in targets if each.lab} | (there or {})
    catalogue = a_catalogue(*images)
    return plan_deliveries(a_run(only=only), (), targets, listings, catalogue, FACTORY, limits(**settings), findings)


def found(name: str = "blue", *image_paths: str, **facts: Any) -> Target:
    return Target(a_target(name, *image_paths), a_lab(name, **facts))


def delivery_with(*custom_images: CustomImage) -> PlannedDelivery:
    target = found()
    assert target.lab is not None
    (delivery,) = a_plan(target, there={target.lab.id: custom_images}).deliveries
    return delivery


def codes(plan: Plan) -> list[str]:
    return [each.code for each in plan.findings]


def test_wanted_image_that_the_lab_does_not_have_is_delivered() -> None:
    plan = a_plan(found(region="East US"), region_hubs={"eastus": "hub"})
    (delivery,) = plan.deliveries
    assert (delivery.action, delivery.reason, delivery.repair) == ("deliver", None, False)
    assert (delivery.lab, delivery.region, delivery.account, delivery.crosses) == (
        "blue",
        "eastus",
        "accountblue",
        True,
    )
    assert (delivery.image_path, delivery.image_name, delivery.record_id) == ("Win/Server.json", "Image1", "record1")
    assert (delivery.size_bytes, delivery.subscription_id, delivery.resource_group) == (10 * GIB, SUB, "rg")
    assert [image.id for image in plan.images] == ["record1"]
    assert (plan.factory_region, plan.regions[0].pairs, plan.findings) == ("westeurope", (0,), ())


def test_only_the_newest_image_of_a_path_is_delivered() -> None:
    plan = a_plan(found(), images=(an_image(1), an_image(2, image_name="Image1A")))
    assert [each.record_id for each in plan.deliveries] == ["record2"]


@pytest.mark.parametrize(
    "existing",
    [
        a_custom_image(),
        a_custom_image("IMAGE1", image_path="win/SERVER.JSON"),
        a_custom_image(record_id=None),
        a_custom_image(record_id=""),
    ],
)
def test_image_of_ours_or_of_the_scripts_is_already_present(existing: CustomImage) -> None:
    delivery = delivery_with(existing)
    assert (delivery.action, delivery.reason) == ("present", "already-present")


@pytest.mark.parametrize(
    "existing",
    [
        a_custom_image(image_path=None),
        a_custom_image(image_path="Linux/Server.json"),
        a_custom_image(record_id="another record"),
        a_custom_image(record_id=None, provisioning_state="Failed"),
        a_custom_image(record_id="another record", provisioning_state="Creating"),
    ],
)
def test_image_of_that_name_that_is_not_ours_is_never_overwritten(existing: CustomImage) -> None:
    delivery = delivery_with(existing)
    assert (delivery.action, delivery.reason) == ("blocked", "name-taken")


def test_name_taken_is_one_finding_of_the_lab_that_names_the_images() -> None:
    target = found()
    assert target.lab is not None
    images = tuple(an_image(number, f"Win/Image{number}") for number in range(8))
    taken = tuple(a_custom_image(f"Image{number}", image_path=None) for number in range(8))
    plan = a_plan(target, images=images, there={target.lab.id: taken})
    (finding,) = plan.findings
    assert (finding.code, finding.severity, finding.path) == ("name-taken", Severity.ERROR, "Labs[0]")
    assert "blue" in finding.message
    assert "Image0, Image1, Image2, Image3, Image4 and 3 more" in finding.message


def test_failed_image_that_carries_our_record_is_repaired() -> None:
    delivery = delivery_with(a_custom_image(provisioning_state="Failed"))
    assert (delivery.action, delivery.reason, delivery.repair) == ("deliver", "repair", True)


def test_image_that_a_dead_run_left_in_the_making_is_adopted() -> None:
    delivery = delivery_with(a_custom_image(provisioning_state="Creating"))
    assert (delivery.action, delivery.reason, delivery.repair) == ("deliver", None, False)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (an_image(present=False), "vhd-missing"),
        (an_image(hyper_v_generation="V2"), "gen2"),
    ],
)
def test_image_that_cannot_be_delivered_is_blocked_and_explained(image: SavedImage, reason: str) -> None:
    plan = a_plan(found(), images=(image,))
    assert [(each.action, each.reason) for each in plan.deliveries] == [("blocked", reason)]
    assert (codes(plan), plan.regions) == ([reason], ())


def test_image_paths_with_one_name_are_blocked() -> None:
    images = (an_image(1, "Win/A/X", image_name="A_X"), an_image(2, "Win/B/A/X", image_name="A_X"))
    plan = a_plan(found(), images=images)
    assert [(each.action, each.reason) for each in plan.deliveries] == [("blocked", "name-collision")] * 2
    assert codes(plan) == ["name-collision"]


@pytest.mark.parametrize("reason", ["lab-not-found", "lab-ambiguous", "lab-not-allowed", "factory-lab"])
def test_blocked_lab_has_every_wanted_image_blocked_and_keeps_its_finding(reason: str) -> None:
    finding = Finding(severity=Severity.ERROR, code=reason, message="what to do")
    target = Target(a_target("gone", "Win", resource_group="there"), None, reason, (finding,))
    plan = a_plan(target, images=(an_image(1), an_image(2, "Win/Two")))
    assert [(each.lab, each.resource_group, each.action, each.reason) for each in plan.deliveries] == [
        ("gone", "there", "blocked", reason)
    ] * 2
    assert plan.findings == (finding,)


def test_lab_whose_images_cannot_be_listed_is_blocked_and_the_others_are_not() -> None:
    blue, red = found("blue"), found("red")
    assert blue.lab is not None
    plan = a_plan(blue, red, there={blue.lab.id: Unavailable("unavailable", "No answer came.")})
    assert [(each.lab, each.reason) for each in plan.deliveries] == [("blue", "lab-unreadable"), ("red", None)]
    assert codes(plan) == ["lab-unreadable"]
    assert "No answer came." in plan.findings[0].message


def test_deliveries_follow_the_file_lab_by_lab_and_image_by_image() -> None:
    images = (an_image(1, "Win/B"), an_image(2, "Win/A"), an_image(3, "Linux"))
    plan = a_plan(found("red", "Win"), found("blue", "Linux", "win\\a.json"), images=images)
    assert [(each.lab, each.image_path) for each in plan.deliveries] == [
        ("red", "Win/A"),
        ("red", "Win/B"),
        ("blue", "Linux"),
        ("blue", "Win/A"),
    ]


def test_entry_that_matches_no_saved_image_is_a_warning_at_the_lab() -> None:
    plan = a_plan(found("blue", "Win", "Win2012/"))
    (finding,) = plan.findings
    assert (finding.code, finding.severity, finding.path) == ("unmatched-entry", Severity.WARNING, "Labs[0]")
    assert 'blue asks for "Win2012/"' in finding.message


def test_saved_image_that_no_lab_wants_is_a_warning() -> None:
    plan = a_plan(found(), images=(an_image(1), an_image(2, "Linux/A")))
    assert [(each.code, each.severity) for each in plan.findings] == [("unwanted-image", Severity.WARNING)]
    assert "Image2 (Linux/A)" in plan.findings[0].message


def test_image_that_only_a_blocked_lab_wants_is_wanted() -> None:
    plan = a_plan(Target(a_target(), None, "lab-not-found"))
    assert plan.findings == ()


def test_without_any_target_nothing_is_said_of_unwanted_images() -> None:
    assert a_plan().findings == ()


def test_only_narrows_images_and_says_nothing_of_the_rest() -> None:
    images = (an_image(1), an_image(2, "Win/Two"), an_image(3, "Linux"))
    plan = a_plan(found(), images=images, only=Only(images=("win/two",)))
    assert [each.record_id for each in plan.deliveries] == ["record2"]
    assert plan.findings == ()


def test_unknown_lab_or_image_of_only_is_an_error() -> None:
    plan = a_plan(found(), only=Only(labs=("blue", "green"), images=("Win", "Mac")))
    assert [(each.code, each.severity, each.path) for each in plan.findings] == [
        ("unknown-only", Severity.ERROR, "only")
    ] * 2
    assert '"green"' in plan.findings[0].message
    assert '"Mac"' in plan.findings[1].message


def test_findings_so_far_come_first_then_those_of_the_catalogue() -> None:
    said = Finding(severity=Severity.WARNING, code="said", message="before")
    unread = Finding(severity=Severity.WARNING, code="bad-record", message="cannot be read")
    catalogue = Catalogue(images=(an_image(present=False),), findings=(unread,))
    save = PlannedSave(vm="vm", action="skip", reason="no-image-path")
    plan = plan_deliveries(a_run(), (save,), (), {}, catalogue, FACTORY, limits(), (said,))
    assert codes(plan) == ["said", "bad-record", "vhd-missing"]
    assert plan.saves == (save,)


def test_labs_relay_only_where_setting_and_lab_agree() -> None:
    shy = Target(a_target("shy", relay=False), a_lab("shy"))
    for allowed, expected in ((True, [True, False]), (False, [False, False])):
        plan = a_plan(found("open"), shy, relay_through_labs=allowed)
        assert [each.relay for each in plan.deliveries] == expected


def test_shape_counts_the_pairs_of_each_image_in_the_order_of_the_region() -> None:
    images = (an_image(1), an_image(2, "Win/Two"))
    plan = a_plan(found("red"), found("blue", "Win/Two"), images=images)
    made = shape(plan, plan.regions[0], limits())
    assert made.images == (ImageShape(bytes=10 * GIB, pairs=1), ImageShape(bytes=10 * GIB, pairs=2))
