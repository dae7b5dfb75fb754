"""requirements.txt is what the deployed app is given, so it must name what the app imports, exactly pinned."""

import importlib.metadata
import importlib.util
import re
import sys
from pathlib import Path

from tests.architecture.source import ROOT, imported, modules, relative

PIN = re.compile(r"[a-z0-9-]+==[0-9][0-9a-z.]*")


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def files_of(requirement: str) -> set[Path]:
    distribution = importlib.metadata.distribution(requirement.split("==")[0])
    return {Path(str(distribution.locate_file(file))).resolve() for file in distribution.files or ()}


def origin(name: str) -> Path | None:
    """The file that an imported name comes from; the last part may be a class or function rather than a module."""
    while name:
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            spec = None
        if spec and spec.origin:
            return Path(spec.origin).resolve()
        name = name.rpartition(".")[0]
    return None


def test_every_third_party_import_of_the_product_is_a_requirement() -> None:
    ours = {*sys.stdlib_module_names, "shared"}
    provided = set().union(*map(files_of, lines("requirements.txt")))
    missing = {
        f"{relative(module)} imports {name}"
        for module in modules("shared", "function_app.py")
        for name in imported(module)
        if name.split(".")[0] not in ours and origin(name) not in provided
    }
    assert missing == set()


def test_every_requirement_is_pinned_exactly() -> None:
    assert [line for line in lines("requirements.txt") if not PIN.fullmatch(line)] == []
    assert [line for line in lines("requirements-dev.txt") if not PIN.fullmatch(line)] == ["-r requirements.txt"]


def test_no_registry_is_named() -> None:
    named = [file for file in ("requirements.txt", "requirements-dev.txt") if "://" in (ROOT / file).read_text("utf-8")]
    assert named == []
    lock = ROOT / "local" / "cloud" / "storage" / "azurite" / "package-lock.json"
    assert '"resolved"' not in lock.read_text(encoding="utf-8")
