"""What docs/deployment.md says of parameters, outputs, settings and roles is what `infra/` has; its commands fit."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.infra_check.bicep import read
from tools.setup import ROOT

DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "deploy.yml").read_text(encoding="utf-8")
MAIN = read(ROOT / "infra" / "main.bicep")
PARAMETERS = (ROOT / "infra" / "main.parameters.json").read_text(encoding="utf-8")
STEPS = DEPLOYMENT[DEPLOYMENT.index("### 5. ") : DEPLOYMENT.index("## What the app may do")]
UPLOAD = "az storage blob upload"
VARIABLES = sorted(set(re.findall(r"\$\{([A-Z_]+)", PARAMETERS)) - {"AZURE_ENV_NAME"})


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_variable_of_azd_is_explained(variable: str) -> None:
    (table,) = re.findall(r"\| variable \|.*?\n\n", DEPLOYMENT, re.DOTALL)
    assert f"`{variable}`" in table


@pytest.mark.parametrize("name", sorted(set(re.findall(r"azd env set ([A-Z_]+)", DEPLOYMENT))))
def test_every_variable_that_is_set_has_an_effect(name: str) -> None:
    assert name in VARIABLES


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\$(?:env:)?([A-Z][A-Z_]+)\b", DEPLOYMENT))))
def test_every_variable_that_is_used_is_an_output(name: str) -> None:
    assert name in MAIN.outputs or name == "IMAGE_FACTORY_KEY"


@pytest.mark.parametrize("default", re.findall(r"\$\{([A-Z_]+)=([^}]+)\}", PARAMETERS))
def test_defaults_are_told(default: tuple[str, str]) -> None:
    name, value = default
    assert re.search(rf"\| `{name}` \| `{re.escape(value)}` \|", DEPLOYMENT)


def test_workflow_passes_every_variable_and_no_other() -> None:
    passed = dict(re.findall(r"^ {6}(\w+): \$\{\{ vars\.(\w+) \}\}$", WORKFLOW, re.MULTILINE))
    assert [name for name, variable in passed.items() if name != variable] == []
    of_the_login = {"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_SUBSCRIPTION_ID"}
    assert passed.keys() - of_the_login == set(VARIABLES) - {"AZURE_PRINCIPAL_ID"}
    assert "AZURE_ENV_NAME: ${{ inputs.environment }}" in WORKFLOW


def test_variable_that_is_not_set_has_a_default() -> None:
    # An unset variable of GitHub arrives empty, and for an empty one azd takes what stands behind the equals sign.
    without = {name for name in VARIABLES if f"${{{name}}}" in PARAMETERS}
    assert without == {"AZURE_LOCATION", "AZURE_PRINCIPAL_ID", "FACTORY_LAB", "FACTORY_LAB_GROUP"}


def test_each_command_of_the_last_steps_is_written_for_both_shells() -> None:
    assert re.findall(r"^```(\w+)$", STEPS, re.MULTILINE) == ["sh", "powershell"] * STEPS.count("```sh")
    for posix, windows in re.findall(
        r"^```sh\n(.*?)^```\n\n```powershell\n(.*?)^```$", STEPS, re.MULTILINE | re.DOTALL
    ):
        # curl is not what Windows PowerShell calls so.
        of_curl = {"--header", "--data-binary"}
        options = [set(re.findall(r"(?<= )--[a-z-]+", commands)) - of_curl for commands in (posix, windows)]
        assert options[0] - {"--output"} == options[1] - {"--output"}
        assert "\\\n" not in windows


@pytest.mark.skipif(os.name == "nt", reason="the command for sh")
def test_dry_run_sends_the_labs_file_in_its_request(tmp_path: Path) -> None:
    (block,) = [each for each in re.findall(r"^```sh\n(.*?)^```$", STEPS, re.MULTILINE | re.DOTALL) if "curl" in each]
    shutil.copy(ROOT / "config" / "labs.json", tmp_path)
    for tool, does in {"az": "echo a-key", "curl": "cat"}.items():
        (tmp_path / tool).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (tmp_path / tool).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(["sh", "-e"], input=block, cwd=tmp_path, env=environment, capture_output=True, text=True)
    request = json.loads(ran.stdout)
    assert request["dryRun"] is True
    assert request["labs"] == json.loads((ROOT / "config" / "labs.json").read_text(encoding="utf-8"))
    assert STEPS.index(block) < STEPS.index(UPLOAD)


def test_upload_replaces_the_file_that_is_there() -> None:
    documents = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")]
    uploads = [each for text in documents for each in re.findall(rf"{UPLOAD}(?:.*[\\`]\n)*.*\n", text)]
    assert len(uploads) >= 2
    assert [each for each in uploads if "--overwrite" not in each] == []


@pytest.mark.parametrize("document", ["command-line.md", "migrate-from-powershell.md", "migrate-from-powershell.es.md"])
def test_upload_before_an_approved_run_starts_none_of_its_own(document: str) -> None:
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    blocks = [
        block for block in re.findall(r"```.*?```", text, re.DOTALL) if "--plan plan.json" in block and UPLOAD in block
    ]
    assert blocks
    trigger = "AzureWebJobs.labs_uploaded.Disabled"
    for block in blocks:
        order = [block.index(each) for each in (f"{trigger}=true", UPLOAD, "run --plan", f"{trigger}=false")]
        assert order == sorted(order)
    triggers = (ROOT / "shared" / "workflow" / "triggers.py").read_text(encoding="utf-8")
    assert 'function_name("labs_uploaded")' in triggers


def test_overrides_name_keys_of_host_json_or_of_its_backend() -> None:
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    for name in set(re.findall(r"`AzureFunctionsJobHost__(\w+)`", DEPLOYMENT)):
        *path, last = name.split("__")
        place = host
        for step in path:
            place = place.get(step, {}) if step != "storageProvider" else {"type": None}
        assert last in place, name


def test_roles_that_are_named_are_those_that_are_given() -> None:
    given = json.loads((ROOT / "infra" / "roles" / "built-in.json").read_text(encoding="utf-8"))
    for role in given:
        assert role in DEPLOYMENT


def test_hooks_of_azd_are_there() -> None:
    azd = (ROOT / "azure.yaml").read_text(encoding="utf-8")
    hooks = re.findall(r"run: (\S+)", azd)
    assert len(hooks) == 2
    assert all((ROOT / hook).is_file() for hook in hooks)


def test_wrong_name_of_the_package_is_warned_of() -> None:
    assert "`azure-durable-functions`" in DEPLOYMENT
    assert "azure-durable-functions" not in (ROOT / "requirements.txt").read_text(encoding="utf-8")
