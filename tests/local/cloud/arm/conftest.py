"""A Resource Manager on this machine for the tests beside it: real listeners and SDKs, a storage of facts alone."""

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.devtestlabs import DevTestLabsClient

from local.cloud.arm.exports import DiskExports
from local.cloud.arm.gate import Gate
from local.cloud.arm.manager import ResourceManager
from local.cloud.arm.resources import Resources, made_of
from local.cloud.arm.roles import Roles
from local.cloud.arm.server import ArmServer
from local.cloud.arm.throttling import Throttle
from local.cloud.certificates import Certificates, make_certificates
from local.cloud.control import PREFIX, Control
from local.cloud.faults import Faults
from local.cloud.identity import PATH, IdentityEndpoint
from local.cloud.ledger import Ledger
from local.cloud.listeners import Listener
from local.cloud.storage.vhd import fixed_vhd
from local.cloud.tokens import access_token
from local.cloud.world import World, parse_world

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
OTHER_SUBSCRIPTION = "c3d2e8b4-90a6-4c57-8b1d-5e7f4a9d2c02"

WORLD = """
{
  "factory": {"subscriptionId": "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01", "resourceGroup": "Factory-RG",
              "lab": "FactoryLab", "location": "westeurope"},
  "vms": [
    {"name": "Golden1", "imagePath": "Win2022/Datacenter.json", "osType": "Windows", "power": "deallocated",
     "diskMiB": 64, "notes": "Golden Image: Windows", "tags": {"CostCenter": "7"}},
    {"name": "busy", "osType": "Linux", "power": "running", "diskMiB": 32, "dataDisks": 1, "hyperVGeneration": "V2"},
    {"name": "old", "osType": "Linux", "power": "stopped", "diskMiB": 32, "managedDisk": false}
  ],
  "labs": [
    {"subscriptionId": "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01", "resourceGroup": "Team-RG", "name": "TeamBlue",
     "location": "westeurope",
     "images": [{"name": "Old_Image", "imagePath": "Win2016/Datacenter.json", "record": "r1"},
                {"name": "Broken", "state": "Failed"}]},
    {"subscriptionId": "c3d2e8b4-90a6-4c57-8b1d-5e7f4a9d2c02", "resourceGroup": "Other-RG", "name": "TeamRed",
     "location": "eastus2"}
  ],
  "speeds": {"timeScale": 100000}
}
"""


@dataclass
class Facts:
    """What a test says that a blob is."""

    size: int
    footer: bytes
    blob_type: str = "PageBlob"
    copy_status: str | None = None


@dataclass
class FakeStorage:
    """A storage of facts alone; after so many looks `vanish_after` deletes a blob, and `breaks` breaks it all."""

    blobs: dict[str, Facts] = field(default_factory=dict)
    vanish_after: dict[str, int] = field(default_factory=dict)
    blob_endpoint: str = "https://127.0.0.1:1"
    breaks: bool = False

    async def blob_facts(self, url: str) -> Facts | None:
        """Describe a blob, and delete it once it was looked at often enough."""
        if self.breaks:
            raise RuntimeError("The storage broke.")
        facts = self.blobs.get(url)
        if url in self.vanish_after:
            self.vanish_after[url] -= 1
            if self.vanish_after[url] == 0:
                del self.blobs[url]
        return facts

    async def upload_uri(self, account: str, name: str) -> str:
        """Return an address of the right form that leads nowhere."""
        return f"{self.blob_endpoint}/{account}/uploads/{name}?sv=2017-04-17&sr=b&sig=x&st=t&se=t&sp=rcw"

    async def vhds(self, account: str) -> list[str]:
        """List the blobs of an account."""
        return [url for url in self.blobs if url.startswith(f"{self.blob_endpoint}/{account}/")]

    def put_vhd(self, account: str, name: str, seed: str = "content", disk_mib: int = 4) -> str:
        """Put a valid VHD and return its URL."""
        content = fixed_vhd(seed, disk_mib)
        url = f"{self.blob_endpoint}/{account}/imagefactory-staging/{name}"
        self.blobs[url] = Facts(content.size, content.read(content.size - 512, content.size))
        return url


class RunningArm:
    """Resource Manager and identity endpoint in a thread with an event loop of their own."""

    def __init__(self, world: World, certificates: Certificates) -> None:
        self.world = world
        self.ca_file = str(certificates.ca_file)
        self.storage = FakeStorage()
        self.ledger = Ledger()
        self.faults = Faults(world.faults, seed=world.seed)
        self.resources: Resources = made_of(world)
        self.exports = DiskExports()
        self.roles = Roles(world.role_assignments)
        self._certificates = certificates
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._start())
        self.session = requests.Session()
        self.session.verify = self.ca_file
        # A bundle or proxy named in the environment would win over what is said here.
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"Bearer {access_token('https://management.azure.com')}"
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call Resource Manager as no SDK would; an api-version is added unless the path has a query."""
        query = "" if "?" in path else "?api-version=2018-09-15"
        url = path if path.startswith("https:") else self.url + path + query
        return self.session.request(method, url, timeout=10, **options)

    def own(self, method: str, path: str, **options: Any) -> requests.Response:
        """Call the emulator's own part."""
        return self.session.request(method, self.url + PREFIX + path, timeout=10, **options)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=20)

    async def _start(self) -> None:
        self._manager = ResourceManager(self.world, self.resources, self.exports, self.storage, self.roles)
        self.routes = self._manager.routes()
        throttle = Throttle(self.world.throttling, self.world.speeds.time_scale)
        gate = Gate(self._manager.lookup, self.roles, throttle)
        arm = ArmServer(self.routes, gate, self.ledger, self.faults)
        own = Control(self.resources, self.exports, self.ledger, self.faults, self.roles)

        async def handle(request: Any) -> Any:
            return await (own if request.path.startswith(PREFIX) else arm).handle(request)

        self._arm = await Listener.start(handle, tls=self._certificates.server_context())
        identity = IdentityEndpoint(self.ledger, self.faults)
        self._identity = await Listener.start(identity.handle)
        self.url = self._arm.url
        self.identity_endpoint, self.identity_header = self._identity.url + PATH, identity.header

    async def _stop(self) -> None:
        await self._arm.stop()
        await self._identity.stop()
        await self._manager.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates") / Path("arm"))


@pytest.fixture
def arm_with(certificates: Certificates) -> Iterator[Callable[..., RunningArm]]:
    """Starts a Resource Manager whose world has other values for some of its keys."""
    with ExitStack() as running:

        def start(**changes: Any) -> RunningArm:
            world = parse_world(json.dumps({**json.loads(WORLD), **changes}))
            return running.enter_context(RunningArm(world, certificates))

        yield start


@pytest.fixture
def arm(certificates: Certificates) -> Iterator[RunningArm]:
    with RunningArm(parse_world(WORLD), certificates) as running:
        yield running


@pytest.fixture
def credential(arm: RunningArm, monkeypatch: pytest.MonkeyPatch) -> Iterator[DefaultAzureCredential]:
    monkeypatch.setenv("IDENTITY_ENDPOINT", arm.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", arm.identity_header)
    found = DefaultAzureCredential()
    yield found
    found.close()


@pytest.fixture
def labs(arm: RunningArm, credential: DefaultAzureCredential) -> Iterator[DevTestLabsClient]:
    options: dict[str, Any] = {"connection_verify": arm.ca_file, "polling_interval": 0.01, "retry_total": 0}
    with DevTestLabsClient(credential, SUBSCRIPTION, base_url=arm.url, **options) as client:
        yield client


@pytest.fixture
def compute(arm: RunningArm, credential: DefaultAzureCredential) -> Iterator[ComputeManagementClient]:
    options: dict[str, Any] = {"connection_verify": arm.ca_file, "polling_interval": 0.01, "retry_total": 0}
    with ComputeManagementClient(credential, SUBSCRIPTION, base_url=arm.url, **options) as client:
        yield client
