"""The import contracts of pyproject.toml hold, and each of them breaks when it should."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tools.check import CHECKS

BREACHES = {
    "a stray folder in shared": ("shared/helpers/__init__.py", "", "- shared.helpers"),
    "a room that looks upward": ("shared/domain/breach.py", "import shared.steps", "Each room of the product"),
    "a step that passes by the port": ("shared/steps/breach.py", "import shared.gateway.clients", "through its port"),
    "a domain with an SDK": ("shared/domain/breach.py", "import azure.identity", "The domain knows no Azure"),
    "a domain with a clock": ("shared/domain/breach.py", "import time", "The domain knows no Azure"),
    "a step with telemetry": ("shared/steps/breach.py", "import opentelemetry.trace", "Only the gateway knows OpenTel"),
    "a step that reads settings": (
        "shared/steps/breach.py",
        "import shared.settings",
        "Only the wiring reads settings",
    ),
    "a product that needs the emulator": ("shared/steps/breach.py", "import local.cloud", "The product needs neither"),
    "an emulator that knows the product": ("local/cloud/breach.py", "import shared.domain", "shares no code"),
    "a host that knows its app": ("local/host/breach.py", "import shared.domain", "The local host runs the app"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *CHECKS["imports"]]
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def copied_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that the contracts speak of, copied so that a test may spoil them."""
    copy = tmp_path_factory.mktemp("tree")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in ("shared", "factory", "local"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_every_contract_is_kept() -> None:
    outcome = lint_imports(ROOT)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("breach", BREACHES)
def test_breach_is_noticed(breach: str, copied_tree: Path) -> None:
    path, line, contract = BREACHES[breach]
    planted = copied_tree / path
    existed = planted.parent.exists()
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(f"{line}\n", encoding="utf-8")
    try:
        outcome = lint_imports(copied_tree)
    finally:
        planted.unlink()
        if not existed:
            shutil.rmtree(planted.parent)
    broken = outcome.stdout[outcome.stdout.find("Broken contracts") :]
    assert outcome.returncode == 1, outcome.stdout
    assert contract in broken, outcome.stdout
