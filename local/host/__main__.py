"""`python -m local.host --app DIR [--port N]`: runs a function app until it is told to end.

One line of JSON on stdout says where it answers; everything else goes to stderr.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from local.host.errors import HostError
from local.host.host import Host
from local.host.redaction import RedactingFormatter

_STOP_SECONDS = 5.0


def main(arguments: Sequence[str]) -> int:
    """Run the host and return its exit status: 0 after an orderly end, 1 with one clear line where it cannot start."""
    options = _parse(arguments)
    _log_to_stderr()
    # The line of addresses is for the parent alone; what the app prints must not get between.
    parent, sys.stdout = sys.stdout, sys.stderr
    try:
        asyncio.run(_run(options, parent))
    except HostError as error:
        print(f"local.host: {error}", file=sys.stderr)
        return 1
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.host", description="Runs an Azure Functions app locally.")
    parser.add_argument("--app", type=Path, required=True, help="folder of the app, with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when standard input is closed")
    return parser.parse_args(arguments)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # Request by request and work item by work item: far more than a reader wants.
    for name in ("azure", "durabletask", "durabletask.testing.in_memory_backend", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


async def _run(options: argparse.Namespace, parent: TextIO) -> None:
    told_to_end = asyncio.Event()
    _end_on_signals(told_to_end)
    if options.exit_with_parent:
        _end_with_stdin(told_to_end)
    host = Host(options.app, os.environ, options.port)
    address = await host.start()
    try:
        line = {"url": address.url, "functionKey": address.function_key, "masterKey": address.master_key}
        print(json.dumps(line), file=parent, flush=True)
        await told_to_end.wait()
    finally:
        # What has not ended by then ends with the process.
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await host.stop()


def _end_on_signals(told_to_end: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    # Windows has no SIGTERM from outside, but Ctrl-Break; loop.add_signal_handler does not exist there.
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(told_to_end.set))


def _end_with_stdin(told_to_end: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def wait_for_end() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        loop.call_soon_threadsafe(told_to_end.set)

    threading.Thread(target=wait_for_end, name="parent", daemon=True).start()


if __name__ == "__main__":
    status = main(sys.argv[1:])
    logging.shutdown()
    # A function that still runs in a thread of the pool would keep an ordinary exit waiting for ever.
    os._exit(status)
