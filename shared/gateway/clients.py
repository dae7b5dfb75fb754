"""Makes the SDK clients, one per subscription or account, all with one credential and one pool of connections.

It makes no call itself. SDKs are imported when the first client is made: importing this module costs nothing.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.domain.errors import Refused

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
    from azure.core.pipeline.transport import RequestsTransport
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.devtestlabs import DevTestLabsClient
    from azure.storage.blob import BlobServiceClient
    from azure.storage.queue import QueueClient

ARM_SCOPE = "https://management.azure.com/.default"
CONNECTION_TIMEOUT = 10  # seconds
READ_TIMEOUT = 60  # seconds
QUICK_RETRIES = 2  # longer waits belong to the orchestrator's durable timers
ACCOUNTS_KEPT = 256  # blob clients; each holds about 45 KB, and ten thousand labs have as many accounts
POOL_SIZE = 64  # connections kept open per host, and hosts with open connections
REPORTS_QUEUE = "image-factory-reports"


@dataclass(frozen=True, kw_only=True)
class AzureAddresses:
    """Where Azure is and which lab is the factory. `blob` is a template with `{account}`; `app_*` are full URLs."""

    subscription_id: str
    resource_group: str
    lab: str
    app_blob: str
    app_queue: str
    managed_identity: bool
    client_id: str | None = None
    arm: str = "https://management.azure.com"
    blob: str = "https://{account}.blob.core.windows.net"


class AzureClients:
    """The SDK clients of one process; safe to use from several threads."""

    def __init__(self, addresses: AzureAddresses) -> None:
        from azure.identity import DefaultAzureCredential

        self.addresses = addresses
        # Asked only where there is a managed identity: elsewhere the probe goes to a link-local metadata address.
        self._credential = DefaultAzureCredential(
            exclude_managed_identity_credential=not addresses.managed_identity,
            managed_identity_client_id=addresses.client_id,
        )
        self._transport = _transport()
        # Two threads that race make one client too many, which does no harm.
        self._labs = lru_cache(maxsize=None)(self._make_labs)
        self._compute = lru_cache(maxsize=None)(self._make_compute)
        self._blobs = lru_cache(maxsize=ACCOUNTS_KEPT)(self._make_blobs)
        self._queue = lru_cache(maxsize=1)(self._make_queue)

    def labs(self, subscription_id: str) -> "DevTestLabsClient":
        """The DevTest Labs client of a subscription."""
        return self._labs(subscription_id.lower())

    def compute(self, subscription_id: str) -> "ComputeManagementClient":
        """The Compute client of a subscription."""
        return self._compute(subscription_id.lower())

    def storage(self, account: str) -> "BlobServiceClient":
        """The blob client of a storage account, by its name. Raises Refused for an empty name."""
        if not account:
            raise Refused("no-account", "The lab names no storage account: wait until it is made, or repair the lab.")
        return self._blobs(self.addresses.blob.format(account=account))

    def app_storage(self) -> "BlobServiceClient":
        """The blob client of the app storage (labs.json and the run folders)."""
        return self._blobs(self.addresses.app_blob)

    def reports_queue(self) -> "QueueClient":
        """The client of the queue image-factory-reports; it writes base64, as Functions reads it."""
        return self._queue()

    def _make_labs(self, subscription_id: str) -> "DevTestLabsClient":
        from azure.mgmt.devtestlabs import DevTestLabsClient

        return DevTestLabsClient(self._credential, subscription_id, **self._arm_settings())

    def _make_compute(self, subscription_id: str) -> "ComputeManagementClient":
        from azure.mgmt.compute import ComputeManagementClient

        return ComputeManagementClient(self._credential, subscription_id, **self._arm_settings())

    def _make_blobs(self, url: str) -> "BlobServiceClient":
        from azure.storage.blob import BlobServiceClient, LinearRetry

        # A retry policy belongs to one client: shared, it would send requests through another account's pipeline.
        retries = LinearRetry(backoff=1, retry_total=QUICK_RETRIES, random_jitter_range=1)
        return BlobServiceClient(url, self._credential, transport=self._transport, retry_policy=retries)

    def _make_queue(self) -> "QueueClient":
        from azure.storage.queue import LinearRetry, QueueClient, TextBase64EncodePolicy

        return QueueClient(
            self.addresses.app_queue,
            REPORTS_QUEUE,
            credential=self._credential,
            transport=self._transport,
            retry_policy=LinearRetry(backoff=1, retry_total=QUICK_RETRIES, random_jitter_range=1),
            message_encode_policy=TextBase64EncodePolicy(),
        )

    def _arm_settings(self) -> dict[str, Any]:
        return {
            "base_url": self.addresses.arm,
            "credential_scopes": [ARM_SCOPE],
            "transport": self._transport,
            "retry_policy": _quick_retries(),
        }


def _transport() -> "RequestsTransport":
    from azure.core.pipeline.transport import RequestsTransport
    from requests import Session
    from requests.adapters import HTTPAdapter

    session = Session()
    session.mount("https://", HTTPAdapter(pool_connections=POOL_SIZE, pool_maxsize=POOL_SIZE))
    # Not the owner: one client's end must not close the connections of the others.
    return RequestsTransport(
        session=session,
        session_owner=False,
        connection_timeout=CONNECTION_TIMEOUT,
        read_timeout=READ_TIMEOUT,
    )


def _quick_retries() -> Any:
    """Two retries within a second or two, and none where the service asks for a pause (429, or any Retry-After)."""
    from azure.core.pipeline.policies import RetryPolicy

    class QuickRetries(RetryPolicy[Any, Any]):
        def is_retry(self, settings: dict[str, Any], response: "PipelineResponse[Any, Any]") -> bool:
            answer = response.http_response
            pause_asked = answer.status_code == 429 or "Retry-After" in answer.headers
            return not pause_asked and super().is_retry(settings, response)

    return QuickRetries(retry_total=QUICK_RETRIES, retry_backoff_factor=0.5, retry_backoff_max=2)
