"""The environment of the host: what it gets from a world and an emulated Azure, and what it must not inherit."""

import json

import pytest

from local.cloud.world import parse_world
from local.environment import CloudAddresses, host_environment
from shared import settings

WORLD = parse_world(
    json.dumps(
        {
            "factory": {
                "subscriptionId": "11111111-1111-1111-1111-111111111111",
                "resourceGroup": "factory-rg",
                "lab": "FactoryLab",
                "location": "westeurope",
            },
            "hubs": [{"location": "eastus2"}],
            "labs": [
                {
                    "subscriptionId": "22222222-2222-2222-2222-222222222222",
                    "resourceGroup": "red-rg",
                    "name": "Red",
                    "location": "eastus2",
                }
            ],
            "speeds": {"timeScale": 500},
        }
    )
)
READY = {
    "arm": "https://127.0.0.1:1001",
    "blob": "https://127.0.0.1:1002",
    "queue": "https://127.0.0.1:1003",
    "identityEndpoint": "http://127.0.0.1:1004/token",
    "identityHeader": "not-to-be-shown",
    "caFile": "/somewhere/ca.pem",
    "ledger": "https://127.0.0.1:1001/_emulator/ledger",
}
CLOUD = CloudAddresses.from_ready(READY)


def test_the_product_reads_the_world_from_the_environment() -> None:
    read = settings.read(host_environment(WORLD, CLOUD, base={}))
    assert str(read.factory_subscription_id) == "11111111-1111-1111-1111-111111111111"
    assert (read.factory_resource_group, read.factory_lab_name) == ("factory-rg", "FactoryLab")
    assert [str(each) for each in read.allowed_subscription_ids] == list(WORLD.subscriptions)
    assert read.region_hubs == {"eastus2": WORLD.hub_accounts["eastus2"]}
    assert read.arm_endpoint == "https://127.0.0.1:1001"
    assert read.blob_endpoint.format(account="red") == "https://127.0.0.1:1002/red"
    assert read.blob_service_uri == f"https://127.0.0.1:1002/{WORLD.app_account}"
    assert read.queue_service_uri == f"https://127.0.0.1:1003/{WORLD.app_account}"
    assert read.time_scale == 500
    assert read.managed_identity


def test_the_host_keeps_its_own_blobs_in_the_account_of_the_app() -> None:
    environment = host_environment(WORLD, CLOUD, base={})
    for key in ("blobServiceUri", "queueServiceUri", "credential"):
        assert environment[f"AzureWebJobsStorage__{key}"] == environment[f"FactoryStorage__{key}"]


@pytest.mark.parametrize(
    "name",
    ["AZURE_CLIENT_SECRET", "HTTPS_PROXY", "http_proxy", "ALL_PROXY", "MSI_ENDPOINT", "IDENTITY_SERVER_THUMBPRINT",
     "AzureWebJobsStorage", "FactoryStorage__serviceUri"],
)  # fmt: skip
def test_credentials_and_routes_of_the_real_world_are_not_inherited(name: str) -> None:
    assert name not in host_environment(WORLD, CLOUD, base={name: "foreign"})


def test_preset_certificate_bundles_are_replaced() -> None:
    base = {"REQUESTS_CA_BUNDLE": "/corporate.pem", "NODE_EXTRA_CA_CERTS": "/corporate.pem", "NO_PROXY": "example.org"}
    environment = host_environment(WORLD, CLOUD, base=base)
    assert environment["REQUESTS_CA_BUNDLE"] == environment["NODE_EXTRA_CA_CERTS"] == "/somewhere/ca.pem"
    assert environment["NO_PROXY"] == "127.0.0.1"


def test_everything_else_is_inherited_and_the_users_own_schedule_wins() -> None:
    environment = host_environment(WORLD, CLOUD, base={"PATH": "/bin", "REFRESH_SCHEDULE": "0 0 5 * * *"})
    assert (environment["PATH"], environment["REFRESH_SCHEDULE"]) == ("/bin", "0 0 5 * * *")
    assert settings.refresh_schedule(host_environment(WORLD, CLOUD, base={})) == settings.DEFAULT_REFRESH_SCHEDULE


def test_the_identity_header_is_not_shown() -> None:
    assert "not-to-be-shown" not in repr(CLOUD)
