"""The command `validate`: what a labs.json says, and everything that is wrong with it. It needs no Azure at all."""

from pathlib import Path

from shared.domain import labs_file
from shared.domain.models import Finding, Severity


def validate(path: Path) -> int:
    """Print each finding as `file:line:column: severity code: message`; 1 if one of them is an error."""
    labs = labs_file.parse(path.read_bytes())
    for finding in labs.findings:
        print(line(path, finding))
    errors = sum(finding.severity is Severity.ERROR for finding in labs.findings)
    print(f"{path}: {len(labs.labs)} usable labs, {errors} errors, {len(labs.findings) - errors} warnings")
    return 1 if errors else 0


def line(path: Path, finding: Finding) -> str:
    """A finding as editors and build servers read it; one that concerns the whole file has no line."""
    place = ":".join(str(part) for part in (path, finding.line, finding.column) if part is not None)
    where = f" ({finding.path})" if finding.path else ""
    return f"{place}: {finding.severity.value} {finding.code}: {finding.message}{where}"
