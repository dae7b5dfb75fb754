"""A plan's regions: their order of pairs, their hubs and their shares of the copies."""

from shared.domain.models import PlannedDelivery
from shared.domain.region_shape import ImageShape
from shared.domain.regions import normal, plan_regions, shape_of, without_hub
from tests.unit.domain.factory_facts import FACTORY, GIB, limits


def a_delivery(
    lab: str,
    image: int = 1,
    region: str = "westeurope",
    *,
    size: int = 10,
    relay: bool = False,
    action: str = "deliver",
) -> PlannedDelivery:
    return PlannedDelivery.model_validate(
        {
            "action": action,
            "subscription_id": "s",
            "resource_group": "rg",
            "lab": lab,
            "region": region,
            "relay": relay,
            "image_path": f"Path{image}",
            "image_name": f"Image{image}",
            "record_id": f"record{image}",
            "size_bytes": size,
        }
    )


def test_region_names_are_compared_as_azure_does() -> None:
    assert normal("West Europe") == normal("westeurope")


def test_pairs_go_image_by_image_the_biggest_first_and_relaying_labs_first() -> None:
    deliveries = [
        a_delivery("a", 1),
        a_delivery("a", 2, size=20),
        a_delivery("b", 1, relay=True),
        a_delivery("b", 2, size=20, relay=True),
        a_delivery("c", 2, size=20, action="present"),
        a_delivery("c", 3),
    ]
    (region,) = plan_regions(deliveries, FACTORY, limits())
    assert region.pairs == (3, 1, 2, 0, 5)
    shape = shape_of([deliveries[index] for index in region.pairs], region, limits(copies_per_source=3))
    assert shape.images == (
        ImageShape(bytes=20, pairs=2, relaying=1),
        ImageShape(bytes=10, pairs=2, relaying=1),
        ImageShape(bytes=10, pairs=1, relaying=0),
    )
    assert (shape.home, shape.hub, shape.per_source, shape.share) == (True, True, 3, region.share)


def test_hub_of_the_home_region_is_the_factory_itself() -> None:
    deliveries = [a_delivery("a"), a_delivery("b", region="eastus"), a_delivery("c", region="uksouth")]
    regions = plan_regions(deliveries, FACTORY, limits(region_hubs={"East US": "hubeast", "westeurope": "other"}))
    assert [(each.region, each.hub, each.home) for each in regions] == [
        ("eastus", "hubeast", False),
        ("uksouth", None, False),
        ("westeurope", FACTORY.account, True),
    ]


def test_region_without_hub_is_a_warning_with_the_bytes_that_cross() -> None:
    deliveries = [
        *(a_delivery(lab, 1, "eastus", size=GIB) for lab in "abc"),
        *(a_delivery(lab, 2, "eastus", size=10 * GIB, relay=lab == "a") for lab in "abc"),
        a_delivery("d"),
    ]
    regions = plan_regions(deliveries, FACTORY, limits())
    (finding,) = without_hub(deliveries, regions, limits())
    assert finding.code == "no-hub"
    assert f"{13 * GIB:,} bytes for 6 deliveries" in finding.message
    assert f"they would be {11 * GIB:,}" in finding.message
    assert "REGION_HUBS" in finding.message


def shares(cap: int, *loads: tuple[int, int]) -> list[int]:
    deliveries = [
        a_delivery(f"lab{number}", 1, f"region{index:02}", size=size // pairs)
        for index, (size, pairs) in enumerate(loads)
        for number in range(pairs)
    ]
    return [each.share for each in plan_regions(deliveries, FACTORY, limits(max_concurrent_copies=cap))]


def test_shares_are_in_proportion_to_bytes_and_together_the_cap() -> None:
    assert shares(200, (3000, 250), (1000, 250)) == [150, 50]
    assert shares(10, (1000, 10), (1000, 10), (1000, 10)) == [4, 3, 3]


def test_every_region_gets_a_share_and_none_more_than_it_has_pairs() -> None:
    assert shares(10, (1_000_000, 100), (1, 1)) == [9, 1]
    assert shares(100, (1_000_000, 5), (1000, 50)) == [5, 50]
    assert shares(2, *[(10, 1)] * 5) == [1] * 5
