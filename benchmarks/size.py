"""What a pair costs in runs of 100, 1,000 and (--big) 10,000 pairs with instant copies: at most a fifth more."""

from benchmarks.measured_run import MeasuredRun, measure
from tests.e2e import worlds

TARGET = 1.2  # times the cost of a pair in a run of 100
LONGEST_HISTORY = 1_000  # events
SIZES = ((10, 10), (20, 50))  # images and labs
BIG = (20, 500)


def main(*, big: bool = False) -> bool:
    """Prints the cost of a pair in runs of growing size; whether it stays flat and every history short."""
    print("   pairs   wall s  ms a pair   host cpu s  ms a pair  ratio  longest history")
    runs = [_shown(images, labs, None) for images, labs in SIZES[:1]]
    runs += [_shown(images, labs, runs[0]) for images, labs in (*SIZES[1:], *((BIG,) if big else ()))]
    flat = all(_cost(run) <= TARGET * _cost(runs[0]) for run in runs)
    return flat and all(run.longest_history <= LONGEST_HISTORY for run in runs)


def _shown(images: int, labs: int, first: MeasuredRun | None) -> MeasuredRun:
    """Measures one run: saved images only, half of the labs in another region, with a hub there."""
    saved = [worlds.saved(f"Folder{n}/Image.json", f"Image{n}", diskMiB=1) for n in range(images)]
    targets = [worlds.lab(f"Lab{n}", worlds.AWAY if n % 2 else worlds.HOME) for n in range(labs)]
    wanted = worlds.wanted(**{f"Lab{n}": [""] for n in range(labs)})
    run = measure(worlds.world(images=saved, labs=targets), wanted)
    cpu = run.processor_seconds or 0.0
    print(
        f"  {run.pairs:6,} {run.seconds:8.1f} {run.seconds / run.pairs * 1000:10.1f} {cpu:12.1f}"
        f" {cpu / run.pairs * 1000:10.1f} {_cost(run) / _cost(first or run):6.2f} {run.longest_history:16,}",
        flush=True,
    )
    return run


def _cost(run: MeasuredRun) -> float:
    """Seconds for a pair: of the host's processor, or of the wall's clock where that is unknown."""
    return (run.processor_seconds or run.seconds) / run.pairs
