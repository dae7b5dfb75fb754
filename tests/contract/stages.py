"""The two Azures that every gateway test runs on, made from one world file: the fake in memory and the emulator."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from local.cloud.arm.resources import stable_guid
from local.cloud.seeding import record_of
from local.cloud.world import World
from shared.domain import image_records
from shared.domain.image_paths import as_tag
from shared.domain.models import Lab
from shared.domain.storage import BlobRef
from shared.gateway.azure import AzureGateway
from shared.gateway.port import Gateway
from tests.emulation import EmulatedAzure
from tests.fakes.cloud import FakeCloud
from tests.fakes.gateway import FakeGateway
from tests.fakes.state import CopyFate

PATIENCE = 30.0  # seconds; the emulator needs a fraction of one
TICK = 0.02  # seconds


class Stage(Protocol):
    """An Azure to test on: its gateway, and what a test can make happen in it."""

    gateway: Gateway

    def pass_time(self) -> None:
        """Lets a little time pass."""
        ...

    def turn(self, vm: str, action: str) -> None:
        """Starts or deallocates a machine."""
        ...

    def decide_copy(self, target: BlobRef, fate: CopyFate) -> None:
        """Decides how the next copy to this blob ends."""
        ...

    def upload(self, place: BlobRef, text: bytes) -> None:
        """Writes a blob as somebody else would."""
        ...

    def put_labs_file(self, name: str, content: bytes) -> None:
        """Uploads a labs.json under this name."""
        ...

    def messages(self) -> list[str]:
        """The messages on the reports queue."""
        ...


def lab_of(stage: Stage, subscription_id: str, group: str, name: str) -> Lab:
    """A lab that must be there."""
    lab = stage.gateway.labs.find(subscription_id, group, name)
    assert lab is not None
    return lab


def wait_until(stage: Stage, condition: Callable[[], bool]) -> None:
    """Lets time pass until the condition holds; fails after half a minute."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        stage.pass_time()


class FakeStage:
    """The fake, set up as the world file says."""

    def __init__(self, world: World) -> None:
        self.cloud = fake_of(world)
        self.gateway: Gateway = FakeGateway(self.cloud)
        self._fates: dict[BlobRef, CopyFate] = {}
        self.cloud.copy_fate = lambda target, _: self._fates.pop(target, "success")

    def pass_time(self) -> None:
        self.cloud.advance(30)

    def turn(self, vm: str, action: str) -> None:
        self.cloud.advance(1)
        (self.cloud.start_vm if action == "start" else self.cloud.deallocate_vm)(vm)

    def decide_copy(self, target: BlobRef, fate: CopyFate) -> None:
        self._fates[target] = fate

    def upload(self, place: BlobRef, text: bytes) -> None:
        self.cloud.put_blob(place, text=text)

    def put_labs_file(self, name: str, content: bytes) -> None:
        self.cloud.put_labs_file(content, name)

    def messages(self) -> list[str]:
        return list(self.cloud.messages)


@dataclass
class EmulatedStage:
    """The real gateway before the emulated Azure."""

    azure: EmulatedAzure
    gateway: Gateway

    def pass_time(self) -> None:
        time.sleep(TICK)

    def turn(self, vm: str, action: str) -> None:
        self.azure.turn(vm, action)

    def decide_copy(self, target: BlobRef, fate: CopyFate) -> None:
        if fate != "success":
            end = {"stall": True} if fate == "stalled" else {"failCopy": 0.5}
            self.azure.add_fault({"match": {"service": "blob", "path": target.name}, **end})

    def upload(self, place: BlobRef, text: bytes) -> None:
        from azure.identity import DefaultAzureCredential
        from azure.storage.blob import BlobServiceClient

        with (
            DefaultAzureCredential() as credential,
            BlobServiceClient(f"{self.azure.cloud.blob}/{place.account}", credential) as blobs,
        ):
            container = blobs.get_container_client(place.container)
            if not container.exists():
                container.create_container()
            container.upload_blob(place.name, text, overwrite=True)

    def put_labs_file(self, name: str, content: bytes) -> None:
        self.upload(BlobRef(account=self.azure.world.app_account, container="image-factory", name=name), content)

    def messages(self) -> list[str]:
        from azure.identity import DefaultAzureCredential
        from azure.storage.queue import QueueClient, TextBase64DecodePolicy

        with (
            DefaultAzureCredential() as credential,
            QueueClient(
                self.azure.addresses.app_queue,
                "image-factory-reports",
                credential=credential,
                message_decode_policy=TextBase64DecodePolicy(),
            ) as queue,
        ):
            return [message.content for message in queue.peek_messages(32)]


def emulated_stage(azure: EmulatedAzure) -> EmulatedStage:
    """The real gateway before this emulated Azure, in whose environment the process must be."""
    return EmulatedStage(azure, AzureGateway(azure.addresses))


def fake_of(world: World) -> FakeCloud:
    """A FakeCloud that holds what the world file says, as far as the gateway can see it."""
    cloud = FakeCloud()
    cloud.labs.clear()
    cloud.images.clear()
    for lab in world.every_lab:
        made = cloud.add_lab(
            lab.name,
            region=lab.location,
            subscription_id=lab.subscription_id,
            resource_group=lab.resource_group.lower(),
            account=lab.artifacts_account,
        )
        cloud.factory = made if lab.key == world.factory_lab.key else cloud.factory
        for image in lab.images:
            cloud.add_image(
                made,
                image.name,
                image_path=_tag(image.image_path),
                record_id=image.record,
                state=image.state,
            )
    for region, account in world.hub_accounts.items():
        cloud.add_hub(region, account)
    for vm in world.vms:
        cloud.add_vm(
            vm.name,
            _tag(vm.image_path),
            power=vm.power,
            provisioning_state=vm.provisioning_state,
            os_type=vm.os_type,
            os_state="Specialized" if vm.image_state == "Specialized" else "Generalized",
            disk_mib=vm.disk_mib,
            generation=vm.hyper_v_generation,
            managed_disk=vm.managed_disk,
            data_disks=vm.data_disks,
            description=(vm.notes or "").removeprefix("Golden Image: "),
        )
    for saved in world.factory.images:
        record_id = stable_guid(world.factory_lab.key, "saved", saved.image_name)
        text = json.dumps(record_of(saved, f"{record_id}.vhd", None)).encode()
        cloud.add_saved_image(
            record_id,
            saved.image_path,
            saved.image_name,
            disk_mib=saved.disk_mib,
            vhd=not saved.without_vhd,
            record=image_records.parse(record_id, text),
        )
    return cloud


def _tag(image_path: str | None) -> str | None:
    return None if image_path is None else as_tag(image_path)
