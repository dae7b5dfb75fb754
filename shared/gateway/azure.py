"""Composes the gateway to Azure of its parts. No logic lives here."""

from datetime import UTC, datetime

from shared.gateway.clients import AzureAddresses, AzureClients
from shared.gateway.disks import AzureDisks
from shared.gateway.documents import AzureDocuments
from shared.gateway.labs import AzureLabs
from shared.gateway.notices import AzureNotices
from shared.gateway.traces import OpenTelemetryTraces
from shared.gateway.vhds import AzureVhds


class SystemClock:
    """`port.Clock` of this machine."""

    def now(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)


class AzureGateway:
    """`port.Gateway` over the Azure SDKs. Making one makes no call; one per process is enough for all threads."""

    def __init__(self, addresses: AzureAddresses) -> None:
        clients = AzureClients(addresses)
        self.labs = AzureLabs(clients)
        self.disks = AzureDisks(clients)
        self.vhds = AzureVhds(clients, self.labs.factory)
        self.documents = AzureDocuments(clients)
        self.notices = AzureNotices(clients)
        self.traces = OpenTelemetryTraces()
        self.clock = SystemClock()
