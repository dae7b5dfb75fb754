"""Reads the product's own source as syntax trees, for the tests of this folder."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("shared", "factory", "local", "tools", "benchmarks")


def modules(*places: str) -> list[Path]:
    """Every Python file of the places named, which are folders or files below the root."""
    files: list[Path] = []
    for place in places:
        path = ROOT / place
        files += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return files


def tree(module: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse(module.read_text(encoding="utf-8"), filename=str(module))


def imported(module: Path) -> Iterator[str]:
    """Full dotted names of all that the module imports, at its top or inside functions.

    `from azure import identity` gives `azure.identity`: for a rule about packages the longer name is the safe one.
    """
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, packages: tuple[str, ...]) -> bool:
    """Whether the dotted name is one of the packages or lies in one of them."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def relative(module: Path) -> str:
    """The module's path below the root, with forward slashes."""
    return module.relative_to(ROOT).as_posix()
