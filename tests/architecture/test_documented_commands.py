"""Every command that the documents tell a reader to type exists."""

import importlib.util
import re
import subprocess
import sys

import pytest

from tests.architecture.source import ROOT

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
CODE = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", TEXT, re.DOTALL))
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def named(pattern: str) -> list[str]:
    """What the documents' code names after the pattern, each once."""
    return sorted(set(re.findall(pattern, CODE)))


def test_the_newcomers_commands_are_documented() -> None:
    assert {"demo", "test", "check"} <= set(named(r"\bmake ([a-z]+)"))


@pytest.mark.parametrize("target", named(r"\bmake ([a-z]+)"))
def test_documented_target_exists(target: str) -> None:
    assert target in TARGETS


@pytest.mark.parametrize("module", named(r"python(?:\.exe)? -m ([a-z_.]+)"))
def test_documented_module_can_be_run(module: str) -> None:
    assert importlib.util.find_spec(module)


@pytest.mark.parametrize("command", named(r"-m factory ([a-z-]+)"))
def test_documented_factory_command_exists(command: str) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", "factory", command, "--help"], cwd=ROOT, capture_output=True, text=True
    )
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize("path", named(r"\btools[\\/](\w+\.py)"))
def test_documented_tool_exists(path: str) -> None:
    assert (ROOT / "tools" / path).is_file()
