"""The arguments of the command line, and the one place where its errors become a message and an exit status."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from factory.errors import CommandError

ROOT = Path(__file__).resolve().parent.parent
LABS = ROOT / "config" / "labs.json"
WORLD = ROOT / "local" / "worlds" / "demo.json"
OUT = ROOT / ".local" / "demo"
PYTHON = r".venv\Scripts\python" if os.name == "nt" else ".venv/bin/python"
EXIT_STATUS = """\
exit status:
  0    the run Succeeded, or the file has no errors
  1    the run ended otherwise, or the file has errors
  2    the command could not be carried out; the message says why
  130  interrupted; every process that was started has ended"""


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


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    top = argparse.ArgumentParser(
        prog="factory",
        description="Save the machines of a factory lab as images and deliver them to the labs of labs.json.",
        epilog=EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="run the whole job on this machine, in an emulated Azure")
    _local_arguments(demo)
    demo.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    _local_arguments(commands.add_parser("serve", help="the same, and stay up"))
    emulate = commands.add_parser("emulate", help="start only the emulated Azure and print its addresses")
    emulate.add_argument("--world", type=Path, required=True, metavar="FILE", help="the Azure to emulate")
    emulate.add_argument("--port", type=int, default=0, metavar="N", help="port of Azure Resource Manager (0: any)")
    run = commands.add_parser("run", help="start a run of a running app and follow it")
    run.add_argument("--url", default=os.environ.get("IMAGE_FACTORY_URL"), help="its address (IMAGE_FACTORY_URL)")
    run.add_argument("--key", default=os.environ.get("IMAGE_FACTORY_KEY"), help="a function key (IMAGE_FACTORY_KEY)")
    plan = commands.add_parser("plan", help="show what a run would do with a labs.json, and do nothing")
    plan.add_argument("--labs", type=Path, required=True, metavar="FILE", help="the labs and the images they want")
    plan.add_argument("--world", type=Path, default=WORLD, metavar="FILE", help="the Azure to emulate")
    validate = commands.add_parser("validate", help="check a labs.json")
    validate.add_argument("file", type=Path, metavar="FILE")
    return top


def _local_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--labs", type=Path, default=LABS, metavar="FILE", help="the labs.json to upload")
    command.add_argument("--world", type=Path, default=WORLD, metavar="FILE", help="the Azure to emulate")
    command.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where the report is left")


def _run(options: argparse.Namespace) -> int:
    """Each command imports what it needs, so that `validate` starts at once and needs nothing else installed."""
    match options.command:
        case "validate":
            from factory.validation import validate

            return validate(options.file)
        case "emulate":
            from factory.machine import emulate

            return emulate(options.world, options.port)
        case "run":
            from factory.remote import run

            return run(options.url, options.key)
        case "plan":
            from factory.machine import plan

            return plan(options.labs, options.world)
        case "serve":
            from factory.machine import serve

            return serve(options.labs, options.world, options.out)
        case _:
            from factory.machine import demo

            return demo(options.labs, options.world, options.out, keep=options.keep)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
