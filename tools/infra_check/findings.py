"""What a check found wrong, and where."""

from pathlib import Path
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong; `line` counts from 1, 0 where the whole file is meant."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line}: {self.message}"
