"""The command that measures: `python -m benchmarks [NAME ...]`. What is measured is each module's own affair."""

import argparse
import importlib
import sys
from collections.abc import Sequence

BENCHMARKS = ("plan", "indexing", "makespan", "calls", "size")  # the quick ones first


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmarks named, or all; 1 when one misses its target."""
    chosen = _parser().parse_args(arguments)
    if chosen.list:
        for name in BENCHMARKS:
            print(f"{name:10}{_summary(name)}")
        return 0
    missed = []
    for name in chosen.names or BENCHMARKS:
        print(f"{name}: {_summary(name)}", flush=True)
        if not importlib.import_module(f"benchmarks.{name}").main(big=chosen.big):
            missed.append(name)
        print(flush=True)
    print(f"Missed: {', '.join(missed)}" if missed else "Every target is kept.")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what the design promises.")
    parser.add_argument("names", metavar="NAME", nargs="*", choices=BENCHMARKS, help="all, unless some are named")
    parser.add_argument("--list", action="store_true", help="say what there is, and measure nothing")
    parser.add_argument("--big", action="store_true", help="with a run of 10,000 pairs, which takes many minutes")
    return parser


def _summary(name: str) -> str:
    return (importlib.import_module(f"benchmarks.{name}").__doc__ or "").partition("\n")[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
