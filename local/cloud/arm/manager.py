"""Composes Resource Manager of its providers, for one world."""

from local.cloud.arm.calls import Route
from local.cloud.arm.compute import Compute
from local.cloud.arm.devtestlabs import DevTestLabs
from local.cloud.arm.exports import DiskExports
from local.cloud.arm.images import Images
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.operations import Operations
from local.cloud.arm.resources import Resources
from local.cloud.arm.storage import Storage
from local.cloud.arm.subscriptions import Subscriptions
from local.cloud.speeds import Speeds


class ResourceManager:
    """The calls of all providers over the same resources; `stop` ends the operations that still run."""

    def __init__(self, resources: Resources, exports: DiskExports, storage: Storage, speeds: Speeds) -> None:
        self._operations = Operations()
        lookup = Lookup(resources)
        images = Images(storage, speeds, self._operations)
        self._subscriptions = Subscriptions(lookup)
        self._labs = DevTestLabs(lookup, images, self._operations)
        self._compute = Compute(lookup, exports, storage, speeds, self._operations)

    def routes(self) -> list[Route]:
        """Every call that is answered."""
        return [*self._subscriptions.routes(), *self._labs.routes(), *self._compute.routes()]

    async def stop(self) -> None:
        """End what still runs."""
        await self._operations.stop()
