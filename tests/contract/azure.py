"""What tests of the real gateway alone ask for: the costs of a call, faults on its way, a copy and an image."""

import threading
from collections.abc import Callable
from typing import Any

from shared.domain.errors import FactoryError
from shared.domain.storage import BlobRef, CopyOwner, CopyStatus, NewImage
from shared.gateway.azure import AzureGateway
from tests.contract.stages import EmulatedStage

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
OWNER = CopyOwner(factory="f", run_id="20261123T030000Z-0a1b2c", source="a-record")


def asked(stage: EmulatedStage, call: Callable[[], object], service: str = "arm") -> list[str]:
    """The operations that a call costs at a service, in order; tokens are had before."""
    before = len(stage.azure.ledger()["requests"])
    call()
    return [entry["operation"] for entry in stage.azure.ledger()["requests"][before:] if entry["service"] == service]


def fault(stage: EmulatedStage, operation: str, *, path: str | None = None, **effect: Any) -> None:
    match = {"operation": operation} | ({"path": path} if path else {})
    stage.azure.add_fault({"match": match, **effect})


def image_of(vhd: BlobRef, name: str) -> NewImage:
    return NewImage(
        name=name,
        image_path="Linux/Ubuntu.json",
        record_id="5e0f6a52-0000-4000-8000-00000000000b",
        run_id="20261123T030000Z-0a1b2c",
        vhd=vhd,
        os_type="Linux",
        os_state="Specialized",
    )


def disk_of(gateway: AzureGateway, vm: str) -> str:
    disk = next(seen.disk for seen in gateway.labs.source_vms() if seen.name == vm)
    assert disk is not None
    return disk.id


def start_copy(gateway: AzureGateway, target: BlobRef) -> None:
    saved = next(image for image in gateway.vhds.catalogue().images if image.record.image_path == "Linux\\Ubuntu.json")
    url = gateway.vhds.read_url(gateway.vhds.image_storage(saved.record.vhd_file_name), 3600)
    gateway.vhds.start_copy(url, target, OWNER)


def assert_no_wait(call: Callable[[], object]) -> None:
    """Calls in a thread of its own; a client that sleeps does not come back in time."""
    outcome: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except FactoryError as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "it sleeps as long as the service asked"
    raise outcome[0]


def status_of(gateway: AzureGateway, place: BlobRef) -> CopyStatus | None:
    state = gateway.vhds.state(place)
    return state.copy_status if state else None
