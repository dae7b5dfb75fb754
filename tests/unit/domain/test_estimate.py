"""The estimate of a plan: its bytes by region, its time and its egress."""

import pytest

from shared.domain import estimate
from shared.domain.models import Plan
from shared.domain.plan import plan_deliveries
from shared.domain.saving import plan_saves, would_be
from shared.domain.targets import Target
from tests.unit.domain.factory_facts import FACTORY, GIB, a_catalogue, a_lab, a_run, a_target, a_vm, an_image, limits


def a_plan(labs: dict[str, str], *, hubs: dict[str, str] | None = None, relay: bool = False) -> Plan:
    targets = [Target(a_target(name), a_lab(name, region=region)) for name, region in labs.items()]
    images = {each.lab.id: () for each in targets if each.lab}
    settings = limits(region_hubs=hubs or {}, relay_through_labs=relay)
    return plan_deliveries(a_run(), (), targets, images, a_catalogue(an_image()), FACTORY, settings, ())


AWAY = {f"away{number}": "northeurope" for number in range(3)}


def test_labs_of_the_factorys_region_cost_no_egress() -> None:
    made = estimate.of(a_plan({"one": "westeurope", "two": "westeurope"}), limits())
    assert (made.within_bytes, made.between_bytes, made.egress_usd) == (20 * GIB, 0, 0)


@pytest.mark.parametrize(
    ("hubs", "relay", "between", "within"),
    [({"northeurope": "hub"}, False, 1, 3), ({}, True, 1, 2), ({}, False, 3, 0)],
)
def test_another_region_is_crossed_into_once_where_somebody_there_can_serve(
    hubs: dict[str, str], relay: bool, between: int, within: int
) -> None:
    made = estimate.of(a_plan(AWAY, hubs=hubs, relay=relay), limits(region_hubs=hubs, relay_through_labs=relay))
    assert (made.between_bytes, made.within_bytes) == (between * 10 * GIB, within * 10 * GIB)
    assert [(each.region, each.deliveries) for each in made.regions] == [("northeurope", 3)]
    assert made.egress_usd == round(between * 10 * GIB / 1e9 * estimate.USD_PER_GB, 2)


def test_time_is_the_crossing_and_the_doubling_and_the_image() -> None:
    made = estimate.of(a_plan(AWAY, hubs={"northeurope": "hub"}), limits())
    one_copy = 10 * GIB / estimate.RATE
    assert made.seconds == pytest.approx(one_copy + 2 * one_copy + estimate.IMAGE_SECONDS, abs=2)


def test_the_biggest_save_comes_before_the_deliveries() -> None:
    saves, _ = plan_saves([a_vm()], a_catalogue(), a_run())
    images = would_be(a_catalogue(), saves, a_run())
    target = Target(a_target(), a_lab())
    assert target.lab is not None
    plan = plan_deliveries(a_run(), saves, [target], {target.lab.id: ()}, images, FACTORY, limits(), ())
    made = estimate.of(plan, limits())
    assert made.within_bytes == 2 * (127 * GIB + 512)
    assert made.seconds == pytest.approx(2 * 127 * GIB / estimate.RATE + estimate.IMAGE_SECONDS, abs=2)


def test_nothing_to_do_takes_nothing() -> None:
    made = estimate.of(Plan(run_id="r"), limits())
    assert (made.within_bytes, made.between_bytes, made.seconds, made.regions) == (0, 0, 0, ())


def test_the_assumptions_name_the_cap_and_the_price() -> None:
    text = " ".join(estimate.of(Plan(run_id="r"), limits(max_concurrent_copies=17)).assumptions)
    assert "At most 17 copies" in text
    assert "60 MiB/s" in text
    assert "0.02 USD per GB" in text
