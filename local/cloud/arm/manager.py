"""Composes Resource Manager of its providers, for one world."""

from local.cloud.arm.calls import Route
from local.cloud.arm.compute import Compute
from local.cloud.arm.devtestlabs import DevTestLabs
from local.cloud.arm.exports import DiskExports
from local.cloud.arm.image_sources import ImageSources
from local.cloud.arm.images import Images
from local.cloud.arm.listing import Listing
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.machines import LabMachines
from local.cloud.arm.operations import Operations
from local.cloud.arm.resources import Resources
from local.cloud.arm.roles import Roles
from local.cloud.arm.storage import Storage
from local.cloud.arm.storage_accounts import StorageAccounts
from local.cloud.arm.tenant import Tenant
from local.cloud.world import World


class ResourceManager:
    """The calls of all providers over the same resources; `stop` ends the operations that still run."""

    def __init__(
        self, world: World, resources: Resources, exports: DiskExports, storage: Storage, roles: Roles
    ) -> None:
        self._operations = running = Operations(world.speeds, world.long_running.polls)
        lookup, listing, speeds = Lookup(resources), Listing(world.page_size), world.speeds
        images = Images(ImageSources(lookup, storage, speeds), speeds, running)
        self.lookup = lookup
        self._providers = (
            Tenant(lookup, roles, storage),
            DevTestLabs(lookup, listing, images, storage, running),
            LabMachines(lookup, listing, exports, speeds, running),
            Compute(lookup, exports, storage, speeds, running),
            StorageAccounts(lookup, listing, storage),
        )

    def routes(self) -> list[Route]:
        """Every call that is answered."""
        return [route for provider in self._providers for route in provider.routes()]

    async def stop(self) -> None:
        """End what still runs."""
        await self._operations.stop()
