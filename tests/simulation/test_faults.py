"""Seeded faults in virtual time: deaths before and after each effect, lost answers, throttling, stalls, dead runs.

Whatever happens on the way, the next quiet run leaves every lab with every image, nothing staged, nothing granted, and
no secret anywhere. The seeds are fixed, so a failure is found again by its number.
"""

import random
from datetime import timedelta

import pytest

from shared.domain.models import Outcome
from shared.domain.storage import BlobRef
from shared.steps import folder
from tests.fakes.faults import SeededFaults
from tests.fakes.state import CopyFate
from tests.simulation.factory import Factory

SEEDS = 400
BATCHES = 8


def seeds_of(batch: int) -> range:
    return range(batch * SEEDS // BATCHES, (batch + 1) * SEEDS // BATCHES)


def assert_as_it_must_be(factory: Factory, seed: int) -> None:
    """The end that every history must lead to."""
    for lab in factory.labs:
        images = factory.cloud.images[lab.id].values()
        wanted = {f"Win2016\\Image{number}.json" for number in range(len(factory.cloud.machines))}
        whole = {image.tags["ImagePath"] for image in images if image.state == "Succeeded"}
        assert whole == wanted, f"seed {seed}: {lab.name} has {whole}"
        for image in images:
            assert image.state == "Succeeded", f"seed {seed}: {image.name} in {lab.name} is {image.state}"
            machine = image.tags["ImagePath"].removeprefix("Win2016\\Image").removesuffix(".json")
            assert image.content == factory.cloud.machines[f"golden{machine}"].disk.content, f"seed {seed}"  # type: ignore[union-attr]
    assert factory.staged() == [], f"seed {seed}"
    assert factory.cloud.outstanding_grants == [], f"seed {seed}"
    records = {blob.name.removesuffix(".json") for blob in factory.cloud.blobs if blob.name.endswith(".json")}
    vhds = {blob.name.removesuffix(".vhd") for blob in factory.cloud.blobs if blob.name.endswith(".vhd")}
    assert records == vhds, f"seed {seed}: a record without a VHD or a VHD without a record"


def assert_no_secret(factory: Factory, seed: int) -> None:
    seen = [*factory.engine.carried, *factory.cloud.messages]
    seen += [content.decode(errors="replace") for content in factory.cloud.documents.values()]
    for secret in factory.cloud.signatures:
        assert not any(secret in text for text in seen), f"seed {seed}: a signature got out"


def quiet_run(factory: Factory, seed: int) -> None:
    factory.cloud.strikes.clear()
    factory.cloud.copy_fate = lambda target, number: "success"
    factory.lets_time_pass()
    report = factory.run()
    assert report.status == "Succeeded", f"seed {seed}: {[f.message for f in report.findings]} {report.deliveries}"


@pytest.mark.parametrize("batch", range(BATCHES))
def test_after_any_faults_the_next_quiet_run_makes_everything_whole(batch: int) -> None:
    for seed in seeds_of(batch):
        chance = random.Random(seed)
        factory = Factory(labs_at_home=chance.randrange(3), labs_away=1 + chance.randrange(3), seed=seed)
        rate = chance.choice((0.01, 0.05, 0.2))
        factory.request()
        factory.cloud.inject(SeededFaults(seed, rate, at_most=chance.choice((1, 5, 40))))
        factory.engine.run()
        factory.cloud.strikes.clear()
        factory.watch()
        quiet_run(factory, seed)
        assert_as_it_must_be(factory, seed)
        assert_no_secret(factory, seed)
        assert factory.engine.most_running <= 1


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_run_that_dies_at_any_moment_leaves_nothing_wrong_even_while_its_children_go_on(batch: int) -> None:
    for seed in seeds_of(batch):
        chance = random.Random(seed)
        factory = Factory(labs_at_home=1, labs_away=2, seed=seed)
        first = factory.request()
        factory.engine.run(until=factory.cloud.now + timedelta(seconds=chance.uniform(0, 400)))
        if factory.engine.instances[first].status == "Running":
            factory.engine.terminate(first)
            folder.stop(factory.gateway, first, "run-died")
            if chance.random() < 0.5:
                factory.engine.run(until=factory.cloud.now + timedelta(seconds=chance.uniform(0, 200)))
            factory.watch()
        quiet_run(factory, seed)
        assert_as_it_must_be(factory, seed)
        assert_no_secret(factory, seed)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_copies_that_fail_or_stall_hold_up_no_other_lab_and_are_made_good(batch: int) -> None:
    for seed in seeds_of(batch):
        chance = random.Random(seed)
        fates: dict[tuple[BlobRef, int], CopyFate] = {}

        def fate(
            target: BlobRef,
            number: int,
            fates: dict[tuple[BlobRef, int], CopyFate] = fates,
            chance: random.Random = chance,
        ) -> CopyFate:
            return fates.setdefault((target, number), chance.choice(("success", "success", "failed", "stalled")))

        factory = Factory(labs_at_home=2, labs_away=2, seed=seed)
        factory.cloud.copy_fate = fate
        report = factory.run()
        assert all(
            each.outcome in (Outcome.DELIVERED, Outcome.ALREADY_PRESENT) or each.reason for each in report.deliveries
        ), f"seed {seed}"
        assert factory.staged() == [], f"seed {seed}"
        assert factory.cloud.outstanding_grants == [], f"seed {seed}"
        quiet_run(factory, seed)
        assert_as_it_must_be(factory, seed)
