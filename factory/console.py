"""The console that the commands write to. NO_COLOR and TERM=dumb are honoured by rich itself."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

# A log has no edge at which to wrap; a table of wide names should still be one line a row.
LOG_WIDTH = 160


def make_console(*, as_json: bool = False) -> Console:
    """Standard output: as wide as the terminal, or wide enough for a log.

    Standard error where the command prints JSON: that document is to be alone on standard output.
    """
    console = Console(highlight=False, stderr=as_json)
    return console if console.is_terminal else Console(highlight=False, stderr=as_json, width=LOG_WIDTH)


def print_json(document: Mapping[str, Any]) -> None:
    """Print a document for programs."""
    print(json.dumps(document, indent=2), flush=True)
