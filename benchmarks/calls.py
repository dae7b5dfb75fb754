"""Calls to Azure and bytes between regions beside what the work itself needs: at most 1.1 times the calls."""

import math
from collections import Counter
from datetime import datetime

from benchmarks.measured_run import MeasuredRun, measure
from tests.e2e import worlds

TARGET = 1.1
IMAGES, LABS, SUBSCRIPTIONS = 10, 40, 2
POLL = 30  # seconds of image making between two polls of a lab
CALLS_OF_A_SAVE = 5
# Slower than other worlds, so that what is counted by time is not swallowed by the scale.
SPEEDS = {**worlds.INSTANT, "timeScale": 20}


def main(*, big: bool = False) -> bool:
    """Prints what one run asked and moved, from the emulator's ledger; whether both budgets are kept."""
    wanted = worlds.wanted(**{f"Lab{n}": [""] for n in range(LABS)})
    for number, lab in enumerate(wanted["Labs"]):
        lab["SubscriptionId"] = _subscription(number)
    run = measure(_world(), wanted)
    calls = Counter(each["operation"] for each in run.ledger["requests"] if each["service"] == "arm")
    print(f"  {IMAGES} images saved, {run.pairs} pairs delivered, 2 regions, {SUBSCRIPTIONS} subscriptions")
    for operation, count in calls.most_common():
        print(f"  {operation:40}{count:7,}")
    # A lab is listed once to plan; what is listed besides are polls, of which time allows so many.
    polls = calls["CustomImages_List"] - LABS
    kept = [_shown("calls without polls", calls.total() - polls, _budget(run)), _shown("polls", polls, _polls(run))]
    return _bytes_are_kept(run) and all(kept)


def _shown(what: str, count: int, budget: int) -> bool:
    print(f"  {what:40}{count:7,}  {count / budget:.2f} of {budget:,} (target {TARGET})")
    return count <= TARGET * budget


def _world() -> dict[str, object]:
    vms = [worlds.vm(f"golden{n}", f"Folder{n}/Image.json", diskMiB=1) for n in range(IMAGES)]
    labs = [
        worlds.lab(f"Lab{n}", worlds.AWAY if n % 4 > 1 else worlds.HOME, subscriptionId=_subscription(n))
        for n in range(LABS)
    ]
    return {**worlds.world(vms=vms, labs=labs), "speeds": SPEEDS}


def _subscription(lab: int) -> str:
    return (worlds.SUBSCRIPTION, worlds.OTHER_SUBSCRIPTION)[lab % SUBSCRIPTIONS]


def _budget(run: MeasuredRun) -> int:
    """One listing for each subscription, each lab and its images; one PUT for each image; five calls for each VM."""
    return SUBSCRIPTIONS + LABS + LABS + run.pairs + CALLS_OF_A_SAVE * IMAGES


def _polls(run: MeasuredRun) -> int:
    """One for each lab and 30 seconds of the run, in which images are being made from early on."""
    began, ended = (datetime.fromisoformat(run.report[key]) for key in ("startedAt", "endedAt"))
    return LABS * math.ceil((ended - began).total_seconds() * SPEEDS["timeScale"] / POLL)


def _bytes_are_kept(run: MeasuredRun) -> bool:
    """Whether each image crossed into the other region once, and no failed crossing moved anything."""
    crossed = run.ledger["bytes"]["betweenRegions"]
    moved = sum(each["bytes"] for each in crossed)
    once = sum(each["bytes"] // each["copies"] for each in crossed)
    failed = sum(each["bytes"] for each in run.ledger["bytes"]["failedBetweenRegions"])
    print(f"  {'bytes between regions':40}{moved:,}, {moved / once:.2f} of {once:,} (one for each image and region)")
    print(f"  {'bytes of failed crossings':40}{failed:,}")
    return moved == once and len(crossed) == IMAGES
