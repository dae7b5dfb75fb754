"""The published JSON Schema of labs.json."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.domain import labs_file, labs_schema

CONFIG = Path(__file__).parents[3] / "config"
LAB = {"SubscriptionId": "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01", "LabName": "Blue", "ImagePaths": ["Win2016"]}

validator = Draft202012Validator(labs_schema.schema())


def test_published_schema_is_the_one_that_the_model_makes() -> None:
    # When this fails, run the command that the module's own docstring gives.
    assert (CONFIG / "labs.schema.json").read_text(encoding="utf-8") == labs_schema.dumps()


def test_schema_itself_is_valid_and_describes_every_key() -> None:
    schema = labs_schema.schema()
    Draft202012Validator.check_schema(schema)
    lab = schema["$defs"]["LabEntry"]
    assert tuple(lab["properties"]) == labs_file.LAB_KEYS
    assert tuple(lab["required"]) == labs_file.NEEDED_KEYS
    assert tuple(schema["properties"]) == labs_file.DOCUMENT_KEYS
    assert all(field["description"] for field in lab["properties"].values())


def test_sample_obeys_the_schema_that_it_leads_editors_to() -> None:
    sample = json.loads((CONFIG / "labs.json").read_text(encoding="utf-8"))
    validator.validate(sample)
    assert (CONFIG / sample["$schema"]).read_text(encoding="utf-8") == labs_schema.dumps()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ResourceGroup": "rg", "Relay": False, "_note": "x", "//": 1},
        {"ImagePaths": ["", "/", "a\\b.json", "..a/b..", "Büro"]},
        {"ImagePaths": []},
        {"ResourceGroup": None},
    ],
)
def test_what_the_factory_takes_without_an_error_obeys_the_schema(changes: dict[str, Any]) -> None:
    document = {"Labs": [LAB | changes]}
    assert validator.is_valid(document)
    assert len(labs_file.parse(json.dumps(document).encode()).labs) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"SubscriptionId": "<subscription ID>"},
        {"LabName": "A B"},
        {"ResourceGroup": "rg."},
        {"ImagePaths": "Win2016"},
        {"ImagePaths": ["../a"]},
        {"ImagePaths": ["a\\..\\b"]},
        {"ImagePaths": ["C:/a"]},
        {"ImagePaths": ["<image>"]},
        {"ImagePaths": ["a\nb"]},
        {"ImagePaths": ["x" * 257]},
        {"Relay": "no"},
    ],
)
def test_what_the_factory_refuses_the_schema_refuses_too(changes: dict[str, Any]) -> None:
    document = {"Labs": [LAB | changes]}
    assert not validator.is_valid(document)
    assert labs_file.parse(json.dumps(document).encode()).labs == ()
