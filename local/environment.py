"""The emulated Azure and the app's host as processes of this machine, and the settings that join them to a world.

It starts and addresses them; what a run does is the app's affair, and who asked for it the command line's.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from local.cloud.world import World
from local.processes import Children

ROOT = Path(__file__).resolve().parent.parent
# A cold start of Azurite from a slow disk takes several seconds, the first import of the SDKs too.
READY_SECONDS = 60.0
UPLOAD_SECONDS = 60.0
# Credentials and routes of the real world, which must not reach an emulated one.
FOREIGN_PREFIXES = ("AZURE_", "AZUREWEBJOBS", "FACTORYSTORAGE", "IDENTITY_", "IMDS_", "MSI_")
FOREIGN_SUFFIXES = ("_PROXY",)


@dataclass(frozen=True)
class CloudAddresses:
    """Where an emulated Azure listens, as the line says that it prints when ready."""

    arm: str
    blob: str
    queue: str
    identity_endpoint: str
    identity_header: str = field(repr=False)
    ca_file: str
    ledger: str

    @classmethod
    def from_ready(cls, line: Mapping[str, Any]) -> Self:
        """The addresses of a ready line; raises KeyError for one that is missing."""
        return cls(
            arm=line["arm"],
            blob=line["blob"],
            queue=line["queue"],
            identity_endpoint=line["identityEndpoint"],
            identity_header=line["identityHeader"],
            ca_file=line["caFile"],
            ledger=line["ledger"],
        )


@dataclass(frozen=True)
class HostAddresses:
    """Where the app's host listens, and the key of its functions."""

    url: str
    function_key: str = field(repr=False)


def host_environment(world: World, cloud: CloudAddresses, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a host that serves a world's factory: `base` without foreign credentials, and the settings."""
    environment = {name: value for name, value in base.items() if not _foreign(name)}
    environment.setdefault("REFRESH_SCHEDULE", "0 0 3 * * *")
    return environment | _settings(world, cloud) | _trust(cloud)


def start_cloud(children: Children, world: Path, *, port: int = 0) -> dict[str, str]:
    """Start the emulated Azure of a world file; returns the line that it prints when ready. Raises ChildError."""
    command = [sys.executable, "-m", "local.cloud", "--world", str(world), "--port", str(port)]
    return children.start("emulated Azure", command, os.environ).ready(READY_SECONDS)


def start_host(children: Children, environment: Mapping[str, str]) -> HostAddresses:
    """Start the app in the local Functions host and wait until it is ready. Raises ChildError."""
    command = [sys.executable, "-m", "local.host", "--app", str(ROOT), "--port", "0", "--exit-with-parent"]
    line = children.start("Functions host", command, environment).ready(READY_SECONDS)
    return HostAddresses(url=line["url"], function_key=line["functionKey"])


def upload_labs(children: Children, labs: Path, environment: Mapping[str, str]) -> None:
    """Upload a labs.json with the SDK and login that `environment` gives. Raises ChildError."""
    command = [sys.executable, "-m", "local.upload", environment["FactoryStorage__blobServiceUri"], str(labs)]
    children.run("upload of labs.json", command, environment, seconds=UPLOAD_SECONDS)


def _settings(world: World, cloud: CloudAddresses) -> dict[str, str]:
    storage = {
        "blobServiceUri": f"{cloud.blob}/{world.app_account}",
        "queueServiceUri": f"{cloud.queue}/{world.app_account}",
        "credential": "managedidentity",
    }
    connections = ("FactoryStorage", "AzureWebJobsStorage")
    return {f"{connection}__{key}": value for connection in connections for key, value in storage.items()} | {
        "FACTORY_SUBSCRIPTION_ID": world.factory.subscription_id,
        "FACTORY_RESOURCE_GROUP": world.factory.resource_group,
        "FACTORY_LAB_NAME": world.factory.lab,
        "ALLOWED_SUBSCRIPTION_IDS": ",".join(world.subscriptions),
        "REGION_HUBS": json.dumps(world.hub_accounts),
        "ARM_ENDPOINT": cloud.arm,
        "BLOB_ENDPOINT": f"{cloud.blob}/{{account}}",
        "LABS_TRIGGER_SOURCE": "Polling",
        "TIME_SCALE": str(world.speeds.time_scale),
    }


def _trust(cloud: CloudAddresses) -> dict[str, str]:
    return {
        "IDENTITY_ENDPOINT": cloud.identity_endpoint,
        "IDENTITY_HEADER": cloud.identity_header,
        "REQUESTS_CA_BUNDLE": cloud.ca_file,
        "SSL_CERT_FILE": cloud.ca_file,
        "NODE_EXTRA_CA_CERTS": cloud.ca_file,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _foreign(name: str) -> bool:
    upper = name.upper()
    return upper.startswith(FOREIGN_PREFIXES) or upper.endswith(FOREIGN_SUFFIXES)
