"""A run of a thousand pairs: it ends well, within the engine's and Azure's limits."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.running import HOST, RunningFactory, app_of
from tests.e2e.witness import generations
from tests.emulation import emulated

# About a minute on two idle cores; the bounds are for machines that have other things to do.
PATIENCE_SECONDS = 900.0
pytestmark = [pytest.mark.emulator, pytest.mark.func_host, pytest.mark.timeout(PATIENCE_SECONDS + 60)]

IMAGES, LABS = 20, 50
LONGEST_HISTORY = 1000
MOST_CALLS = 1.1  # times what the design allows
POLL = 30  # seconds of image making between two polls of a lab
# Slower than other worlds, so that what is counted by time is not swallowed by the scale.
SPEEDS = {**worlds.INSTANT, "timeScale": 20}


@dataclass(frozen=True)
class Done:
    """The one run of this file: its report, the ledger and the histories that it left."""

    report: dict[str, Any]
    ledger: dict[str, Any]
    factory: RunningFactory
    histories: list[tuple[str, int]]


def world() -> dict[str, Any]:
    """Twenty machines of a MiB, fifty labs, half of them in another region."""
    vms = [worlds.vm(f"golden{n}", f"Folder{n}/Image.json", diskMiB=1) for n in range(IMAGES)]
    labs = [worlds.lab(f"Lab{n}", worlds.AWAY if n % 2 else worlds.HOME) for n in range(LABS)]
    return {**worlds.world(vms=vms, labs=labs), "speeds": SPEEDS}


@pytest.fixture(scope="module")
def done(place: Path) -> Iterator[Done]:
    """The run, which nothing but these tests looks at."""
    histories = place / "histories"
    histories.mkdir()
    host = ("-m", "tests.e2e.witness", str(histories), *HOST[2:])
    with emulated(worlds.written(place, world()), place) as azure, app_of(azure, place, host=host) as factory:
        run_id = factory.app.start({"labs": worlds.wanted(**{f"Lab{n}": [""] for n in range(LABS)})})
        report = factory.app.ended(run_id, seconds=PATIENCE_SECONDS)
        # The last turn of the root comes after its report.
        wait_until(lambda: run_id in {asked.instanceId for asked, _ in generations(histories)}, "the end of the root")
        found = [
            (asked.instanceId, len(asked.pastEvents) + len(asked.newEvents)) for asked, _ in generations(histories)
        ]
        yield Done(report, factory.azure.ledger(), factory, found)


def test_every_pair_is_delivered(done: Done) -> None:
    assert done.report["status"] == "Succeeded"
    assert done.report["counts"]["saves"] == {"saved": IMAGES}
    assert done.report["counts"]["deliveries"] == {"delivered": IMAGES * LABS}
    labs = [lab for lab in done.factory.azure.state()["labs"] if lab["name"].startswith("Lab")]
    assert {len(lab["images"]) for lab in labs} == {IMAGES}


def test_no_history_exceeds_a_thousand_events(done: Done) -> None:
    names = {name.partition(":")[2] for name, _ in done.histories}
    assert names == {"", worlds.HOME, worlds.AWAY, *(f"save-{n}" for n in range(IMAGES))}
    longest = max(done.histories, key=lambda each: each[1])
    assert longest[1] <= LONGEST_HISTORY, longest
    regions = [name for name, _ in done.histories if name.endswith(worlds.AWAY)]
    assert len(regions) > 1  # it did continue as new: what is counted is each generation by itself


def test_each_image_crosses_into_the_other_region_once(done: Done) -> None:
    crossed = done.ledger["bytes"]["betweenRegions"]
    assert [each["copies"] for each in crossed] == [1] * IMAGES
    assert {(each["from"], each["to"]) for each in crossed} == {(worlds.HOME, worlds.AWAY)}
    assert done.report["counts"]["crossings"] == {"finished": IMAGES}


def test_calls_to_resource_manager_stay_within_their_budget(done: Done) -> None:
    calls = Counter(each["operation"] for each in done.ledger["requests"] if each["service"] == "arm")
    span = moment(done.report, "endedAt") - moment(done.report, "startedAt")
    polls = LABS * math.ceil(span * SPEEDS["timeScale"] / POLL)
    subscriptions = 1
    budget = subscriptions + LABS + LABS + IMAGES * LABS + polls + 5 * IMAGES
    assert calls.total() <= MOST_CALLS * budget, calls
    assert calls["CustomImages_CreateOrUpdate"] == IMAGES * LABS
    assert calls.total() - calls["CustomImages_List"] <= MOST_CALLS * (budget - polls - LABS), calls


def test_nothing_stays_staged_or_granted(done: Done) -> None:
    assert (done.factory.stores.staged(), done.factory.granted()) == ([], [])


def moment(report: dict[str, Any], key: str) -> float:
    return datetime.fromisoformat(report[key]).timestamp()
