"""The check of the workflows fails where an action is not pinned or a job may do too much."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.check import CHECKS
from tools.setup import ROOT

FAULTS = {
    "an action that is not pinned": ("3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "v7", "unpinned-uses"),
    "a workflow that may do all": ("permissions: {}", "permissions: write-all", "excessive-permissions"),
    "a text of a stranger in a shell": (
        "run: .ci/run",
        "run: echo ${{ github.event.pull_request.title }}",
        "template-inj",
    ),
    "credentials left in the checkout": ("persist-credentials: false", "persist-credentials: true", "artipacked"),
}


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *CHECKS["workflows"]]
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault: str, tmp_path: Path) -> None:
    old, new, rule = FAULTS[fault]
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    workflow = tmp_path / ".github" / "workflows" / "test.yml"
    text = workflow.read_text(encoding="utf-8")
    assert old in text
    workflow.write_text(text.replace(old, new), encoding="utf-8")
    outcome = checked(tmp_path)
    assert outcome.returncode != 0
    assert rule in outcome.stdout


def test_nothing_is_wrong() -> None:
    outcome = checked(ROOT)
    assert outcome.returncode == 0, outcome.stdout
