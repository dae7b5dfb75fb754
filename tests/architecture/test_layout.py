"""The size and the opening of every module: a reader should be able to take in each at once."""

import ast
from pathlib import Path

from tests.architecture.source import ROOMS, ROOT, modules, relative, tree

MODULE_LINES = 300
FUNCTION_LINES = 60
DOOR_LINES = 25


def length(module: Path) -> int:
    return len(module.read_text(encoding="utf-8").splitlines())


def documented_modules() -> list[Path]:
    return [module for module in modules("function_app.py", *ROOMS) if module.read_text(encoding="utf-8").strip()]


def test_every_module_opens_with_what_lives_in_it() -> None:
    assert [relative(module) for module in documented_modules() if not ast.get_docstring(tree(module))] == []


def test_no_module_is_too_long() -> None:
    assert {relative(m): length(m) for m in modules(*ROOMS) if length(m) > MODULE_LINES} == {}


def test_no_function_is_too_long() -> None:
    too_long = {
        f"{relative(module)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for module in modules("function_app.py", *ROOMS)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert too_long == {}


def test_the_door_only_registers() -> None:
    assert length(ROOT / "function_app.py") <= DOOR_LINES


def test_no_module_is_named_for_nothing() -> None:
    named = {name for module in modules(*ROOMS) for name in module.relative_to(ROOT).with_suffix("").parts}
    assert named & {"utils", "helpers", "common", "misc"} == set()
