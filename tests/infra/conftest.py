"""A copy of `infra/` that a test may spoil."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.infra_check.__main__ import INFRA, problems

Spoil = Callable[[str, str, str], list[str]]


@pytest.fixture
def spoil(tmp_path: Path) -> Spoil:
    """Replaces a text of a file and returns what the checks then say."""
    copy = tmp_path / "repository" / "infra"
    shutil.copytree(INFRA, copy)
    shutil.copy(INFRA.parent / "host.json", copy.parent)

    def replaced(name: str, old: str, new: str) -> list[str]:
        path = copy / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return [str(each._replace(path=each.path.relative_to(copy))) for each in problems(copy)]

    return replaced
