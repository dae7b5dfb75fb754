"""The upload of labs.json, and the start of an emulated Azure as a process, with the real SDK and login."""

import json
import os
import ssl
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from local.cloud.world import load_world
from local.environment import ROOT, CloudAddresses, host_environment, start_cloud, upload_labs
from local.processes import ChildError, Children

pytestmark = pytest.mark.emulator

WORLD = ROOT / "local" / "worlds" / "one-image.json"


def ledger(cloud: CloudAddresses) -> list[dict[str, Any]]:
    trusted = ssl.create_default_context(cafile=cloud.ca_file)
    with urlopen(cloud.ledger, context=trusted) as answer:
        return list(json.load(answer)["requests"])


def test_labs_json_is_uploaded_with_the_emulated_identity_and_may_be_uploaded_again(tmp_path: Path) -> None:
    labs = tmp_path / "labs of mine.json"
    labs.write_text('{"Labs": []}')
    world = load_world(WORLD)
    with Children(folder=ROOT, logs=tmp_path / "logs") as children:
        cloud = CloudAddresses.from_ready(start_cloud(children, WORLD))
        environment = host_environment(world, cloud)
        for _ in range(2):
            upload_labs(children, labs, environment)
        requests = ledger(cloud)
    name = f"/{world.app_account}/image-factory/labs.json"
    assert [each["status"] for each in requests if (each["method"], each["path"]) == ("PUT", name)] == [201, 201]
    assert any(each["service"] == "identity" for each in requests)


def test_a_world_that_is_wrong_is_an_error_of_its_process(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    world.write_text('{"factory": {}}')
    with (
        Children(folder=ROOT, logs=tmp_path / "logs") as children,
        pytest.raises(ChildError, match=r"(?s)The emulated Azure ended before it was ready \(exit status 2\).*factory"),
    ):
        start_cloud(children, world)


def test_an_upload_that_is_refused_is_one_error(tmp_path: Path) -> None:
    environment = os.environ | {"FactoryStorage__blobServiceUri": "https://127.0.0.1:9/account"}
    with (
        Children(folder=ROOT, logs=tmp_path / "logs") as children,
        pytest.raises(ChildError, match=r"The upload of labs\.json failed"),
    ):
        upload_labs(children, tmp_path / "none.json", environment)
