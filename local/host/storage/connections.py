"""Storage connections as the Functions host reads them: a connection string, or service URIs with an identity."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue.aio import QueueServiceClient

from local.host.errors import SettingError

# Listeners and their errors are looked at every second: long silent retries would only hide an outage.
_RETRIES: Mapping[str, Any] = {"retry_total": 2, "initial_backoff": 0.5, "increment_base": 1.5}


class Connections:
    """Makes one blob and one queue service client for each connection name, on first use."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Take the app settings; `REQUESTS_CA_BUNDLE` among them names the trusted certificates."""
        self._settings = settings
        self._blobs: dict[str, BlobServiceClient] = {}
        self._queues: dict[str, QueueServiceClient] = {}
        self._credentials: dict[str, AsyncTokenCredential] = {}
        self._opened = AsyncExitStack()

    def blobs(self, name: str) -> BlobServiceClient:
        """Give the connection's blob service; `SettingError` names the setting that is missing."""
        if name not in self._blobs:
            self._blobs[name] = self._client(BlobServiceClient, name, "blob")
        return self._blobs[name]

    def queues(self, name: str) -> QueueServiceClient:
        """Give the connection's queue service; `SettingError` names the setting that is missing."""
        if name not in self._queues:
            self._queues[name] = self._client(QueueServiceClient, name, "queue")
        return self._queues[name]

    async def close(self) -> None:
        """Close every client and credential."""
        await self._opened.aclose()

    def _client[Client: (BlobServiceClient, QueueServiceClient)](
        self, kind: type[Client], name: str, service: str
    ) -> Client:
        options = {**_RETRIES, "connection_verify": self._verify()}
        text = self._setting(name)
        try:
            if text is not None:
                client = kind.from_connection_string(text, **options)
            else:
                client = kind(self._uri(name, service), credential=self._credential(name), **options)
        except ValueError:
            # The SDK's own message may repeat the connection string.
            raise SettingError(f"The app setting {name} is no valid storage connection string or URI") from None
        self._opened.push_async_callback(client.close)
        return client

    def _uri(self, name: str, service: str) -> str:
        if uri := self._setting(f"{name}__{service}ServiceUri") or self._setting(f"{name}__serviceUri"):
            return uri
        if account := self._setting(f"{name}__accountName"):
            return f"https://{account}.{service}.core.windows.net"
        raise SettingError(
            f"Storage connection {name} is not set: give the app setting {name} (a connection string) "
            f"or {name}__{service}ServiceUri"
        )

    def _credential(self, name: str) -> AsyncTokenCredential:
        if name not in self._credentials:
            self._credentials[name] = credential = self._new_credential(name)
            self._opened.push_async_callback(credential.close)
        return self._credentials[name]

    def _new_credential(self, name: str) -> AsyncTokenCredential:
        # An app with connection strings needs no identity library.
        from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

        client_id = self._setting(f"{name}__clientId")
        kind = (self._setting(f"{name}__credential") or "").lower()
        if kind not in ("", "managedidentity"):
            raise SettingError(f'{name}__credential must be "managedidentity" or absent, not "{kind}"')
        options = {"connection_verify": self._verify()}
        if kind:
            return ManagedIdentityCredential(client_id=client_id, **options)
        return DefaultAzureCredential(managed_identity_client_id=client_id, **options)

    def _verify(self) -> Any:
        return self._settings.get("REQUESTS_CA_BUNDLE") or True

    def _setting(self, name: str) -> str | None:
        # The Functions host looks for its own prefix, too.
        return self._settings.get(name) or self._settings.get(f"AzureWebJobs{name}")
