"""Carries out the commands, and is the one place where their errors become a message and an exit status."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from factory.arguments import parser
from factory.errors import CommandError

PYTHON = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"


def end_politely() -> None:
    """A request to end, however it comes, is treated as Ctrl-C is: all that was started is ended first."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        # A signal that the caller had ignored, as nohup does, stays so.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def main(arguments: Sequence[str]) -> int:
    """Carry out one command; returns the exit status."""
    options = parser().parse_args(arguments)
    # A console with a code page of its own must not end a run because of one letter.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        return _run(options)
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        print(f"factory: {error}. Run `python tools/setup.py` once, and then {PYTHON} -m factory.", file=sys.stderr)
        return 2
    except (CommandError, OSError) as error:
        print(f"factory {options.command}: {error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    """Each room of commands is imported when it is needed, so that `validate` starts at once and needs nothing else."""
    match options.command:
        case "validate":
            return _validate(options)
        case "run" | "runs" | "cancel":
            return _ask(options)
        case "plan" | "explain" | "fleet":
            return _look(options)
        case "check-access":
            from factory.check_access import check_access

            return check_access(options.labs, options.access_file, as_json=options.json)
        case _:
            return _work(options)


def _validate(options: argparse.Namespace) -> int:
    from factory.validation import validate

    return validate(
        options.file,
        form="json" if options.json else options.format,
        compare=options.compare_with_original,
        images=options.images,
        world=options.world,
    )


def _ask(options: argparse.Namespace) -> int:
    from factory import remote

    match options.command:
        case "run":
            plan = options.plan or options.plan_digest
            return remote.run(options.url, options.key, plan=plan, as_json=options.json)
        case "runs":
            return remote.runs(options.url, options.key, limit=options.limit, as_json=options.json)
        case _:
            return remote.cancel(options.url, options.key, options.id, as_json=options.json)


def _look(options: argparse.Namespace) -> int:
    match options.command:
        case "plan":
            from factory.plans import plan

            return plan(options.labs, options.world, as_json=options.json)
        case "explain":
            from factory.explaining import explain

            return explain(options.lab, options.image, options.labs, options.world, as_json=options.json)
        case _:
            from factory.fleets import fleet

            return fleet(options.labs, options.world, as_json=options.json)


def _work(options: argparse.Namespace) -> int:
    from factory import machine

    match options.command:
        case "emulate":
            return machine.emulate(options.world, options.port)
        case "serve":
            return machine.serve(options.labs, options.world, options.out, as_json=options.json)
        case _:
            return machine.demo(options.labs, options.world, options.out, keep=options.keep, as_json=options.json)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
