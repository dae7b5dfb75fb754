"""FakeCloud: an Azure in memory that tests set up with one call for each thing that is to be there."""

from datetime import timedelta
from typing import Literal

from shared.domain import image_records
from shared.domain.errors import Conflict
from shared.domain.models import ImageRecord, Lab, OsState, OsType, SourceDisk, SourceVm
from shared.domain.storage import BlobRef
from shared.gateway.port import LabsBlob
from tests.fakes.azure import FOOTER, AzureInMemory
from tests.fakes.azure import IMAGE_CONTAINER as IMAGE_CONTAINER
from tests.fakes.state import Disk, Image, Machine

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
MIB = 1024 * 1024


class FakeCloud(AzureInMemory):
    """The fake Azure with its factory lab `ImageFactory` in westeurope and nothing else."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.factory = self.add_lab("ImageFactory", resource_group="image-factory")

    def add_lab(
        self,
        name: str,
        *,
        region: str = "westeurope",
        subscription_id: str = SUBSCRIPTION,
        resource_group: str | None = None,
        account: str | None = None,
    ) -> Lab:
        """A new lab; its group is named after it, its account `a` and its name."""
        group = resource_group or name.lower()
        lab = Lab(
            id=f"/subscriptions/{subscription_id}/resourcegroups/{group}/providers/microsoft.devtestlab/labs/{name}".lower(),
            subscription_id=subscription_id,
            resource_group=group,
            name=name,
            region=region,
            account=account or f"a{name.lower()}".replace("-", "").replace("_", ""),
        )
        self.labs[lab.id] = lab
        self.images[lab.id] = {}
        return lab

    def add_hub(self, region: str, account: str | None = None) -> str:
        """A hub's account in this region; its name."""
        name = account or f"hub{region}"
        self.hubs[name] = region
        return name

    def region_of(self, account: str) -> str:
        """The region of an account of a lab or hub."""
        return self.hubs.get(account) or next(lab.region for lab in self.labs.values() if lab.account == account)

    def add_vm(
        self,
        name: str,
        image_path: str | None = None,
        *,
        power: str = "deallocated",
        provisioning_state: str = "Succeeded",
        os_type: OsType = "Windows",
        os_state: OsState = "Generalized",
        disk_mib: int = 1024,
        generation: Literal["V1", "V2"] = "V1",
        managed_disk: bool = True,
        data_disks: int = 0,
        description: str = "",
    ) -> SourceVm:
        """A new machine of the factory lab, as `source_vms` would show it now."""
        vm = SourceVm(
            name=name,
            image_path=image_path,
            provisioning_state=provisioning_state,
            os_type=os_type,
            os_state=os_state,
            description=description,
            data_disks=data_disks,
        )
        disk = None
        if managed_disk:
            where = (
                f"/subscriptions/{SUBSCRIPTION}/resourceGroups/compute/providers/Microsoft.Compute/disks/{name}_OsDisk"
            )
            disk = Disk(
                SourceDisk(
                    id=where,
                    unique_id=f"unique-{name}",
                    ownership_time=self.now - timedelta(days=1),
                    size_bytes=disk_mib * MIB,
                    generation=generation,
                )
            )
            self.disks[where.lower()] = disk
        self.machines[name] = Machine(vm, power, disk)
        return self.seen(self.machines[name])

    def start_vm(self, name: str) -> None:
        """Starts a machine: its bytes change. Conflict while access to its disk is out."""
        machine = self.machines[name]
        if machine.disk is not None:
            if any(grant.disk_id.lower() == machine.disk.source.id.lower() for grant in self.outstanding_grants):
                raise Conflict("conflict", f"There is an active shared access signature outstanding for disk {name}.")
            machine.disk.boots += 1
        self._turn(machine, "running")

    def deallocate_vm(self, name: str) -> None:
        """Stops a machine and gives back its hardware."""
        self._turn(self.machines[name], "deallocated")

    def _turn(self, machine: Machine, power: str) -> None:
        machine.power = power
        if machine.disk is not None:
            machine.disk.source = machine.disk.source.model_copy(update={"ownership_time": self.now})

    def add_saved_image(
        self,
        record_id: str,
        image_path: str,
        image_name: str,
        *,
        disk_mib: int = 1024,
        vhd: bool = True,
        record: ImageRecord | None = None,
    ) -> ImageRecord:
        """A saved image: its record, and its VHD unless that is to be missing."""
        size = disk_mib * MIB + FOOTER
        record = record or ImageRecord(
            image_name=image_name,
            image_path=image_path,
            vhd_file_name=f"{record_id}.vhd",
            timestamp=self.now - timedelta(days=7),
            format_version=2,
            size_bytes=size,
        )
        place = BlobRef(account=self.factory.account, container=IMAGE_CONTAINER, name=f"{record_id}.json")
        self.put_blob(place, text=image_records.dumps(record).encode())
        if vhd:
            self.put_blob(
                place.model_copy(update={"name": record.vhd_file_name}), size=size, content=f"saved {record_id}"
            )
        return record

    def add_image(
        self,
        lab: Lab,
        name: str,
        *,
        image_path: str | None = None,
        record_id: str | None = None,
        state: str = "Succeeded",
    ) -> Image:
        """A custom image that is there already; without `image_path` it carries no tag of the factory's."""
        tags = {"ImagePath": image_path, "ImageFactoryRecord": record_id}
        image = Image(name, {key: value for key, value in tags.items() if value is not None}, state)
        image.created_at = self.now - timedelta(days=1)
        self.images[lab.id][name.lower()] = image
        return image

    def put_labs_file(self, content: bytes, name: str = "labs.json") -> LabsBlob:
        """Uploads labs.json."""
        self.labs_blob = LabsBlob(name, content, self.new_etag())
        return self.labs_blob
