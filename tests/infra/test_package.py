"""The folder that is deployed runs by itself, in a new environment that holds its requirements and nothing else.

What the Functions host brings along in Azure, the local host and its libraries, stands in a folder of its own: from it
the app could import nothing of this checkout's `shared`, nor a library of Azure that its requirements forget.
"""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.environment import READY_SECONDS
from local.processes import Children
from tests.architecture.source import imported, modules
from tests.e2e import worlds
from tests.e2e.app_client import AppClient
from tests.e2e.running import POLL, Stores
from tests.emulation import EmulatedAzure, emulated
from tools.package import build
from tools.setup import ROOT, WINDOWS

pytestmark = pytest.mark.setup

BROUGHT_BY_THE_HOST = ("aiohttp", "azure-functions-runtime", "croniter")
# Imports all that is deployed, and makes each SDK's client, for those are imported no sooner.
EVERYTHING = """
import importlib, json, pkgutil, sys
import function_app, shared
for module in pkgutil.walk_packages(shared.__path__, "shared."):
    importlib.import_module(module.name)
from shared.gateway.clients import AzureAddresses, AzureClients
where = {"subscription_id": "s", "resource_group": "g", "lab": "l", "managed_identity": False}
clients = AzureClients(AzureAddresses(app_blob="https://a.invalid", app_queue="https://q.invalid", **where))
made = clients.labs("s"), clients.compute("s"), clients.storage("a"), clients.app_storage(), clients.reports_queue()
functions = sorted(each.get_function_name() for each in function_app.app.get_functions())
ours = [module.__file__ for name, module in sys.modules.items() if name.split(".")[0] in ("function_app", "shared")]
print(json.dumps({"functions": functions, "files": ours}))
"""


@dataclass(frozen=True)
class Fresh:
    """A package and an environment made for it."""

    package: Path
    python: Path

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment without what would lead to another Python's modules."""
        ours = ("COV_", "COVERAGE_", "PYTHONPATH", "VIRTUAL_ENV")
        return {name: value for name, value in os.environ.items() if not name.startswith(ours)}

    def run(self, *arguments: str) -> str:
        """What the environment's Python answers, in the folder of the package."""
        command = [str(self.python), *arguments]
        outcome = subprocess.run(command, cwd=self.package, env=self.environment, capture_output=True, text=True)
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    place = tmp_path_factory.mktemp("deployed")
    build(ROOT, place / "package")
    venv.create(place / "environment", with_pip=True)
    python = place / "environment" / ("Scripts/python.exe" if WINDOWS else "bin/python")
    made = Fresh(place / "package", python)
    made.run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt")
    return made


@pytest.fixture(scope="module")
def host(fresh: Fresh, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the local host and the libraries that it needs besides the app's requirements."""
    folder = tmp_path_factory.mktemp("host")
    shutil.copytree(ROOT / "local", folder / "local", ignore=shutil.ignore_patterns("__pycache__"))
    listed = json.loads(fresh.run("-m", "pip", "list", "--format", "json", "--disable-pip-version-check"))
    there = {plain(each["name"]) for each in listed}
    for name in needed_by(BROUGHT_BY_THE_HOST) - there:
        distribution = importlib.metadata.distribution(name)
        for file in distribution.files or ():
            source = Path(str(distribution.locate_file(file)))
            if ".." not in file.parts and source.is_file() and source.suffix != ".pyc":
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, folder / file)
    return folder


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAzure]:
    place = tmp_path_factory.mktemp("azure")
    with emulated(worlds.written(place, worlds.two_regions()), place) as running:
        yield running


def needed_by(distributions: tuple[str, ...]) -> set[str]:
    """The distributions and all that they need, by their plain names."""
    found: set[str] = set()
    waiting = list(distributions)
    while waiting:
        name = plain(waiting.pop())
        if name not in found:
            found.add(name)
            required = importlib.metadata.requires(name) or []
            waiting += [each for each in map(without_conditions, required) if each and installed(each)]
    return found


def without_conditions(requirement: str) -> str | None:
    """The name in a requirement; None for one that is only an extra's."""
    return None if "extra ==" in requirement else re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]


def installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_requirements_suffice_for_all_that_is_deployed(fresh: Fresh) -> None:
    found = json.loads(fresh.run("-c", EVERYTHING))
    assert {"labs_uploaded", "refresh", "run_requested", "run_image_factory", "run_gate"} <= set(found["functions"])
    assert [file for file in found["files"] if not Path(file).is_relative_to(fresh.package)] == []


def test_forgotten_requirement_would_be_noticed(fresh: Fresh) -> None:
    absent = subprocess.run([str(fresh.python), "-c", "import aiohttp"], env=fresh.environment, capture_output=True)
    assert absent.returncode != 0


@pytest.mark.emulator
@pytest.mark.func_host
def test_package_serves_a_whole_run(fresh: Fresh, host: Path, azure: EmulatedAzure, tmp_path: Path) -> None:
    environment = {**azure.environment, **POLL, "PYTHONPATH": str(host), "PYTHONDONTWRITEBYTECODE": "1"}
    environment = {name: value for name, value in environment.items() if not name.startswith("COV")}
    command = [str(fresh.python), "-m", "local.host", "--app", str(fresh.package), "--exit-with-parent"]
    with Children(folder=host, logs=tmp_path) as children:
        line = children.start("Functions host", command, environment).ready(READY_SECONDS)
        app = AppClient(line["url"], line["functionKey"], line["masterKey"])
        Stores.of(azure).upload(worlds.wanted(Blue=["Win2022"], Green=["Linux"]))
        report = app.run({})
    assert report["status"] == "Succeeded", report


def test_host_brings_nothing_that_the_product_imports(host: Path) -> None:
    product = {name.split(".")[0] for module in modules("shared", "function_app.py") for name in imported(module)}
    brought = {path.name.split(".")[0] for path in host.iterdir()}
    assert {"local", "aiohttp", "azure_functions_runtime"} <= brought
    assert product & brought == set()
