"""The deployed settings and the settings that the code reads are the same, in both directions."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared import settings
from shared.domain.errors import SettingError
from tools.infra_check.bicep import BicepFile, line, properties, read, walk
from tools.infra_check.findings import Problem
from tools.setup import ROOT

APP = ROOT / "infra" / "modules" / "app.bicep"
MAIN = ROOT / "infra" / "main.bicep"
# Read by the code and left out on purpose: their defaults are public Azure and real time (docs/decisions/0004).
NOT_DEPLOYED = {"ARM_ENDPOINT", "BLOB_ENDPOINT", "TIME_SCALE"}
# Read by the Functions host, its extensions and the telemetry, by what their names begin with.
OF_THE_PLATFORM = (
    "APPLICATIONINSIGHTS_",
    "AzureFunctionsJobHost__",
    "AzureWebJobsStorage__",
    "DURABLE_TASK_SCHEDULER_",
    "OTEL_PYTHON_",
    "PYTHON_APPLICATIONINSIGHTS_",
)
# Set by Azure itself where the app has an identity.
OF_AZURE = {"IDENTITY_ENDPOINT"}
# Of a connection, the host reads more than the code does.
OF_THE_CONNECTION = {"FactoryStorage__credential", "FactoryStorage__clientId"}
SETTING = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+|[A-Za-z]+__\w+")


def read_by_the_code() -> set[str]:
    """The names of all settings that shared/settings.py asks the environment for."""
    asked = _Asked()
    with contextlib.suppress(SettingError):
        settings.read(asked)
    settings.labs_trigger_source(asked)
    settings.refresh_schedule(asked)
    return asked.names - OF_AZURE


def differences(main: Path = MAIN, app: Path = APP) -> Iterator[Problem]:
    """Settings that are deployed and that nothing reads, and settings that are read and not deployed."""
    deployed = {name: place for path in (main, app) for name, place in _deployed(read(path)).items()}
    wanted = read_by_the_code() - NOT_DEPLOYED
    for name in sorted(wanted - deployed.keys()):
        yield Problem(app, 0, f"the setting {name} is read by shared/settings.py and not deployed")
    for name in sorted(deployed.keys() - wanted - OF_THE_CONNECTION):
        if not name.startswith(OF_THE_PLATFORM):
            path, number = deployed[name]
            yield Problem(path, number, f"the setting {name} is deployed and nothing reads it")


def _deployed(file: BicepFile) -> dict[str, tuple[Path, int]]:
    """Names of settings in the objects of a file."""
    return {
        name: (file.path, line(value))
        for node in walk(file.root)
        if node.type == "object"
        for name, value in properties(node).items()
        if SETTING.fullmatch(name)
    }


class _Asked(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return default
