"""A whole factory that runs on this machine: the emulated Azure and the unmodified app in the Functions host.

It starts and ends them and opens their stores to tests; what a test looks for is its own affair.
"""

import base64
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.queue import QueueServiceClient

from local.environment import READY_SECONDS, ROOT
from local.processes import Children
from tests.e2e.app_client import AppClient
from tests.e2e.login import EmulatedLogin
from tests.emulation import EmulatedAzure, emulated

HOST = ("-m", "local.host", "--app", str(ROOT), "--exit-with-parent")
POLL = {"FUNCTIONS_LOCAL_POLL_SECONDS": "0.1"}  # triggers are noticed at once
STAGING, IMAGES = "imagefactory-staging", "imagefactoryvhds"


@dataclass(frozen=True)
class Stores:
    """The storage accounts of an emulated Azure, through the real SDK and a login of the test's own."""

    azure: EmulatedAzure
    options: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, azure: EmulatedAzure) -> "Stores":
        login = EmulatedLogin(azure.cloud.identity_endpoint, azure.cloud.identity_header)
        trust = {"connection_verify": azure.cloud.ca_file, "use_env_settings": False}
        return cls(azure, {"credential": login, **trust})

    def container(self, account: str, name: str) -> ContainerClient:
        """One container of any account."""
        service = BlobServiceClient(f"{self.azure.cloud.blob}/{account}", **self.options)
        return service.get_container_client(name)

    def names(self, account: str, container: str) -> list[str]:
        """The blobs of a container; none where there is no such container."""
        found = self.container(account, container)
        return [blob.name for blob in found.list_blobs()] if found.exists() else []

    def upload(self, content: Any, name: str = "labs.json") -> None:
        """Put a labs.json; what is no bytes is written as JSON."""
        data = content if isinstance(content, bytes) else json.dumps(content, indent=2).encode()
        self.container(self.azure.world.app_account, "image-factory").upload_blob(name, data, overwrite=True)

    def documents(self, prefix: str = "") -> dict[str, bytes]:
        """All documents of the app's own, by name."""
        container = self.container(self.azure.world.app_account, "image-factory-runs")
        names = container.list_blob_names(name_starts_with=prefix)
        return {name: container.download_blob(name).readall() for name in names}

    def send(self, text: str) -> None:
        """Put a message into the queue of requests, base64 as the Functions host wants it."""
        encoded = base64.b64encode(text.encode()).decode()
        self._queues().get_queue_client("image-factory-requests").send_message(encoded)

    def messages(self, queue: str) -> list[str]:
        """What lies in a queue, at most the first 32; nothing where there is no such queue."""
        if queue not in [each.name for each in self._queues().list_queues()]:
            return []
        found = self._queues().get_queue_client(queue).peek_messages(32)
        return [base64.b64decode(each.content).decode() for each in found]

    def length(self, queue: str) -> int:
        """How many messages a queue holds, those included that somebody works on."""
        return self._queues().get_queue_client(queue).get_queue_properties().approximate_message_count or 0

    def staged(self) -> list[str]:
        """Every VHD that is staged anywhere; there are none when no run is on its way."""
        accounts = self.azure.world.accounts
        return [f"{account}/{name}" for account in accounts for name in self.names(account, STAGING)]

    def saved_images(self) -> list[str]:
        """The blobs of the image storage, VHDs and records."""
        return self.names(self.azure.world.factory_lab.artifacts_account, IMAGES)

    def _queues(self) -> QueueServiceClient:
        return QueueServiceClient(f"{self.azure.cloud.queue}/{self.azure.world.app_account}", **self.options)


@dataclass(frozen=True)
class RunningFactory:
    """A running app, the emulated Azure that it sees, its stores, and the host's log."""

    app: AppClient
    azure: EmulatedAzure
    stores: Stores
    log: Path

    def images(self, lab: str) -> dict[str, dict[str, Any]]:
        """The custom images of a lab by name, as the emulated Azure holds them."""
        (found,) = [each for each in self.azure.state()["labs"] if each["name"] == lab]
        return {image["name"]: image for image in found["images"]}

    def granted(self) -> list[str]:
        """The disks that somebody may read now."""
        return [disk["id"] for disk in self.azure.state()["disks"] if disk["granted"]]


@contextmanager
def running_factory(world: Path, logs: Path, settings: Mapping[str, str] | None = None) -> Iterator[RunningFactory]:
    """Run a world and the app that serves it."""
    with emulated(world, logs) as azure, app_of(azure, logs, settings) as factory:
        yield factory


@contextmanager
def app_of(
    azure: EmulatedAzure, logs: Path, settings: Mapping[str, str | None] | None = None, host: tuple[str, ...] = HOST
) -> Iterator[RunningFactory]:
    """Run the app against an emulated Azure; a setting that is None is left out."""
    changed = {**azure.environment, **POLL, **(settings or {})}
    environment = {name: value for name, value in changed.items() if value is not None}
    with Children(folder=ROOT, logs=logs) as children:
        child = children.start("Functions host", [sys.executable, *host], environment)
        line = child.ready(READY_SECONDS)
        app = AppClient(line["url"], line["functionKey"], line["masterKey"])
        yield RunningFactory(app, azure, Stores.of(azure), child.log)
