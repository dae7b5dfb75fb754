"""The front's own rules with the real SDKs: keys, delegation, hosts, faults, queues, seeding, disks."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.storage.blob import BlobSasPermissions, generate_blob_sas

from local.cloud.faults import Fault
from local.cloud.storage.vhd import MIB, PAGE, fixed_vhd, sha256
from tests.local.cloud.storage.rooms import Room, ended, refusal

pytestmark = pytest.mark.emulator
ACCOUNT_KEY = "a2V5IG9mIGFuIGFjY291bnQ="


def fetched(room: Room, url: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    """Send a request without any SDK; return status, headers and body."""
    context = ssl.create_default_context(cafile=str(room.storage.certificates.ca_file))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(urllib.request.Request(url, method=method, headers=headers)) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def requests(room: Room, name: str) -> list[tuple[str, int, str | None]]:
    """Return what the ledger holds of one blob: operation, status, fault."""
    entries = room.storage.ledger.snapshot()["requests"]
    return [
        (entry["operation"], entry["status"], entry["injected"]) for entry in entries if entry["path"].endswith(name)
    ]


def test_account_keys_open_nothing(room: Room) -> None:
    room.vhd()

    answer = refusal(lambda: room.blob("image.vhd", account="factory", credential=ACCOUNT_KEY).get_blob_properties())

    assert answer == (403, "KeyBasedAuthenticationNotPermitted")


def test_signature_made_with_an_account_key_opens_nothing(room: Room) -> None:
    room.vhd()
    signature = generate_blob_sas(
        "factory",
        room.container,
        "image.vhd",
        account_key=ACCOUNT_KEY,
        permission=BlobSasPermissions(read=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )

    status, headers, _ = fetched(room, f"{room.storage.url('factory', room.container, 'image.vhd')}?{signature}")

    assert (status, headers["x-ms-error-code"]) == (403, "KeyBasedAuthenticationNotPermitted")


def test_user_delegation_signature_reads_its_blob_and_no_other(room: Room) -> None:
    content = room.vhd()
    room.vhd("other.vhd", seed="other")
    own = room.signed()

    assert fetched(room, own, **{"x-ms-range": f"bytes=0-{PAGE - 1}"})[2] == content.read(0, PAGE)
    assert fetched(room, own.replace("image.vhd", "other.vhd"))[0] == 403


def test_delegation_key_lives_at_most_seven_days(room: Room) -> None:
    service, now = room.storage.blobs("factory"), datetime.now(UTC)

    service.get_user_delegation_key(now, now + timedelta(days=7) - timedelta(minutes=1))
    answer = refusal(lambda: service.get_user_delegation_key(now, now + timedelta(days=7, minutes=1)))

    assert answer == (400, "InvalidXmlNodeValue")


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_foreign_hosts_and_origins_are_refused(room: Room, headers: dict[str, str]) -> None:
    assert fetched(room, f"{room.storage.front.blob_endpoint}/factory?comp=list", **headers)[0] == 403
    assert fetched(room, f"{room.storage.front.queue_endpoint}/factory?comp=list", **headers)[0] == 403


def test_what_is_not_emulated_is_said_by_its_name(room: Room) -> None:
    room.vhd()

    with pytest.raises(HttpResponseError, match="Snapshot Blob") as caught:
        room.blob("image.vhd", account="factory").create_snapshot()

    assert caught.value.status_code == 501


def test_fault_answers_instead_of_the_service(room: Room) -> None:
    room.storage.faults.add(
        Fault(kind="status", path=f"{room.container}/busy", status=503, code="ServerBusy", retry_after=7)
    )
    blob = room.blob("busy", account="factory")

    with pytest.raises(HttpResponseError) as caught:
        blob.upload_blob(b"text")

    answer: Any = caught.value.response
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (503, "ServerBusy")
    assert answer.headers["Retry-After"] == "7"
    assert not blob.exists()
    assert requests(room, "busy")[0] == ("Put Blob", 503, "status")


def test_dropped_connection_comes_before_the_effect(room: Room) -> None:
    room.storage.faults.add(Fault(kind="reset", path=f"{room.container}/reset"))
    blob = room.blob("reset", account="factory")

    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        blob.upload_blob(b"text")

    assert not blob.exists()
    assert requests(room, "reset")[0] == ("Put Blob", 0, "reset")


def test_lost_answer_comes_after_the_effect(room: Room) -> None:
    room.storage.faults.add(Fault(kind="lostAnswer", path=f"{room.container}/lost"))
    blob = room.blob("lost", account="factory")

    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        blob.upload_blob(b"text")

    assert blob.download_blob().readall() == b"text"
    assert requests(room, "lost")[0] == ("Put Blob", 0, "lostAnswer")


def test_largest_write_of_pages_passes(room: Room) -> None:
    pages = bytes(range(256)) * (4 * MIB // 256)
    blob = room.blob("big.vhd", account="factory")
    blob.create_page_blob(4 * MIB)

    blob.upload_page(pages, 0, 4 * MIB)

    assert blob.download_blob().readall() == pages


def test_messages_travel_through_a_queue(room: Room) -> None:
    room.storage.run(room.storage.front.ensure_queue("factory", room.container))
    room.storage.run(room.storage.front.ensure_queue("factory", room.container))
    queue = room.storage.queues("factory").get_queue_client(room.container)

    queue.send_message("hello")
    message = queue.receive_message()
    assert message is not None
    queue.delete_message(message)

    assert message.content == "hello"
    assert queue.get_queue_properties().approximate_message_count == 0
    assert ("Put Message", 201, None) in requests(room, f"{room.container}/messages")


def test_fault_reaches_a_queue(room: Room) -> None:
    room.storage.run(room.storage.front.ensure_queue("factory", room.container))
    room.storage.faults.add(Fault(kind="status", operation="Put Message", path=room.container, status=500))

    with pytest.raises(HttpResponseError):
        room.storage.queues("factory").get_queue_client(room.container).send_message("hello")


def test_text_of_a_world_is_there(room: Room) -> None:
    text = json.dumps({"name": "café"})

    room.storage.run(room.storage.front.upload_text("factory", room.container, "a folder/record.json", text))

    stored = room.blob("a folder/record.json", account="factory").download_blob().readall()
    assert json.loads(stored) == {"name": "café"}


def test_facts_of_a_blob_hold_what_an_image_needs(room: Room) -> None:
    content, front = room.vhd(), room.storage.front
    copy = room.blob("copy.vhd")
    copy.start_copy_from_url(room.signed())
    etag = ended(copy).etag

    facts = room.storage.run(front.blob_facts(room.storage.url("lab", room.container, "copy.vhd")))

    assert facts is not None
    assert (facts.account, facts.container, facts.name) == ("lab", room.container, "copy.vhd")
    assert (facts.size, facts.blob_type, facts.copy_status) == (content.size, "PageBlob", "success")
    assert facts.etag == etag
    assert facts.footer == content.read(content.size - PAGE, content.size)


def test_there_are_no_facts_of_what_is_missing_or_elsewhere(room: Room) -> None:
    front = room.storage.front

    assert room.storage.run(front.blob_facts(room.storage.url("lab", room.container, "missing.vhd"))) is None
    assert room.storage.run(front.blob_facts("https://example.org/lab/vhds/image.vhd")) is None


def test_hash_of_a_blob_is_that_of_its_whole_content(room: Room) -> None:
    content = room.vhd()

    found = room.storage.run(room.storage.front.blob_sha256(room.storage.url("factory", room.container, "image.vhd")))

    assert found == sha256(content)


def test_disk_is_read_whole_and_in_ranges(room: Room) -> None:
    disk = fixed_vhd("disk", 1)
    url = room.export(disk)

    status, headers, body = fetched(room, url, "HEAD")
    assert (status, headers["Content-Length"], headers["x-ms-blob-type"], body) == (
        200,
        str(disk.size),
        "PageBlob",
        b"",
    )
    assert fetched(room, url)[2] == disk.read(0, disk.size)
    status, headers, body = fetched(room, url, Range=f"bytes={disk.size - PAGE}-")
    assert (status, body) == (206, disk.read(disk.size - PAGE, disk.size))
    assert headers["Content-Range"] == f"bytes {disk.size - PAGE}-{disk.size - 1}/{disk.size}"
    assert fetched(room, url, Range=f"bytes={disk.size}-")[0] == 416


def test_disk_without_access_is_not_read(room: Room) -> None:
    url = room.export(fixed_vhd("disk", 1))

    room.storage.disks.contents.clear()

    assert fetched(room, url)[0] == 403
