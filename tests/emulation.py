"""One emulated Azure as a child process, for tests that need the real SDKs: its addresses, environment and controls."""

import json
import os
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.cloud.world import World, load_world
from local.environment import ROOT, CloudAddresses, host_environment, start_cloud
from local.processes import Children
from shared.gateway.clients import AzureAddresses


@dataclass(frozen=True)
class EmulatedAzure:
    """A running emulated Azure. The controls under `/_emulator/` are the tests' own door to it."""

    world: World
    cloud: CloudAddresses

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that is to see this Azure and no other."""
        return host_environment(self.world, self.cloud)

    @property
    def addresses(self) -> AzureAddresses:
        """What the gateway needs to know."""
        return AzureAddresses(
            subscription_id=self.world.factory.subscription_id,
            resource_group=self.world.factory.resource_group,
            lab=self.world.factory.lab,
            arm=self.cloud.arm,
            blob=f"{self.cloud.blob}/{{account}}",
            app_blob=f"{self.cloud.blob}/{self.world.app_account}",
            app_queue=f"{self.cloud.queue}/{self.world.app_account}",
            managed_identity=True,
        )

    def ledger(self) -> dict[str, Any]:
        """All requests and copies so far."""
        return self._ask("GET", "ledger")

    def state(self) -> dict[str, Any]:
        """The labs with their images, the machines and the disks as they are now."""
        return self._ask("GET", "state")

    def turn(self, vm: str, action: str) -> None:
        """Starts or deallocates a machine of the factory lab."""
        self._ask("POST", f"vms/{self.world.factory.lab}/{vm}/{action}")

    def add_fault(self, fault: Mapping[str, Any]) -> None:
        """Adds one fault of the world files' kind."""
        self._ask("POST", "faults", fault)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.cloud.arm}/_emulator/{path}", data, method=method)
        trust = ssl.create_default_context(cafile=self.cloud.ca_file)
        # Without the machine's proxies: they do not know this loopback.
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=trust), urllib.request.ProxyHandler({})
        )
        with opener.open(request, timeout=30) as answer:
            value: dict[str, Any] = json.load(answer)
            return value


@contextmanager
def emulated(world: Path, logs: Path) -> Iterator[EmulatedAzure]:
    """Runs the emulated Azure of a world file. This process's environment stays as it is: see `enter`."""
    with Children(folder=ROOT, logs=logs) as children:
        yield EmulatedAzure(load_world(world), CloudAddresses.from_ready(start_cloud(children, world)))


def enter(azure: EmulatedAzure, patch: pytest.MonkeyPatch) -> None:
    """Lets the SDKs of this process see the emulated Azure and no other, until the patch is undone."""
    wanted = azure.environment
    for name in set(os.environ) - set(wanted):
        patch.delenv(name)
    for name, value in wanted.items():
        patch.setenv(name, value)
