"""Runs that do not get on: a copy stands still until somebody ends it, so that a test can act in the meantime."""

from tests.e2e.app_client import wait_until
from tests.e2e.running import IMAGES, RunningFactory


def hold_saving(factory: RunningFactory, vm: str = "golden1") -> None:
    """Let the next export of this machine stand still; it is changed, so that there is one."""
    factory.azure.turn(vm, "start")
    factory.azure.turn(vm, "deallocate")
    stall_next_copy(factory, factory.azure.world.factory_lab.artifacts_account, IMAGES)


def stall_next_copy(factory: RunningFactory, account: str, container: str) -> None:
    """Let the next copy into this container stand still for ever."""
    target = factory.stores.container(account, container)
    if not target.exists():
        target.create_container()  # else the first copy is refused for want of it, and the fault would be spent
    match = {"service": "blob", "method": "PUT", "path": f"/{account}/{container}/", "operation": "Copy Blob"}
    factory.azure.add_fault({"match": match, "stall": True})


def started_and_held(factory: RunningFactory, body: object = None) -> str:
    """Start a run and wait until its export stands still; returns its id."""
    run_id = factory.app.start(body)
    factory.app.becomes(run_id, "Running")
    wait_until(factory.granted, "a disk to be exported")
    return run_id
