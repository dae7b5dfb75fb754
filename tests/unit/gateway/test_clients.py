"""The SDK clients: made late, one per subscription or account, with retries of their own and one pool."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.domain.errors import Refused
from shared.gateway.clients import AzureAddresses, AzureClients

ROOT = Path(__file__).resolve().parents[3]
ADDRESSES = AzureAddresses(
    subscription_id="7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01",
    resource_group="image-factory",
    lab="ImageFactory",
    app_blob="https://127.0.0.1:1/app",
    app_queue="https://127.0.0.1:2/app",
    managed_identity=False,
    arm="https://127.0.0.1:3",
    blob="https://127.0.0.1:1/{account}",
)


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> AzureClients:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:4/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    return AzureClients(ADDRESSES)


def retry_policy_of(client: Any) -> Any:
    return client._config.retry_policy


def test_importing_the_gateway_loads_no_azure_sdk() -> None:
    names = sorted(path.stem for path in (ROOT / "shared" / "gateway").glob("*.py") if path.stem != "__init__")
    imports = "; ".join(f"import shared.gateway.{name}" for name in names)
    check = (
        "import sys; print([name for name in sys.modules if name.partition('.')[0] in ('azure', 'msal', 'requests')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", f"{imports}; {check}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert len(names) > 8
    assert answer.stdout.strip() == "[]"


def test_each_subscription_and_account_has_one_client(clients: AzureClients) -> None:
    assert clients.labs("A") is clients.labs("a")
    assert clients.labs("a") is not clients.labs("b")
    assert clients.compute("a") is clients.compute("A")
    assert clients.storage("one") is clients.storage("one")
    assert clients.storage("one") is not clients.storage("two")
    assert clients.app_storage() is clients.app_storage()
    assert clients.reports_queue() is clients.reports_queue()


def test_no_two_clients_share_a_retry_policy(clients: AzureClients) -> None:
    arm = [retry_policy_of(client) for client in (clients.labs("a"), clients.labs("b"), clients.compute("a"))]
    storage = [retry_policy_of(client) for client in (clients.storage("one"), clients.storage("two"))]
    assert len({id(policy) for policy in [*arm, *storage]}) == 5


def test_addresses_are_those_that_were_given(clients: AzureClients) -> None:
    assert clients.storage("acct").url == "https://127.0.0.1:1/acct/"
    assert clients.app_storage().url == "https://127.0.0.1:1/app/"
    assert clients.reports_queue().url == "https://127.0.0.1:2/app/image-factory-reports"


def test_public_azure_is_the_default() -> None:
    addresses = AzureAddresses(
        subscription_id="s", resource_group="g", lab="l", app_blob="b", app_queue="q", managed_identity=False
    )
    assert addresses.arm == "https://management.azure.com"
    assert addresses.blob.format(account="acct") == "https://acct.blob.core.windows.net"


def test_a_lab_without_storage_account_is_refused_in_words(clients: AzureClients) -> None:
    with pytest.raises(Refused, match="no storage account"):
        clients.storage("")


@pytest.mark.parametrize("managed_identity", [True, False])
def test_the_managed_identity_is_asked_only_where_there_is_one(
    managed_identity: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:4/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header")
    made = AzureClients(replace(ADDRESSES, managed_identity=managed_identity))
    kinds = {type(each).__name__ for each in made._credential.credentials}
    assert ("ManagedIdentityCredential" in kinds) is managed_identity
