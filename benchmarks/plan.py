"""How long the domain takes to plan: `python -m benchmarks.plan`. Pure computation, no Azure, nothing written."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

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
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
LIMITS = Limits(allowed_subscriptions=(SUBSCRIPTION,), region_hubs={"region1": "hub1"}, relay_through_labs=True)


def main() -> None:
    """Prints the median milliseconds of processor time of planning and of one pass of the relay."""
    plan = make_plan()
    pairs = len(plan.deliveries)
    region = shape(plan, plan.regions[0], LIMITS)
    print(f"plan   {pairs:6,} pairs, {len(plan.regions)} regions: {_milliseconds(make_plan):7.1f} ms")
    first_pass = _milliseconds(lambda: next_copies(region, RegionState.fresh(region)))
    print(f"relay  {region.pairs:6,} pairs, first pass: {first_pass:7.1f} ms")


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


def _milliseconds(work: Callable[[], object]) -> float:
    def once() -> float:
        started = time.process_time()
        work()
        return (time.process_time() - started) * 1000

    return statistics.median(once() for _ in range(REPEATS))


CATALOGUE = Catalogue(images=tuple(_image(number) for number in range(IMAGES)))
ENTRIES = tuple(f"Win{number % 4}/Image{number}.json" for number in range(IMAGES))

if __name__ == "__main__":
    main()
