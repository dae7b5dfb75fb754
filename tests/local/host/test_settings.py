import json
from pathlib import Path
from typing import Any

import pytest

from local.host.errors import SettingError
from local.host.settings import HostSettings, read_host_json, resolve_settings


def _read(folder: Path, document: Any) -> HostSettings:
    text = document if isinstance(document, str) else json.dumps(document)
    (folder / "host.json").write_text(text, encoding="utf-8")
    return read_host_json(folder)


def test_limits_are_read(tmp_path: Path) -> None:
    settings = _read(
        tmp_path,
        {
            "version": "2.0",
            "functionTimeout": "1.00:10:00",
            "extensions": {
                "http": {"routePrefix": "/v1/"},
                "durableTask": {"maxConcurrentActivityFunctions": 40, "maxConcurrentEntityFunctions": 3},
                "queues": {"batchSize": 4, "visibilityTimeout": "00:00:30", "messageEncoding": "none"},
                "blobs": {"maxDegreeOfParallelism": 2},
            },
        },
    )
    assert (settings.route_prefix, settings.function_timeout, settings.blob_parallelism) == ("v1", 87_000, 2)
    assert (settings.durable.activities, settings.durable.orchestrators, settings.durable.entities) == (40, 10, 3)
    assert settings.durable.threads > 40 + 10 + 3
    queues = settings.queues
    assert (queues.batch_size, queues.new_batch_threshold, queues.visibility_timeout) == (4, 2, 30)
    assert not queues.base64


def test_defaults_are_those_of_the_real_host(tmp_path: Path) -> None:
    settings = _read(tmp_path, {"version": "2.0"})
    assert (settings.route_prefix, settings.poison_blob_threshold) == ("api", 5)
    queues = settings.queues
    assert (queues.batch_size, queues.new_batch_threshold, queues.max_dequeue_count) == (16, 8, 5)
    assert queues.base64


def test_timeout_can_be_unlimited(tmp_path: Path) -> None:
    assert _read(tmp_path, {"functionTimeout": "-1"}).function_timeout is None


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("{", "is not JSON"),
        ([], "must be a JSON object"),
        ({"functionTimeout": "soon"}, "functionTimeout"),
        ({"extensions": []}, "extensions must be an object"),
        ({"extensions": {"queues": {"batchSize": 33}}}, r"extensions.queues.batchSize must be .* from 1 to 32, not 33"),
        ({"extensions": {"queues": {"batchSize": True}}}, "batchSize"),
        ({"extensions": {"queues": {"messageEncoding": "hex"}}}, "messageEncoding"),
        ({"extensions": {"durableTask": {"maxConcurrentActivityFunctions": 0}}}, "maxConcurrentActivityFunctions"),
    ],
)
def test_wrong_entry_is_named(tmp_path: Path, document: Any, place: str) -> None:
    with pytest.raises(SettingError, match=place):
        _read(tmp_path, document)


def test_settings_are_put_into_bindings() -> None:
    assert resolve_settings("%A%/x-%B%", {"A": "1", "B": "2"}, "here") == "1/x-2"


def test_setting_that_is_missing_is_named_with_its_place() -> None:
    with pytest.raises(SettingError, match=r"Function f, binding b uses %ABSENT%.*set that variable"):
        resolve_settings("%ABSENT%", {}, "Function f, binding b")
