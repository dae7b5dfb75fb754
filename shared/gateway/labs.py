"""Labs, their machines and their custom images, through Azure DevTest Labs and Azure Compute. It decides nothing."""

from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared.domain.errors import Denied, NotFound, Refused
from shared.domain.image_paths import as_tag
from shared.domain.models import CustomImage, Lab, OsState, SourceDisk, SourceVm
from shared.domain.regions import normal
from shared.domain.storage import NewImage
from shared.gateway.arm_ids import last_name, parsed
from shared.gateway.clients import AzureClients
from shared.gateway.faults import asking
from shared.gateway.parallel import side_by_side

if TYPE_CHECKING:
    from azure.mgmt.devtestlabs.models import LabVirtualMachine

AUTHOR = "Image Factory"
NOTES_PREFIX = (
    "Golden Image: "  # the scripts write it before a machine's notes and drop it from the image's description
)
_READER = "Reader on it"
_LAB_USER = "DevTest Labs contributor (labs/customImages/write and delete) on the lab"


class AzureLabs:
    """`port.Labs` over the DevTest Labs and Compute SDKs."""

    def __init__(self, clients: AzureClients) -> None:
        self._clients = clients
        self._factory: Lab | None = None
        self._lock = Lock()

    def factory(self) -> Lab:
        """The factory lab, asked for once."""
        with self._lock:
            if self._factory is None:
                self._factory = self._read_factory()
            return self._factory

    def _read_factory(self) -> Lab:
        where = self._clients.addresses
        lab = self.find(where.subscription_id, where.resource_group, where.lab)
        if lab is None:
            raise NotFound(
                "factory-lab-not-found",
                f"The factory lab {where.lab} is not in resource group {where.resource_group} of subscription "
                f"{where.subscription_id}. Check the settings FACTORY_LAB_NAME, FACTORY_RESOURCE_GROUP and "
                "FACTORY_SUBSCRIPTION_ID.",
                what=where.lab,
                status=404,
            )
        return lab

    def in_subscription(self, subscription_id: str) -> tuple[Lab, ...]:
        """All labs of a subscription, ordered by id."""
        with asking(f"list the labs of subscription {subscription_id}", "Reader on the subscription"):
            found = [_lab(lab) for lab in self._clients.labs(subscription_id).labs.list_by_subscription()]
        return tuple(sorted(found, key=lambda lab: lab.id))

    def find(self, subscription_id: str, resource_group: str, name: str) -> Lab | None:
        """One lab by its group and name."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking(f"read the lab {name} in resource group {resource_group}", _READER):
            try:
                return _lab(self._clients.labs(subscription_id).labs.get(resource_group, name))
            except ResourceNotFoundError:
                return None

    def source_vms(self) -> tuple[SourceVm, ...]:
        """The machines of the factory lab, ordered by name."""
        factory = self.factory()
        with asking(f"list the machines of the factory lab {factory.name}", _READER):
            client = self._clients.labs(factory.subscription_id)
            machines = list(client.virtual_machines.list(factory.resource_group, factory.name))
        return tuple(sorted(side_by_side(self._source_vm, machines), key=lambda vm: vm.name))

    def _source_vm(self, machine: "LabVirtualMachine") -> SourceVm:
        name = machine.name or ""
        tags = _Tags(machine.tags)
        seen = SourceVm(
            name=name,
            image_path=tags.get("ImagePath"),
            provisioning_state=machine.provisioning_state or "",
            os_type="Linux" if (machine.os_type or "").lower() == "linux" else "Windows",
            os_state=_os_state(tags.get("ImageState")),
            description=(machine.notes or "").replace(NOTES_PREFIX, ""),
        )
        if seen.image_path is None or seen.provisioning_state != "Succeeded" or not machine.compute_id:
            return seen
        try:
            return self._with_compute_view(seen, machine.compute_id)
        except (Denied, Refused, NotFound) as error:
            return seen.model_copy(update={"problem": error.message})

    def _with_compute_view(self, seen: SourceVm, compute_id: str) -> SourceVm:
        from azure.core.exceptions import ResourceNotFoundError

        where = parsed(compute_id)
        with asking(f"read the machine {seen.name} and its OS disk", "Reader on the lab's virtual machines and disks"):
            client = self._clients.compute(where.subscription_id)
            try:
                vm = client.virtual_machines.get(where.resource_group, where.name, expand="instanceView")
                storage: Any = vm.storage_profile
                managed_disk = storage.os_disk.managed_disk
                disk = self._disk(managed_disk.id) if managed_disk and managed_disk.id else None
            except ResourceNotFoundError:
                # Deleted since the listing: without a power state it is not taken for deallocated.
                return seen
        view: Any = vm.instance_view
        codes = [status.code or "" for status in (view.statuses if view else None) or []]
        power = next((code.partition("/")[2] for code in codes if code.startswith("PowerState/")), None)
        return seen.model_copy(
            update={"power_state": power, "disk": disk, "data_disks": len(storage.data_disks or [])},
        )

    def _disk(self, disk_id: str) -> SourceDisk:
        where = parsed(disk_id)
        disk: Any = self._clients.compute(where.subscription_id).disks.get(where.resource_group, where.name)
        return SourceDisk(
            id=disk.id,
            unique_id=disk.unique_id or "",
            ownership_time=disk.last_ownership_update_time,
            size_bytes=disk.disk_size_bytes or (disk.disk_size_gb or 0) * 1024**3,
            generation="V2" if disk.hyper_v_generation == "V2" else "V1",
        )

    def custom_images(self, lab: Lab) -> tuple[CustomImage, ...]:
        """The custom images of a lab, ordered by name."""
        with asking(f"list the custom images of the lab {lab.name}", _READER):
            listing = self._clients.labs(lab.subscription_id).custom_images.list(lab.resource_group, lab.name)
            found = [_custom_image(image) for image in listing]
        return tuple(sorted(found, key=lambda image: image.name))

    def custom_image(self, lab: Lab, name: str) -> CustomImage | None:
        """One custom image; None when it is not there."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking(f"read the custom image {name} of the lab {lab.name}", _READER):
            client = self._clients.labs(lab.subscription_id)
            try:
                return _custom_image(client.custom_images.get(lab.resource_group, lab.name, name))
            except ResourceNotFoundError:
                return None

    def create_image(self, lab: Lab, image: NewImage) -> None:
        """Begins to make a custom image: one PUT. The service copies the VHD and needs it until it has Succeeded."""
        from azure.mgmt.devtestlabs.models import CustomImage as Body
        from azure.mgmt.devtestlabs.models import CustomImagePropertiesCustom as Vhd

        with asking(f"make the custom image {image.name} in the lab {lab.name}", _LAB_USER):
            blobs = self._clients.storage(image.vhd.account)
            url = blobs.get_blob_client(image.vhd.container, image.vhd.name).url
            body = Body(
                tags={
                    "ImagePath": as_tag(image.image_path),
                    "ImageFactoryRecord": image.record_id,
                    "ImageFactoryRun": image.run_id,
                },
                author=AUTHOR,
                description=image.description,
                vhd=Vhd(image_name=url, os_type=image.os_type, sys_prep=image.os_state == "Generalized"),
            )
            client = self._clients.labs(lab.subscription_id)
            # Without polling there is no thread that goes on asking after the return.
            client.custom_images.begin_create_or_update(lab.resource_group, lab.name, image.name, body, polling=False)

    def delete_image(self, lab: Lab, name: str) -> None:
        """Begins to delete a custom image: one DELETE."""
        from azure.core.exceptions import ResourceNotFoundError

        with asking(f"delete the custom image {name} of the lab {lab.name}", _LAB_USER):
            client = self._clients.labs(lab.subscription_id)
            try:
                client.custom_images.begin_delete(lab.resource_group, lab.name, name, polling=False)
            except ResourceNotFoundError:
                return


class _Tags:
    """Tags of a resource; Azure compares their names without case."""

    def __init__(self, tags: Mapping[str, str] | None) -> None:
        self._tags = {name.lower(): value for name, value in (tags or {}).items()}

    def get(self, name: str) -> str | None:
        return self._tags.get(name.lower()) or None


def _os_state(tag: str | None) -> OsState | None:
    states: dict[str, OsState] = {"": "Generalized", "generalized": "Generalized", "specialized": "Specialized"}
    return states.get((tag or "").strip().lower())


def _lab(lab: Any) -> Lab:
    where = parsed(lab.id)
    return Lab(
        id=lab.id.lower(),
        subscription_id=where.subscription_id,
        resource_group=where.resource_group,
        name=lab.name,
        region=normal(lab.location or ""),
        account=last_name(lab.artifacts_storage_account or lab.default_storage_account).lower(),
    )


def _custom_image(image: Any) -> CustomImage:
    tags = _Tags(image.tags)
    return CustomImage(
        name=image.name,
        image_path=tags.get("ImagePath"),
        record_id=tags.get("ImageFactoryRecord"),
        provisioning_state=image.provisioning_state or "",
        created_at=image.creation_date,
    )
