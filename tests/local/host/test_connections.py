import asyncio
from collections.abc import Mapping

import pytest

from local.host.errors import SettingError
from local.host.storage.connections import Connections

_IDENTITY = {"IDENTITY_ENDPOINT": "http://127.0.0.1:9/nobody", "IDENTITY_HEADER": "none"}
_STRING = "AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:2/a"


def _urls(settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    for name, value in _IDENTITY.items():
        monkeypatch.setenv(name, value)

    async def read() -> tuple[str, str]:
        connections = Connections(settings)
        urls = connections.blobs("Data").url.rstrip("/"), connections.queues("Data").url.rstrip("/")
        await connections.close()
        return urls

    return asyncio.run(read())


@pytest.mark.parametrize("name", ["Data", "AzureWebJobsData"])
def test_connection_string_is_taken_under_both_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _urls({name: _STRING}, monkeypatch) == ("http://127.0.0.1:1/a", "http://127.0.0.1:2/a")


@pytest.mark.parametrize(
    "identity",
    [{}, {"Data__credential": "managedidentity"}, {"Data__credential": "managedidentity", "Data__clientId": "1"}],
)
def test_service_uris_are_taken_with_an_identity(identity: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    uris = {"Data__blobServiceUri": "https://127.0.0.1:1/a", "Data__queueServiceUri": "https://127.0.0.1:2/a"}
    assert _urls(uris | identity, monkeypatch) == ("https://127.0.0.1:1/a", "https://127.0.0.1:2/a")


def test_account_name_stands_for_its_public_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = ("https://acc.blob.core.windows.net", "https://acc.queue.core.windows.net")
    assert _urls({"Data__accountName": "acc"}, monkeypatch) == expected


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "Storage connection Data is not set: .* Data__blobServiceUri"),
        ({"Data": "AccountKey=secret-of-mine"}, "The app setting Data is no valid storage connection string"),
        ({"Data__accountName": "a", "Data__credential": "password"}, "Data__credential must be"),
    ],
)
def test_wrong_connection_names_its_setting_and_no_secret(
    settings: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match=message) as raised:
        _urls(settings, monkeypatch)
    assert "secret-of-mine" not in str(raised.value)
