"""The one definition of each check; make, pre-commit and continuous integration all run this.

`python -m tools.check` runs every check and goes on after a failure; names after it choose some.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence

from tools.setup import ROOT

# Rooms of the repository that hold typed code; `function_app.py` is the door of the product.
TYPED = ("function_app.py", "shared", "factory", "local", "tools", "benchmarks", "tests")

# import-linter has no `-m` form, and the launchers in .venv do not survive a moved checkout.
IMPORTS = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_logo=True))"

# zizmor is a program of its own, not a module; it asks no network.
WORKFLOWS = (
    "import pathlib, shutil, subprocess, sys; tool = shutil.which('zizmor', path=pathlib.Path(sys.executable).parent); "
    "sys.exit(subprocess.call([tool, '--offline', '--quiet', '--persona', 'auditor', '.github/workflows']))"
)

CHECKS: Mapping[str, Sequence[str]] = {
    "format": ("-m", "ruff", "format", "--check", "--quiet", "."),
    "lint": ("-m", "ruff", "check", "--quiet", "."),
    "types": ("-m", "mypy", "--no-error-summary", *TYPED),
    "imports": ("-c", IMPORTS),
    "infra": ("-m", "tools.infra_check"),
    "workflows": ("-c", WORKFLOWS),
}
REMEDIES: Mapping[str, str] = {
    "format": "`make format` formats the files named above.",
    "lint": "`make format` fixes what can be fixed by a machine.",
    "types": "Every signature is typed; mypy runs in strict mode.",
    "imports": "The contracts are in pyproject.toml, their reasons in CONTRIBUTING.md.",
    "infra": "Each line above names its place; new names are taken with tools.infra_check.refresh.",
    "workflows": "zizmor names its rule above; pin actions by commit and give each job only what it needs.",
}


def main(names: Sequence[str]) -> int:
    """Run the checks named, or all of them, and return the exit status: 1 when any fails, 2 for a name unknown."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"No such check: {', '.join(unknown)}. There are: {', '.join(CHECKS)}.", file=sys.stderr)
        return 2
    failed = [name for name in names or CHECKS if not _passes(name)]
    return 1 if failed else 0


def _passes(name: str) -> bool:
    outcome = subprocess.run([sys.executable, *CHECKS[name]], cwd=ROOT)
    print(f"{name:8} {'ok' if outcome.returncode == 0 else 'FAILED. ' + REMEDIES[name]}", flush=True)
    return outcome.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
