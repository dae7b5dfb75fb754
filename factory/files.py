"""The files and folders that a command is given: used, or refused in one message that names them."""

import json
import tempfile
from pathlib import Path

from factory.errors import CommandError


def content(file: Path) -> bytes:
    """The bytes of a file. Raises CommandError."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from None


def text(file: Path) -> str:
    """The text of a file in UTF-8 or UTF-16, as PowerShell and editors write it. Raises CommandError."""
    read = content(file)
    try:
        return read.decode(json.detect_encoding(read))
    except UnicodeDecodeError:
        raise CommandError(
            f"{file} is neither UTF-8 nor UTF-16. Save it again as UTF-8 (Notepad: Save as, Encoding UTF-8)."
        ) from None


def make_folder(folder: Path) -> None:
    """Make a folder into which files can be written, where it is not there yet. Raises CommandError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # a folder may be there and yet refuse files
            pass
    except OSError as error:
        raise CommandError(f"{folder} is no folder that can be written to: {error.strerror}.") from None
