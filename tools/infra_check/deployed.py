"""What `.funcignore` lets through is the product: all of it, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

from tools.infra_check.findings import Problem
from tools.package import RULES, deployed
from tools.setup import ROOT

PRODUCT = ("function_app.py", "host.json", "requirements.txt", "shared")
# What the product consists of besides Python: pages, their styles and scripts.
KINDS = {".py", ".html", ".css", ".js", ".svg", ".json", ".txt"}


def differences(root: Path = ROOT) -> Iterator[Problem]:
    """Files that would be deployed and are not the product's, and files of the product that would be left behind."""
    rules = root / RULES
    found = {path.relative_to(root) for path in deployed(root)}
    for path in sorted(found):
        if path.parts[0] not in PRODUCT or path.suffix not in KINDS:
            yield Problem(rules, 0, f"{path.as_posix()} would be deployed and is no part of the product")
    for path in sorted(_product(root) - found):
        yield Problem(rules, 0, f"{path.as_posix()} is a part of the product and would not be deployed")


def _product(root: Path) -> set[Path]:
    files = {Path(name) for name in PRODUCT if (root / name).suffix}
    inside = (path for path in (root / "shared").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return files | {path.relative_to(root) for path in inside}
