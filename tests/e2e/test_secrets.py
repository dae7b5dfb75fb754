"""No secret shows anywhere: not in documents, messages, logs, answers or the engine, also not when copies fail."""

import re
from typing import Any

import pytest

from tests.e2e import worlds
from tests.e2e.app_client import FINAL
from tests.e2e.running import RunningFactory

pytestmark = [pytest.mark.emulator, pytest.mark.func_host]

LABS = worlds.wanted(Blue=["Win2022"], Red=[""], Green=["Win2022", "Linux"])
# A signature in any spelling, a bearer token of the emulated directory, an authorization header.
SECRETS = re.compile(rb"sig(=|%3d)|[?&]se=|\beyJ[A-Za-z0-9_-]{10,}\.|\bBearer |skoid", re.IGNORECASE)


@pytest.fixture(scope="module")
def runs(factory: RunningFactory) -> list[str]:
    """A run on which much fails, and one that repairs it: errors quote addresses more readily than success does."""
    copies = {"service": "blob", "method": "PUT", "operation": "Copy Blob"}
    factory.azure.add_fault({"match": {**copies, "path": "/hub"}, "failCopy": 0.5, "times": 2})
    factory.azure.add_fault({"match": {**copies, "path": "/ared"}, "status": 403, "code": "AuthenticationFailed"})
    factory.azure.add_fault({"match": {**copies, "path": "/ablue"}, "failCopy": 0.1, "times": 5})
    factory.azure.add_fault({"match": {"operation": "Disks_GrantAccess"}, "status": 500, "code": "InternalServerError"})
    first = factory.app.run({"labs": LABS})
    second = factory.app.run({"labs": LABS})
    assert "failed" in {each["outcome"] for each in first["deliveries"]}
    assert {each["source"] for each in (*first["deliveries"], *second["deliveries"])} >= {"hub", "factory"}
    return [first["runId"], second["runId"]]


def known_secrets(factory: RunningFactory) -> list[bytes]:
    """Values that only their owners may know."""
    values = (factory.app.function_key, factory.app.master_key, factory.azure.cloud.identity_header)
    return [value.encode() for value in values]


def leaks(factory: RunningFactory, named: dict[str, bytes]) -> dict[str, bytes]:
    """What of these texts holds a secret, with the text around it."""
    found = {}
    for name, content in named.items():
        for secret in known_secrets(factory):
            if secret in content:
                found[name] = b"a key"
        if (match := SECRETS.search(content)) is not None:
            found[name] = content[max(0, match.start() - 60) : match.end() + 20]
    return found


def test_the_search_would_find_a_signature(factory: RunningFactory) -> None:
    url = b"https://account.blob.example/container/blob.vhd?se=2026-11-23&sp=r&sig=abc%3D"
    assert leaks(factory, {"planted": url, "key": factory.app.master_key.encode()}).keys() == {"planted", "key"}


def test_no_document_holds_a_secret(factory: RunningFactory, runs: list[str]) -> None:
    documents = factory.stores.documents()
    assert any(name.startswith(f"runs/{runs[0]}/journal/") for name in documents)
    assert leaks(factory, documents) == {}


def test_no_saved_record_holds_a_secret(factory: RunningFactory, runs: list[str]) -> None:
    container = factory.stores.container(factory.azure.world.factory_lab.artifacts_account, "imagefactoryvhds")
    names = [name for name in factory.stores.saved_images() if name.endswith(".json")]
    assert names
    assert leaks(factory, {name: container.download_blob(name).readall() for name in names}) == {}


def test_no_message_holds_a_secret(factory: RunningFactory, runs: list[str]) -> None:
    messages = factory.stores.messages("image-factory-reports")
    assert len(messages) >= len(runs)
    assert leaks(factory, {text[:40]: text.encode() for text in messages}) == {}


def test_the_log_of_the_host_holds_no_secret(factory: RunningFactory, runs: list[str]) -> None:
    assert leaks(factory, {"log": factory.log.read_bytes()}) == {}


def test_the_ledger_of_requests_holds_no_secret(factory: RunningFactory, runs: list[str]) -> None:
    assert leaks(factory, {"ledger": str(factory.azure.ledger()).encode()}) == {}


def test_no_answer_holds_a_secret(factory: RunningFactory, runs: list[str]) -> None:
    paths = ["/api/runs"]
    for run_id in runs:
        paths += [
            f"/api/runs/{run_id}",
            *(f"/api/runs/{run_id}/report?format={form}" for form in ("html", "json", "csv")),
        ]
    answers = {path: factory.app.call("GET", path) for path in paths}
    assert {answer.status for answer in answers.values()} == {200}
    accepted = factory.app.call("POST", "/api/runs", {"dryRun": True, "labs": LABS})
    answers["accepted"] = accepted
    factory.app.ended(accepted.json()["id"])
    content = {path: answer.body + str(answer.headers).encode() for path, answer in answers.items()}
    assert leaks(factory, content) == {}


def test_what_the_engine_keeps_of_orchestrations_holds_no_secret(factory: RunningFactory, runs: list[str]) -> None:
    kept: dict[str, bytes] = {}
    for run_id in runs:
        for name in (run_id, f"{run_id}:save-0", f"{run_id}:{worlds.HOME}", f"{run_id}:{worlds.AWAY}"):
            answer: Any = factory.app.call(
                "GET", f"/runtime/webhooks/durabletask/instances/{name}", key=factory.app.master_key
            )
            if answer.status == 200:
                kept[name] = answer.body
    assert {name.partition(":")[2] for name in kept} >= {"", worlds.HOME, worlds.AWAY}
    assert leaks(factory, kept) == {}


def test_the_engines_own_addresses_are_not_handed_out(factory: RunningFactory, runs: list[str]) -> None:
    answer = factory.app.call("GET", f"/api/runs/{runs[0]}")
    assert answer.json()["status"] in FINAL
    assert b"/runtime/webhooks" not in answer.body
