"""The console that the commands write to. NO_COLOR and TERM=dumb are honoured by rich itself."""

from rich.console import Console

# A log has no edge at which to wrap; a table of wide names should still be one line a row.
LOG_WIDTH = 160


def make_console() -> Console:
    """Standard output: as wide as the terminal, or wide enough for a log."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=LOG_WIDTH)
