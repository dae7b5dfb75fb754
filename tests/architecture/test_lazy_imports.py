"""Indexing the app must stay cheap: importing it loads no Azure SDK."""

import json
import subprocess
import sys

from shared.workflow import activities, answers, bodies, http
from tests.architecture.source import ROOT, within

SDKS = ("azure.core", "azure.identity", "azure.mgmt", "azure.storage", "msal", "opentelemetry.sdk", "requests")

LISTING = "import {0}; import json, sys; print(json.dumps(sorted(sys.modules)))"


def modules_loaded_by(imports: str) -> set[str]:
    """Names in sys.modules after the imports, in a fresh interpreter."""
    answer = subprocess.run(
        [sys.executable, "-c", LISTING.format(imports)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(answer.stdout))


def test_importing_the_app_loads_no_azure_sdk_beyond_the_functions_libraries() -> None:
    libraries = modules_loaded_by("azure.functions, azure.durable_functions")
    app = modules_loaded_by("function_app")
    assert "function_app" in app
    assert {name for name in app - libraries if within(name, SDKS)} == set()


def test_importing_the_app_loads_only_what_registers_the_functions() -> None:
    app = modules_loaded_by("function_app")
    assert {name for name in app if within(name, ("pydantic", "jinja2", "shared.steps", "shared.gateway"))} == set()
    assert {name for name in app if within(name, ("shared.domain",))} == {"shared.domain", "shared.domain.errors"}


def test_every_registered_function_has_a_body() -> None:
    assert set(activities.NAMES) == set(bodies.BODIES)
    assert set(http.ROUTES) == set(answers.HANDLERS)
