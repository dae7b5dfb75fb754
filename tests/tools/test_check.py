"""Each check is defined once: the hooks and make call the same names."""

import re
from pathlib import Path

import pytest

from tools import check

ROOT = Path(check.__file__).resolve().parents[1]


def test_hooks_run_every_check_and_no_other() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"args: \[(\w+)\]", hooks) == list(check.CHECKS)


def test_unknown_check_is_refused_with_the_names_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main(["spelling"]) == 2
    there_are = "format, lint, types, imports, infra, workflows"
    assert capsys.readouterr().err == f"No such check: spelling. There are: {there_are}.\n"
