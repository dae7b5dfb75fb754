"""The table of names is taken from what is published: every level that is used, and no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.infra_check.bicep import BicepFile, read
from tools.infra_check.names import table
from tools.infra_check.refresh import taken_for
from tools.setup import ROOT

EXPRESSION = {"$ref": "https://schema.management.azure.com/schemas/common/definitions.json#/definitions/expression"}
SCHEMA = {
    "resourceDefinitions": {
        "labs": {
            "properties": {
                "type": {"enum": ["Sample.Provider/labs"]},
                "name": {"type": "string"},
                "properties": {"oneOf": [{"$ref": "#/definitions/Lab"}, EXPRESSION]},
            },
            "required": ["type", "name", "properties"],
        },
        "labs_settings": {
            "oneOf": [
                {
                    "properties": {
                        "name": {"oneOf": [{"type": "string", "pattern": "^.*/one$"}, EXPRESSION]},
                        "properties": {"oneOf": [{"additionalProperties": {"type": "string"}}, EXPRESSION]},
                    }
                },
                {"properties": {"name": {"oneOf": [{"type": "string", "pattern": "^.*/two$"}, EXPRESSION]}}},
            ]
        },
    },
    "definitions": {
        "Lab": {
            "type": "object",
            "properties": {
                "size": {"oneOf": [{"type": "string", "enum": ["Small", "Big"]}, EXPRESSION]},
                "network": {"$ref": "#/definitions/Network"},
                "disks": {"oneOf": [{"type": "array", "items": {"$ref": "#/definitions/Disk"}}, EXPRESSION]},
            },
            "required": ["size"],
        },
        "Network": {"type": "object", "properties": {"name": {"type": "string"}}},
        "Disk": {"type": "object", "properties": {"gigabytes": {"type": "integer"}}, "required": ["gigabytes"]},
    },
}
MODULE = {
    "definitions": {
        "ruleType": {"type": "object", "properties": {"days": {"type": "int"}, "note": {"nullable": True}}}
    },
    "parameters": {
        "name": {"type": "string"},
        "rules": {"type": "array", "items": {"$ref": "#/definitions/ruleType"}, "nullable": True},
        "tags": {"type": "object", "nullable": True},
    },
    "outputs": {"resourceId": {}},
}
BICEP = """
param disks array
resource lab 'Sample.Provider/labs@2026-01-01' = {
  name: 'x'
  properties: {
    size: 'Small'
    disks: [for disk in disks: { gigabytes: disk }]
  }
  resource settings 'settings' = {
    name: 'one'
    properties: { any: 'thing' }
  }
}
module rules 'br/public:avm/res/sample/rules:1.2.3' = {
  name: 'rules'
  params: { name: 'x', rules: [{ days: 3 }] }
}
"""


class Stored:
    """A repository in memory."""

    def __init__(self, files: dict[str, Any]) -> None:
        self.commit = "0" * 40
        self._files = files

    def json(self, path: str) -> Any:
        return self._files[path]


SCHEMAS = Stored({"schemas/2026-01-01/Sample.Provider.json": SCHEMA})
MODULES = Stored(
    {"avm/res/sample/rules/main.json": MODULE, "avm/res/sample/rules/version.json": {"version": "1.2"}},
)


@pytest.fixture
def file(tmp_path: Path) -> BicepFile:
    (tmp_path / "main.bicep").write_text(BICEP, encoding="utf-8")
    return read(tmp_path / "main.bicep")


def test_levels_that_are_used_are_taken_through_references_lists_and_loops(file: BicepFile) -> None:
    lab = taken_for([file], SCHEMAS, MODULES, "today")["types"]["Sample.Provider/labs@2026-01-01"]["body"]
    assert lab["required"] == ["name", "properties"]
    assert lab["properties"]["properties"] == {
        "properties": {
            "size": {"enum": ["Small", "Big"]},
            "network": "unused",
            "disks": {"items": {"properties": {"gigabytes": "int"}, "required": ["gigabytes"]}},
        },
        "required": ["size"],
    }


def test_child_is_taken_by_its_fixed_name(file: BicepFile) -> None:
    settings = taken_for([file], SCHEMAS, MODULES, "today")["types"]["Sample.Provider/labs/settings@2026-01-01"]["body"]
    assert list(settings["named"]) == ["one"]
    assert settings["named"]["one"]["properties"]["properties"]["values"] == "any"


def test_parameters_of_a_module_are_taken_with_their_types(file: BicepFile) -> None:
    module = taken_for([file], SCHEMAS, MODULES, "today")["modules"]["br/public:avm/res/sample/rules:1.2.3"]
    assert module["parameters"]["required"] == ["name"]
    assert module["parameters"]["properties"]["rules"]["items"]["required"] == ["days"]
    assert module["outputs"] == ["resourceId"]


def test_other_version_of_a_module_is_refused(file: BicepFile) -> None:
    other = Stored({**MODULES._files, "avm/res/sample/rules/version.json": {"version": "1.3"}})
    with pytest.raises(SystemExit, match="has another version"):
        taken_for([file], SCHEMAS, other, "today")


def test_table_says_where_and_when_it_was_taken_and_holds_nothing_unused() -> None:
    known = table()
    assert "azure-resource-manager-schemas at " in known["about"]
    assert "taken on 2026-" in known["about"]
    files = [read(path) for path in (ROOT / "infra").rglob("*.bicep")]
    types = {each.target for file in files for each in file.resources.values()}
    modules = {each.target for file in files for each in file.modules.values() if ":" in each.target}
    assert (known["types"].keys(), known["modules"].keys()) == (types, modules)
    assert len(json.dumps(known)) < 100_000
