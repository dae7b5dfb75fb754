"""How long the domain takes to plan 10,000 pairs: less than 100 ms. Pure computation, no Azure, nothing written."""

from datetime import UTC, datetime

from benchmarks import processor
from shared.domain.models import (
    Catalogue,
    ImageRecord,
    Lab,
    Limits,
    Plan,
    Run,
    RunRequest,
    SavedImage,
    TargetLab,
)
from shared.domain.plan import plan_deliveries, shape
from shared.domain.region_state import RegionState
from shared.domain.relay import next_copies
from shared.domain.targets import resolve

LABS, IMAGES, REGIONS = 500, 20, 5
REPEATS = 7
TARGET = 100  # ms
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
LIMITS = Limits(allowed_subscriptions=(SUBSCRIPTION,), region_hubs={"region1": "hub1"}, relay_through_labs=True)


def main(*, big: bool = False) -> bool:
    """Prints the median milliseconds of processor time of planning and of one pass of the relay."""
    plan = make_plan()
    region = shape(plan, plan.regions[0], LIMITS)
    planning = processor.of_call(make_plan, REPEATS)
    first_pass = processor.of_call(lambda: next_copies(region, RegionState.fresh(region)), REPEATS)
    print(
        f"  plan   {len(plan.deliveries):6,} pairs, {len(plan.regions)} regions: {planning:7.1f} ms (target {TARGET})"
    )
    print(f"  relay  {region.pairs:6,} pairs, first pass: {first_pass:7.1f} ms")
    return planning <= TARGET


def make_plan() -> Plan:
    """Plans every image to every lab, each lab with a list of entries of its own."""
    factory = _lab(0)
    labs = [_lab(number) for number in range(1, LABS + 1)]
    targets = resolve(
        [
            TargetLab(subscription_id=SUBSCRIPTION, name=lab.name, image_paths=(*ENTRIES, f"Only{lab.name}"))
            for lab in labs
        ],
        {SUBSCRIPTION: tuple(labs)},
        factory,
        LIMITS,
        None,
    )
    run = Run(request=RunRequest(id="run", trigger="timer", requested_at=NOW), started_at=NOW)
    return plan_deliveries(run, (), targets, {lab.id: () for lab in labs}, CATALOGUE, factory, LIMITS, ())


def _lab(number: int) -> Lab:
    return Lab(
        id=f"/labs/lab{number}",
        subscription_id=SUBSCRIPTION,
        resource_group="labs",
        name=f"lab{number}",
        region=f"region{number % REGIONS}",
        account=f"account{number}",
    )


def _image(number: int) -> SavedImage:
    record = ImageRecord(
        image_name=f"Image{number}", image_path=f"Win{number % 4}\\Image{number}.json", vhd_file_name="x", timestamp=NOW
    )
    return SavedImage(id=f"record{number}", record=record, size_bytes=(30 + number) * 1024**3)


CATALOGUE = Catalogue(images=tuple(_image(number) for number in range(IMAGES)))
ENTRIES = tuple(f"Win{number % 4}/Image{number}.json" for number in range(IMAGES))
