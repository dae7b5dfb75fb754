"""A setting that is only deployed, or only read, is found."""

import re
from pathlib import Path

import pytest

from tools.infra_check.app_settings import APP, MAIN, differences, read_by_the_code
from tools.infra_check.bicep import plain, properties, read
from tools.setup import ROOT


def spoiled(path: Path, tmp_path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    copy = tmp_path / path.name
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    return copy


def test_the_same_settings_are_deployed_and_read() -> None:
    assert list(differences()) == []


def test_settings_are_taken_from_what_the_code_asks_for() -> None:
    assert {"FACTORY_LAB_NAME", "FactoryStorage__blobServiceUri", "AZURE_CLIENT_ID", "REFRESH_SCHEDULE"} < (
        read_by_the_code()
    )


@pytest.mark.parametrize("name", ["COPIES_PER_SOURCE", "FACTORY_LAB_NAME"])
def test_setting_that_is_not_deployed_is_found(name: str, tmp_path: Path) -> None:
    main = spoiled(MAIN, tmp_path, f"      {name}:", f"      {name}S:")
    messages = [each.message for each in differences(main=main)]
    assert f"the setting {name} is read by shared/settings.py and not deployed" in messages
    assert f"the setting {name}S is deployed and nothing reads it" in messages


def test_part_of_the_connection_that_is_misspelt_is_found(tmp_path: Path) -> None:
    app = spoiled(APP, tmp_path, "FactoryStorage__queueServiceUri", "FactoryStorage__queueServiceUrl")
    messages = [each.message for each in differences(app=app)]
    assert "the setting FactoryStorage__queueServiceUri is read by shared/settings.py and not deployed" in messages


def test_settings_of_the_traces_are_documented_as_they_are_deployed() -> None:
    deployed = {name: plain(value) for name, value in properties(read(APP).variables["traces"]).items()}
    telemetry = (ROOT / "docs" / "telemetry.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"`(\w+)` = `([^`]*)`", telemetry)) == deployed
    assert "azd env set TRACE_RUNS true" in telemetry
