"""How a finding and its place in a file are written for people, editors and build servers. It prints nothing."""

from pathlib import Path

from shared.domain.models import Finding
from shared.domain.original_rules import Difference

# https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands: what a value may not hold.
_ESCAPES = {"%": "%25", "\r": "%0D", "\n": "%0A"}


def line(path: Path, finding: Finding) -> str:
    """A finding as editors and build servers read it; one that concerns the whole file has no line."""
    where = f" ({finding.path})" if finding.path else ""
    return f"{place(path, finding)}: {finding.severity.value} {finding.code}: {finding.message}{where}"


def place(path: Path, found: Finding | Difference) -> str:
    """`file:line:column`, as far as the line is known."""
    return ":".join(str(part) for part in (path, found.line, found.column) if part is not None)


def annotation(path: Path, severity: str, found: Finding | Difference) -> str:
    """A workflow command that GitHub shows beside the line."""
    where = [f"file={_property(path.as_posix())}"]
    where += [f"line={found.line}", f"col={found.column}"] if found.line is not None else []
    return f"::{severity} {','.join(where)},title={found.code}::{_escaped(found.message)}"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(char, char) for char in text)


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
