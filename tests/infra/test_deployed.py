"""The package holds the product and nothing else, by the same rules that azd reads."""

import shutil
from pathlib import Path

import pytest

from tools.infra_check.deployed import differences
from tools.package import build
from tools.setup import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the rules speak of, in a folder that a test may spoil."""
    for name in ("function_app.py", "host.json", "requirements.txt", ".funcignore", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "shared", tmp_path / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_exactly_the_product_is_deployed() -> None:
    assert list(differences()) == []


def test_package_holds_the_product_alone(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "old").mkdir(parents=True)
    count = build(ROOT, package)
    assert {path.name for path in package.iterdir()} == {"function_app.py", "host.json", "requirements.txt", "shared"}
    assert count == sum(path.is_file() for path in package.rglob("*"))


@pytest.mark.parametrize("path", ["notes.txt", "scripts/run.py", "shared/web/photo.psd"])
def test_file_that_is_no_part_of_the_product_is_found(path: str, checkout: Path) -> None:
    (checkout / path).parent.mkdir(exist_ok=True)
    (checkout / path).write_text("", encoding="utf-8")
    assert f"{path} would be deployed and is no part of the product" in str(list(differences(checkout)))


@pytest.mark.parametrize("rule", ["web", "*.css", "host.json"])
def test_part_of_the_product_that_is_left_behind_is_found(rule: str, checkout: Path) -> None:
    with (checkout / ".funcignore").open("a", encoding="utf-8") as rules:
        rules.write(f"{rule}\n")
    assert "is a part of the product and would not be deployed" in str(list(differences(checkout)))


def test_secrets_and_caches_of_a_developer_are_not_deployed(checkout: Path) -> None:
    (checkout / "local.settings.json").write_text("{}", encoding="utf-8")
    (checkout / "shared" / "__pycache__").mkdir()
    (checkout / "shared" / "__pycache__" / "settings.cpython-313.pyc").write_text("", encoding="utf-8")
    assert list(differences(checkout)) == []
