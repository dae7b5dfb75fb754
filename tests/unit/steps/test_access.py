"""Rights are tried one by one; trying them changes nothing, and one that is missing hides no other."""

from dataclasses import replace

import pytest

from shared.domain.errors import Denied, Unavailable
from shared.domain.models import Limits, TargetLab
from shared.steps import access
from shared.steps.access import Place
from tests.fakes.cloud import SUBSCRIPTION, FakeCloud
from tests.fakes.faults import Fault
from tests.fakes.gateway import FakeGateway

NAMED = Place("factory", "ImageFactory", SUBSCRIPTION, "image-factory")
BLUE = TargetLab(subscription_id=SUBSCRIPTION, name="Blue", resource_group="blue", image_paths=("Win2022",))
RIGHTS = {
    ("factory", "labs.factory"): "Microsoft.DevTestLab/labs/read",
    ("factory", "labs.source_vms"): "Microsoft.DevTestLab/labs/virtualMachines/read",
    ("machines", "disks.grant_read"): "Microsoft.Compute/disks/beginGetAccess/action",
    ("machines", "disks.revoke"): "Microsoft.Compute/disks/endGetAccess/action",
    ("lab", "labs.find"): "Microsoft.DevTestLab/labs/read",
    ("lab", "labs.custom_images"): "Microsoft.DevTestLab/labs/customImages/read",
    ("lab", "labs.delete_image"): "Microsoft.DevTestLab/labs/customImages/delete and write",
}
BLOB_RIGHTS = {"vhds.state": access.READ_BLOBS, "vhds.delete": access.DELETE_BLOBS, "vhds.read_url": access.SIGN}


@pytest.fixture
def cloud() -> FakeCloud:
    made = FakeCloud()
    made.add_lab("Blue")
    made.add_hub("eastus2")
    made.add_vm("golden", "Win2022/Datacenter.json")
    return made


def limits(*, relay: bool = True) -> Limits:
    return Limits(
        allowed_subscriptions=(SUBSCRIPTION,),
        region_hubs={"eastus2": "hubeastus2"},
        relay_through_labs=relay,
        max_concurrent_copies=1,
        copies_per_source=1,
    )


def checked(cloud: FakeCloud, *targets: TargetLab, relay: bool = True) -> dict[str, Place]:
    places = access.check(FakeGateway(cloud), NAMED, targets or (BLUE,), limits(relay=relay))
    return {place.kind: place for place in places}


def deny(cloud: FakeCloud, call: str, match: str = "") -> None:
    cloud.inject(Fault(call, Denied("denied", "You may not.", status=403), match=match, times=None))


def test_every_place_is_named_and_nothing_is_missing(cloud: FakeCloud) -> None:
    places = checked(cloud)
    assert list(places) == ["factory", "machines", "hub", "lab"]
    assert [place for place in places.values() if place.missing or place.untried] == []
    assert places["lab"] == Place("lab", "Blue", SUBSCRIPTION, "blue", "ablue", signs=True)


def test_nothing_is_changed(cloud: FakeCloud) -> None:
    before = dict(cloud.blobs), {lab: dict(images) for lab, images in cloud.images.items()}
    checked(cloud)
    assert (cloud.blobs, cloud.images) == before
    assert cloud.grants == []


@pytest.mark.parametrize(("kind", "call"), RIGHTS)
def test_missing_right_is_named_at_its_place_alone(kind: str, call: str, cloud: FakeCloud) -> None:
    deny(cloud, call)
    places = checked(cloud)
    assert places[kind].missing[0].startswith(RIGHTS[kind, call])
    assert [each for each, place in places.items() if place.missing] == [kind]


@pytest.mark.parametrize("call", BLOB_RIGHTS)
@pytest.mark.parametrize(("kind", "account"), [("factory", "aimagefactory"), ("hub", "hubeastus2"), ("lab", "ablue")])
def test_missing_right_on_blobs_is_named(kind: str, account: str, call: str, cloud: FakeCloud) -> None:
    deny(cloud, call, match=f"{account}/")
    places = checked(cloud)
    assert {each: place.missing for each, place in places.items() if place.missing} == {kind: (BLOB_RIGHTS[call],)}


def test_lab_through_which_nothing_is_relayed_needs_no_signature(cloud: FakeCloud) -> None:
    deny(cloud, "vhds.read_url", match="ablue/")
    assert checked(cloud, relay=False)["lab"].missing == ()
    assert checked(cloud, BLUE.model_copy(update={"relay": False}))["lab"].missing == ()


def test_lab_without_a_group_is_looked_for_in_its_subscription(cloud: FakeCloud) -> None:
    found = checked(cloud, BLUE.model_copy(update={"resource_group": None, "name": "BLUE"}))["lab"]
    assert (found.name, found.resource_group, found.untried) == ("Blue", "blue", ())


def test_lab_listed_with_and_without_its_group_is_one_place(cloud: FakeCloud) -> None:
    targets = (BLUE, BLUE.model_copy(update={"resource_group": None, "name": "BLUE"}))
    places = access.check(FakeGateway(cloud), NAMED, targets, limits())
    assert [place.name for place in places if place.kind == "lab"] == ["Blue"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "Nowhere"}, "There is no lab Nowhere to be seen in resource group blue."),
        ({"subscription_id": "0" * 8}, "is not among ALLOWED_SUBSCRIPTION_IDS"),
    ],
)
def test_lab_that_cannot_be_tried_is_no_missing_right(change: dict[str, str], reason: str, cloud: FakeCloud) -> None:
    place = checked(cloud, BLUE.model_copy(update=change))["lab"]
    assert place.missing == ()
    assert reason in place.untried[0]


def test_trouble_on_the_way_is_no_missing_right(cloud: FakeCloud) -> None:
    cloud.inject(Fault("labs.custom_images", Unavailable("no-answer", "No answer."), times=None))
    place = checked(cloud)["lab"]
    assert place.missing == ()
    assert place.untried == ("Microsoft.DevTestLab/labs/customImages/read: No answer.",)


def test_nobody_signed_in_is_said_once(cloud: FakeCloud) -> None:
    cloud.inject(Fault("labs", Denied("not-signed-in", "Sign in (az login)."), times=None))
    with pytest.raises(Denied, match="Sign in"):
        checked(cloud)


def test_denied_factory_keeps_the_name_of_the_settings(cloud: FakeCloud) -> None:
    deny(cloud, "labs.factory")
    factory = checked(cloud)["factory"]
    assert replace(factory, missing=()) == NAMED
