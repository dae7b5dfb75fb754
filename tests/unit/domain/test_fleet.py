"""Which version every lab holds, and what a run's end adds to it."""

from datetime import datetime, timedelta
from typing import Any

from shared.domain import fleet
from shared.domain.errors import Denied
from shared.domain.fleet import Fleet, FleetLab, Holding
from shared.domain.models import CustomImage, SavedImage
from shared.domain.report import Delivery, Seconds
from shared.domain.targets import Target
from tests.unit.domain.factory_facts import BEFORE, NOW, SUB, a_custom_image, a_lab, a_target, an_image

OLD, NEW = BEFORE - timedelta(days=30), BEFORE
SAVED = (an_image(1, timestamp=OLD), an_image(2, timestamp=NEW))
BLUE = a_lab()


def surveyed(
    *images: CustomImage, saved: tuple[SavedImage, ...] = SAVED, entries: tuple[str, ...] = ("Win",), **facts: Any
) -> Fleet:
    target = Target(a_target("blue", *entries), BLUE, **facts)
    return fleet.survey("run-1", NOW, saved, [target], {BLUE.id: images})


def held(seen: Fleet) -> Holding:
    """The one thing that the one lab holds."""
    (lab,) = seen.labs
    (image,) = lab.images
    return image


def delivery(outcome: str = "delivered", lab: str = "blue", path: str = "Win/Server.json") -> Delivery:
    return Delivery.model_validate(
        {
            "subscription_id": SUB.upper(),
            "resource_group": "RG",
            "lab": lab.upper(),
            "region": "westeurope",
            "image_path": path,
            "image_name": "Image2",
            "outcome": outcome,
            "reason": None,
            "error_code": None,
            "source": None,
            "bytes_copied": 0,
            "seconds": Seconds.model_validate({"copy": 0, "image": 0}),
        }
    )


def a_fleet_lab(name: str, seen_at: datetime = NOW, *images: Holding) -> FleetLab:
    return FleetLab(subscription_id=SUB, resource_group="rg", lab=name, seen_at=seen_at, images=images)


def test_newest_saved_image_is_newest_in_the_lab() -> None:
    seen = held(surveyed(a_custom_image("Image2", record_id="record2")))
    assert (seen.state, seen.image_name, seen.saved_at) == ("newest", "Image2", NEW)


def test_older_version_keeps_its_own_age() -> None:
    seen = held(surveyed(a_custom_image("Image1", record_id="record1")))
    assert (seen.state, seen.image_name, seen.saved_at) == ("older", "Image1", OLD)


def test_newest_of_several_versions_counts() -> None:
    both = a_custom_image("Image1", record_id="record1"), a_custom_image("Image2", record_id="record2")
    assert held(surveyed(*both)).state == held(surveyed(*reversed(both))).state == "newest"


def test_image_made_by_the_scripts_is_known_by_its_name() -> None:
    assert held(surveyed(a_custom_image("image2", record_id=None))).state == "newest"
    assert held(surveyed(a_custom_image("Image1", record_id=None))).state == "older"


def test_wanted_image_that_never_came_is_never() -> None:
    assert held(surveyed()).state == "never"


def test_image_that_nobody_wants_or_holds_is_not_named() -> None:
    assert surveyed(entries=("Linux",)).labs[0].images == ()


def test_unwanted_image_in_the_lab_is_shown_as_such() -> None:
    seen = held(surveyed(a_custom_image("Image2", record_id="record2"), entries=("Linux",)))
    assert (seen.state, seen.wanted) == ("newest", False)


def test_image_that_failed_is_broken_unless_another_version_is_ready() -> None:
    failed = a_custom_image("Image2", record_id="record2", provisioning_state="Failed")
    assert held(surveyed(failed)).state == "broken"
    assert held(surveyed(failed, a_custom_image("Image1", record_id="record1"))).state == "older"


def test_image_in_the_making_is_being_made() -> None:
    assert (
        held(surveyed(a_custom_image("Image2", record_id="record2", provisioning_state="Creating"))).state == "making"
    )


def test_image_whose_saved_images_are_gone_has_the_age_that_the_lab_knows() -> None:
    seen = surveyed(a_custom_image("Lost", image_path="Mac\\OS.json", created_at=OLD), saved=())
    assert (held(seen).state, held(seen).saved_at) == ("not-saved", OLD)
    assert [(each.image_path, each.image_name) for each in seen.images] == [("Mac/OS.json", None)]


def test_images_of_others_are_left_out() -> None:
    assert surveyed(a_custom_image("Theirs", image_path=None), entries=("Linux",)).labs[0].images == ()


def test_lab_that_cannot_be_read_holds_what_is_not_known() -> None:
    target = Target(a_target("blue"), BLUE)
    seen = fleet.survey("run-1", NOW, SAVED, [target], {BLUE.id: Denied("denied", "No role.")})
    assert (seen.labs[0].problem, held(seen).state) == ("lab-unreadable", "unknown")


def test_lab_that_is_not_there_says_why() -> None:
    seen = fleet.survey("run-1", NOW, SAVED, [Target(a_target("blue"), None, "lab-not-found")], {})
    assert (seen.labs[0].problem, seen.labs[0].lab, held(seen).state) == ("lab-not-found", "blue", "unknown")


def test_newest_image_that_cannot_be_delivered_says_why() -> None:
    (image,) = surveyed(saved=(an_image(1, present=False),)).images
    assert (image.image_name, image.problem) == ("Image1", "vhd-missing")


def test_delivery_of_the_run_makes_its_image_the_newest() -> None:
    seen = fleet.after(surveyed(), [delivery()])
    assert (held(seen).state, held(seen).image_name, held(seen).saved_at) == ("newest", "Image2", NEW)


def test_delivery_that_failed_or_went_elsewhere_changes_nothing() -> None:
    seen = surveyed()
    assert fleet.after(seen, [delivery("failed"), delivery(lab="red"), delivery(path="Linux/Ubuntu.json")]) == seen


def test_survey_of_all_labs_replaces_what_was_known() -> None:
    known = Fleet(labs=(a_fleet_lab("gone"),))
    assert fleet.merged(known, surveyed(), whole=True) == surveyed()


def test_survey_of_some_labs_leaves_the_others_as_they_were_seen() -> None:
    known = Fleet(labs=(a_fleet_lab("red", OLD), a_fleet_lab("BLUE", OLD)))
    united = fleet.merged(known, surveyed(), whole=False)
    assert [(lab.lab, lab.seen_at) for lab in united.labs] == [("red", OLD), ("blue", NOW)]


def test_images_that_only_other_labs_hold_stay_named() -> None:
    stranger = Holding(image_path="Mac/OS.json", state="not-saved")
    united = fleet.merged(Fleet(labs=(a_fleet_lab("red", OLD, stranger),)), surveyed(), whole=False)
    assert [each.image_path for each in united.images] == ["Win/Server.json", "Mac/OS.json"]


def test_fleet_survives_its_journey_as_json() -> None:
    seen = surveyed(a_custom_image("Image1", record_id="record1"))
    assert Fleet.model_validate_json(seen.model_dump_json(by_alias=True, exclude_none=True)) == seen
