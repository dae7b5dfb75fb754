"""Composes the emulated Azure of a world: Resource Manager, identity endpoint, storage and the emulator's own calls."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from aiohttp import web

from local.cloud import control, identity
from local.cloud.arm.exports import DiskExports
from local.cloud.arm.gate import Gate
from local.cloud.arm.manager import ResourceManager
from local.cloud.arm.resources import made_of
from local.cloud.arm.roles import Roles
from local.cloud.arm.server import ArmServer
from local.cloud.arm.throttling import Throttle
from local.cloud.certificates import Certificates, make_certificates
from local.cloud.faults import Faults
from local.cloud.ledger import Ledger
from local.cloud.listeners import Handle, Listener
from local.cloud.seeding import seed
from local.cloud.storage.front import StorageFront
from local.cloud.world import World


@dataclass(frozen=True)
class Addresses:
    """Where the emulated Azure listens, without slashes at the end, and what its clients must know."""

    arm: str
    blob: str
    queue: str
    identity_endpoint: str
    identity_header: str = field(repr=False)
    ca_file: Path

    def as_json(self) -> dict[str, str]:
        """The addresses as they are printed when the emulator is ready."""
        return {
            "arm": self.arm,
            "blob": self.blob,
            "queue": self.queue,
            "identityEndpoint": self.identity_endpoint,
            "identityHeader": self.identity_header,
            "caFile": str(self.ca_file),
            "ledger": f"{self.arm}{control.PREFIX}ledger",
        }


class Emulator:
    """One running emulated Azure; everything that it started ends with `stop`."""

    def __init__(self, addresses: Addresses, ledger: Ledger, running: AsyncExitStack) -> None:
        self.addresses = addresses
        self.ledger = ledger
        self._running = running

    @classmethod
    async def start(cls, world: World, *, port: int = 0, workdir: Path) -> Self:
        """Start everything; `port` is Resource Manager's (0: a free one), `workdir` a folder of this emulator's own.

        Raises OSError where the port is taken, and EmulatorError where Azurite does not start.
        """
        async with AsyncExitStack() as running:
            certificates = make_certificates(workdir / "certificates")
            ledger, faults = Ledger(), Faults(world.faults, seed=world.seed)
            resources, exports, roles = made_of(world), DiskExports(), Roles(world.role_assignments)
            storage = await _start_storage(running, world, ledger, faults, exports, certificates, workdir)
            await seed(storage, world, resources)
            manager = ResourceManager(world, resources, exports, storage, roles)
            running.push_async_callback(manager.stop)
            gate = Gate(manager.lookup, roles, Throttle(world.throttling, world.speeds.time_scale))
            arm = ArmServer(manager.routes(), gate, ledger, faults)
            own = control.Control(resources, exports, ledger, faults, roles)
            arm_listener = await Listener.start(_either(own, arm), port=port, tls=certificates.server_context())
            running.push_async_callback(arm_listener.stop)
            tokens = identity.IdentityEndpoint(ledger, faults)
            identity_listener = await Listener.start(tokens.handle)
            running.push_async_callback(identity_listener.stop)
            addresses = Addresses(
                arm=arm_listener.url,
                blob=storage.blob_endpoint,
                queue=storage.queue_endpoint,
                identity_endpoint=identity_listener.url + identity.PATH,
                identity_header=tokens.header,
                ca_file=certificates.ca_file,
            )
            return cls(addresses, ledger, running.pop_all())
        raise AssertionError("Nothing suppresses the errors of a start.")

    async def stop(self) -> None:
        """Stop everything, in the reverse order of its start."""
        await self._running.aclose()


async def _start_storage(
    running: AsyncExitStack,
    world: World,
    ledger: Ledger,
    faults: Faults,
    exports: DiskExports,
    certificates: Certificates,
    workdir: Path,
) -> StorageFront:
    storage = StorageFront(
        accounts=world.accounts,
        ledger=ledger,
        faults=faults,
        speeds=world.speeds,
        disks=exports,
        certificates=certificates,
        workdir=workdir,
    )
    await storage.start()
    running.push_async_callback(storage.stop)
    return storage


def _either(own: control.Control, arm: ArmServer) -> Handle:
    """Serve the emulator's own calls and Resource Manager on one listener."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.startswith(control.PREFIX):
            return await own.handle(request)
        return await arm.handle(request)

    return handle
