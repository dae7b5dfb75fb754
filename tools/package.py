"""Builds the folder that is deployed, `.local/package`: what `.funcignore` leaves of this checkout, and nothing else.

`azd deploy` reads the same `.funcignore`; what this leaves out, it leaves out.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from tools.setup import ROOT

PACKAGE = ROOT / ".local" / "package"
RULES = ".funcignore"


def main() -> int:
    """Build the folder anew and say where it is."""
    count = build(ROOT, PACKAGE)
    print(f"{PACKAGE}: {count} files, ready for `func azure functionapp publish` or `az functionapp deployment`.")
    return 0


def build(root: Path, package: Path) -> int:
    """Copy what is deployed of the checkout at `root` into `package`, which is emptied first; returns the count."""
    shutil.rmtree(package, ignore_errors=True)
    count = 0
    for path in deployed(root):
        target = package / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        count += 1
    return count


def deployed(root: Path) -> Iterator[Path]:
    """The files that are deployed, in the order of their names. The rules are those of a .gitignore."""
    rules = GitIgnoreSpec.from_lines((root / RULES).read_text(encoding="utf-8").splitlines())
    for folder, folders, files in os.walk(root):
        place = Path(folder)
        folders[:] = sorted(name for name in folders if not rules.match_file(f"{_below(root, place / name)}/"))
        yield from (place / name for name in sorted(files) if not rules.match_file(_below(root, place / name)))


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


if __name__ == "__main__":
    sys.exit(main())
