"""Runs the checks: `python -m tools.infra_check` prints what is wrong, one line each, and is 1 if anything is."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.infra_check import app_settings, deployed, rights, security, symbols
from tools.infra_check.bicep import BicepFile, broken, read
from tools.infra_check.findings import Problem
from tools.infra_check.names import unknown_names
from tools.setup import ROOT

INFRA = ROOT / "infra"


def main() -> int:
    """Print every problem of this checkout; returns the exit status."""
    found = [*problems(INFRA), *app_settings.differences(), *rights.differences(), *deployed.differences()]
    for problem in found:
        print(problem._replace(path=problem.path.relative_to(ROOT)))
    return 1 if found else 0


def problems(folder: Path) -> Iterator[Problem]:
    """What is wrong with the Bicep and JSON files of a folder. A file that is no Bicep is not judged further."""
    for path in sorted(folder.rglob("*.bicep")):
        file = read(path)
        errors = broken(file)
        yield from errors or _meaning(file)
    for path in sorted(folder.rglob("*.json")):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            yield Problem(path, getattr(error, "lineno", 0), f"this is no JSON: {error}")
    parameters = folder / "main.parameters.json"
    if parameters.is_file():
        yield from _parameters(read(folder / "main.bicep"), parameters)
    yield from security.too_much_in(security.BUILT_IN)


def _meaning(file: BicepFile) -> Iterator[Problem]:
    yield from unknown_names(file)
    yield from symbols.unknown_symbols(file)
    yield from security.breaches(file)


def _parameters(main: BicepFile, parameters: Path) -> Iterator[Problem]:
    given = set(json.loads(parameters.read_text(encoding="utf-8"))["parameters"])
    for name in sorted(given - main.parameters.keys()):
        yield Problem(parameters, 0, f"{main.path.name} has no parameter {name!r}")
    for name in sorted(main.parameters.keys() - given):
        yield Problem(parameters, 0, f"lacks the parameter {name!r} of {main.path.name}")


if __name__ == "__main__":
    sys.exit(main())
