"""A running storage front with the real SDK clients that talk to it, and a container in it for one test."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobServiceClient, generate_blob_sas
from azure.storage.queue import QueueServiceClient

from local.cloud.certificates import Certificates, make_certificates
from local.cloud.faults import Faults
from local.cloud.ledger import Ledger
from local.cloud.speeds import Speeds
from local.cloud.storage.disks import DiskRefusal
from local.cloud.storage.front import StorageFront
from local.cloud.storage.vhd import DiskContent, fixed_vhd
from local.cloud.tokens import TOKEN_SECONDS, access_token

ACCOUNTS = {"factory": "westeurope", "lab": "westeurope", "overseas": "eastus"}
GRANTED = "granted+/="


class StaticCredential:
    """A credential that needs no identity endpoint."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        audience = scopes[0].removesuffix("/.default")
        return AccessToken(access_token(audience), int(time.time()) + TOKEN_SECONDS)


@dataclass
class FakeDisks:
    """Exported disks in West Europe; a path that is revoked refuses as storage does."""

    contents: dict[str, DiskContent] = field(default_factory=dict)

    def open(self, path: str, query: Mapping[str, str]) -> DiskContent | DiskRefusal:
        if path not in self.contents or query.get("sig") != GRANTED:
            return DiskRefusal(403, "AuthenticationFailed", "Server failed to authenticate the request.")
        return self.contents[path]

    def region(self, path: str) -> str:
        assert path in self.contents
        return "westeurope"


class RunningStorage:
    """A storage front in a loop of its own; what is asked of it from outside is asked with real SDKs."""

    def __init__(self, speeds: Speeds, workdir: Path) -> None:
        self.ledger = Ledger()
        self.faults = Faults()
        self.disks = FakeDisks()
        self.certificates: Certificates = make_certificates(workdir)
        self.front = StorageFront(
            accounts=ACCOUNTS,
            ledger=self.ledger,
            faults=self.faults,
            speeds=speeds,
            disks=self.disks,
            certificates=self.certificates,
            workdir=workdir,
        )
        self._clients = ExitStack()

    def run[T](self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    @contextmanager
    def running(self) -> Iterator[None]:
        started: Future[asyncio.Event] = Future()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)))
        thread.start()
        stop = started.result(60)
        try:
            with self._clients:
                yield
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            thread.join()

    async def _serve(self, started: Future[asyncio.Event]) -> None:
        self._loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        try:
            await self.front.start()
        except BaseException as error:
            started.set_exception(error)
            raise
        try:
            started.set_result(stop)
            await stop.wait()
        finally:
            await self.front.stop()

    def blobs(self, account: str, **options: Any) -> BlobServiceClient:
        return self._clients.enter_context(
            BlobServiceClient(
                f"{self.front.blob_endpoint}/{account}",
                **{"credential": StaticCredential(), "retry_total": 0, **options},
                connection_verify=str(self.certificates.ca_file),
            )
        )

    def queues(self, account: str) -> QueueServiceClient:
        return self._clients.enter_context(
            QueueServiceClient(
                f"{self.front.queue_endpoint}/{account}",
                credential=StaticCredential(),
                retry_total=0,
                connection_verify=str(self.certificates.ca_file),
            )
        )

    def url(self, account: str, container: str, name: str) -> str:
        return f"{self.front.blob_endpoint}/{account}/{container}/{name}"


@dataclass
class Room:
    """One test's own container in every account."""

    storage: RunningStorage
    container: str

    def vhd(self, name: str = "image.vhd", *, account: str = "factory", seed: str = "image") -> DiskContent:
        """Put a VHD of 2 MiB into the room."""
        content = fixed_vhd(seed, 2)
        self.storage.run(self.storage.front.upload_vhd(account, self.container, name, content))
        return content

    def blob(self, name: str, *, account: str = "lab", **options: Any) -> BlobClient:
        return self.storage.blobs(account, **options).get_blob_client(self.container, name)

    def signed(
        self,
        name: str = "image.vhd",
        *,
        account: str = "factory",
        permission: str = "r",
        lives: timedelta = timedelta(hours=1),
    ) -> str:
        """Return the address of a blob with a user-delegation signature."""
        now = datetime.now(UTC)
        start = now - timedelta(hours=2)
        key = self.storage.blobs(account).get_user_delegation_key(start, now + timedelta(hours=2))
        signature = generate_blob_sas(
            account,
            self.container,
            name,
            user_delegation_key=key,
            permission=permission,
            start=start,
            expiry=now + lives,
            protocol="https",
        )
        return f"{self.storage.url(account, self.container, name)}?{signature}"

    def path(self, name: str = "image.vhd", *, account: str = "factory") -> str:
        return f"/{account}/{self.container}/{name}"

    def export(self, content: DiskContent) -> str:
        """Grant access to a disk and return its address."""
        first, second = uuid.uuid4().hex[:12], uuid.uuid4().hex[:12]
        path = f"/md-{first}/{second}/abcd"
        self.storage.disks.contents[path] = content
        return f"{self.storage.front.blob_endpoint}{path}?sv=2018-03-28&sr=b&si=policy&sig=granted%2B%2F%3D"

    def copies(self) -> list[dict[str, Any]]:
        """Return the ledger's copies of this room's images."""
        copies: list[dict[str, Any]] = self.storage.ledger.snapshot()["copies"]
        return [copy for copy in copies if self.container in copy["image"]]


def refusal(call: Callable[[], object]) -> tuple[int | None, str | None]:
    """Make a call that the service must refuse; return status and code."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    code = getattr(caught.value, "error_code", None)
    return caught.value.status_code, None if code is None else str(getattr(code, "value", code))


def ended(blob: BlobClient) -> Any:
    """Wait until a copy is no longer pending and return the blob's properties."""
    properties = blob.get_blob_properties()
    while properties.copy.status == "pending":
        properties = blob.get_blob_properties()
    return properties
