"""`python -m local.cloud --world FILE [--port N]` runs an emulated Azure until SIGTERM, SIGINT or the end of its input.

When ready it prints one line of JSON with its addresses; all else goes to standard error.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

from local.cloud.emulator import Emulator
from local.cloud.errors import EmulatorError
from local.cloud.world import World, load_world


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 after a stop, 2 where it could not start."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        world = load_world(options.world)
        with tempfile.TemporaryDirectory(prefix="emulated-azure-", ignore_cleanup_errors=True) as folder:
            asyncio.run(_serve(world, options.port, Path(folder)))
    except EmulatorError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The emulated Azure cannot start: {error}", file=sys.stderr)
        return 2
    return 0


async def _serve(world: World, port: int, folder: Path) -> None:
    stop = _stop_event()
    starting = asyncio.create_task(Emulator.start(world, port=port, workdir=folder))
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait((starting, asked), return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return
    emulator = starting.result()
    try:
        print(json.dumps(emulator.addresses.as_json()), flush=True)
        await asked
    finally:
        await emulator.stop()


def _stop_event() -> asyncio.Event:
    """An event that is set by SIGTERM, SIGINT (on Windows Ctrl-Break too) or the end of standard input."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ask() -> None:
        # The loop may be gone by the time that the input ends.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    def watch_input() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(sys.stdin.fileno(), 4096):
                pass
        ask()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: ask())
    # A program without any input at all, such as a service, has none that could end.
    if sys.stdin is not None:
        threading.Thread(target=watch_input, name="input", daemon=True).start()
    return stop


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.cloud", description="Run an emulated Azure on 127.0.0.1.")
    parser.add_argument("--world", type=Path, required=True, help="the world file that says what there is")
    parser.add_argument("--port", type=_port, default=0, help="port of Resource Manager (default: a free one)")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
