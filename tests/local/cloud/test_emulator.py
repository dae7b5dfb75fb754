"""The whole emulated Azure: an image saved from a VM and delivered to a lab, all by Microsoft's own clients."""

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from azure.identity import DefaultAzureCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.devtestlabs import DevTestLabsClient
from azure.mgmt.devtestlabs.models import CustomImage, CustomImagePropertiesCustom
from azure.storage.blob import BlobClient, BlobServiceClient, generate_blob_sas

from local.cloud.emulator import Addresses, Emulator
from local.cloud.storage.vhd import fixed_vhd
from local.cloud.world import World, parse_world

ROOT = Path(__file__).parents[3]
SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
WORLD = {
    "factory": {
        "subscriptionId": SUBSCRIPTION,
        "resourceGroup": "factory",
        "lab": "Factory",
        "location": "westeurope",
        "images": [
            {"imagePath": "Old/One.json", "imageName": "Old_One", "osType": "Linux", "diskMiB": 8,
             "timestamp": "2026-01-31T17:04:07Z", "description": "old"},
            {"imagePath": "Old/Two.json", "imageName": "Old_Two", "osType": "Linux", "diskMiB": 8,
             "timestamp": "2026-02-01T00:00:00Z", "formatVersion": 2, "sourceVm": "golden", "withoutVhd": True},
        ],
    },
    "vms": [{"name": "golden", "imagePath": "a/b.json", "osType": "Linux", "power": "deallocated", "diskMiB": 30720}],
    "labs": [
        {"subscriptionId": SUBSCRIPTION, "resourceGroup": "team", "name": "Team", "location": "westeurope"},
    ],
    "speeds": {"timeScale": 1000000},
}  # fmt: skip


class Cloud:
    """A running emulator with the clients of its world."""

    def __init__(self, world: World, addresses: Addresses, credential: DefaultAzureCredential) -> None:
        self.world = world
        self.addresses = addresses
        self.credential = credential
        self.trust: dict[str, Any] = {"connection_verify": str(addresses.ca_file)}

    def labs(self) -> DevTestLabsClient:
        return DevTestLabsClient(
            self.credential, SUBSCRIPTION, base_url=self.addresses.arm, polling_interval=0.01, **self.trust
        )

    def compute(self) -> ComputeManagementClient:
        return ComputeManagementClient(
            self.credential, SUBSCRIPTION, base_url=self.addresses.arm, polling_interval=0.01, **self.trust
        )

    def storage(self, account: str) -> BlobServiceClient:
        return BlobServiceClient(f"{self.addresses.blob}/{account}", credential=self.credential, **self.trust)

    def own(self, path: str) -> Any:
        with requests.Session() as session:
            # A bundle named in the environment would win over this one.
            session.trust_env = False
            return session.get(f"{self.addresses.arm}/_emulator/{path}", verify=str(self.addresses.ca_file)).json()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    world = parse_world(json.dumps(WORLD))
    started: Future[tuple[Addresses, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        try:
            emulator = await Emulator.start(world, workdir=tmp_path_factory.mktemp("cloud"))
        except BaseException as error:
            started.set_exception(error)
            raise
        stop = asyncio.Event()
        started.set_result((emulator.addresses, asyncio.get_running_loop(), stop))
        await stop.wait()
        await emulator.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    addresses, loop, stop = started.result(60)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IDENTITY_ENDPOINT", addresses.identity_endpoint)
        environment.setenv("IDENTITY_HEADER", addresses.identity_header)
        credential = DefaultAzureCredential()
        yield Cloud(world, addresses, credential)
        credential.close()
    loop.call_soon_threadsafe(stop.set)
    thread.join(30)


def finished(blob: BlobClient) -> str:
    """Wait for the end of the copy that makes a blob, and return its outcome."""
    while (status := blob.get_blob_properties().copy.status) == "pending":
        pass
    return str(status)


def readable(blob: BlobClient, service: BlobServiceClient, account: str) -> str:
    """The address of a blob with a user-delegation SAS that reads it."""
    begin, end = (datetime.now(UTC) + timedelta(minutes=minutes) for minutes in (-5, 60))
    signature = generate_blob_sas(
        account,
        blob.container_name,
        blob.blob_name,
        user_delegation_key=service.get_user_delegation_key(begin, end),
        permission="r",
        start=begin,
        expiry=end,
    )
    return f"{blob.url}?{signature}"


@pytest.mark.emulator
def test_a_disk_becomes_a_saved_vhd_and_then_a_custom_image(cloud: Cloud) -> None:
    factory, team = (lab.artifacts_account for lab in cloud.world.every_lab)
    state = cloud.own("state")
    disk = state["disks"][0]
    group, name = disk["id"].split("/")[4], disk["id"].split("/")[-1]
    read: Any = {"access": "Read", "durationInSeconds": 3600}
    with cloud.compute() as compute, cloud.labs() as labs, cloud.storage(factory) as home, cloud.storage(team) as there:
        sas = compute.disks.begin_grant_access(group, name, read).result().access_sas
        saved = home.create_container("saved").get_blob_client("one.vhd")
        saved.start_copy_from_url(str(sas))
        assert finished(saved) == "success"
        compute.disks.begin_revoke_access(group, name).result()
        assert cloud.own("state")["disks"][0]["granted"] is False

        staged = there.create_container("staging").get_blob_client("one.vhd")
        staged.start_copy_from_url(readable(saved, home, factory))
        assert finished(staged) == "success"
        vhd = CustomImagePropertiesCustom(os_type="Linux", image_name=staged.url, sys_prep=True)
        image = CustomImage(vhd=vhd, tags={"ImagePath": "a\\b.json"})
        made = labs.custom_images.begin_create_or_update("team", "Team", "a_b", image).result()
        staged.delete_blob()
    assert made.provisioning_state == "Succeeded"
    shown = next(lab for lab in cloud.own("state")["labs"] if lab["name"] == "Team")["images"][0]
    assert shown["tags"] == {"ImagePath": "a\\b.json"}
    assert shown["source"]["footerSha256"] == disk["footerSha256"]
    assert shown["source"]["sizeBytes"] == 30720 * 1024 * 1024 + 512
    assert "sig=" not in json.dumps([cloud.own("state"), cloud.own("ledger")])


@pytest.mark.emulator
def test_a_revoked_sas_reads_no_more(cloud: Cloud) -> None:
    disk = cloud.own("state")["disks"][0]["id"].split("/")
    read: Any = {"access": "Read", "durationInSeconds": 3600}
    with cloud.compute() as compute, requests.Session() as session:
        session.trust_env = False
        session.verify = str(cloud.addresses.ca_file)
        sas = str(compute.disks.begin_grant_access(disk[4], disk[-1], read).result().access_sas)
        assert session.get(sas, headers={"Range": "bytes=0-511"}).status_code == 206
        compute.disks.begin_revoke_access(disk[4], disk[-1]).result()
        assert session.get(sas, headers={"Range": "bytes=0-511"}).status_code == 403


@pytest.mark.emulator
def test_saved_images_of_the_world_are_in_storage(cloud: Cloud) -> None:
    disk = cloud.own("state")["disks"][0]
    with cloud.storage(cloud.world.factory_lab.artifacts_account) as service:
        container = service.get_container_client("imagefactoryvhds")
        names = sorted(container.list_blob_names())
        records = [json.loads(container.download_blob(name).readall()) for name in names if name.endswith(".json")]
        old, new = sorted(records, key=lambda record: record["imageName"])
        assert container.get_blob_client(old["vhdFileName"]).get_blob_properties().size == 8 * 1024 * 1024 + 512
    assert old == {
        "imageName": "Old_One",
        "imagePath": "Old\\One.json",
        "description": "old",
        "osType": "Linux",
        "vhdFileName": old["vhdFileName"],
        "timestamp": "1/31/2026 5:04:07 PM",
    }
    assert new["timestamp"] == "2026-02-01T00:00:00Z"
    assert (new["formatVersion"], new["sourceDiskUniqueId"]) == (2, disk["uniqueId"])
    assert new["sourceDiskOwnershipTime"] == disk["lastOwnershipUpdateTime"]
    assert new["vhdFileName"] not in names


@pytest.mark.emulator
def test_an_uploaded_vhd_is_listed_and_becomes_a_custom_image(cloud: Cloud) -> None:
    content = fixed_vhd("mine", 4)
    with cloud.labs() as labs:
        uri = str(labs.labs.generate_upload_uri("team", "Team", "folder/My disk.vhd").upload_uri)
        with BlobClient.from_blob_url(uri, **cloud.trust) as blob:
            blob.upload_blob(content.read(0, content.size), blob_type="PageBlob", overwrite=True)
            assert blob.get_blob_properties().size == content.size
        listed = [str(vhd.id) for vhd in labs.labs.list_vhds("team", "Team")]
        assert [url.rpartition("/uploads/")[2] for url in listed] == ["folder/My%20disk.vhd"]
        vhd = CustomImagePropertiesCustom(os_type="Linux", image_name=listed[0], sys_prep=False)
        made = labs.custom_images.begin_create_or_update("team", "Team", "mine", CustomImage(vhd=vhd)).result()
    assert made.provisioning_state == "Succeeded"


@pytest.mark.emulator
def test_an_upload_address_opens_its_own_blob_only(cloud: Cloud) -> None:
    with cloud.labs() as labs, requests.Session() as session:
        uri = str(labs.labs.generate_upload_uri("team", "Team", "one.vhd").upload_uri)
        session.trust_env = False
        session.verify = str(cloud.addresses.ca_file)
        session.headers["x-ms-version"] = "2021-08-06"
        block = {"x-ms-blob-type": "BlockBlob"}
        assert session.put(uri, data=b"x", headers=block).status_code == 201
        assert session.put(uri.replace("one.vhd", "two.vhd"), data=b"x", headers=block).status_code == 403
        assert session.put(uri.replace("sig=", "sig=x"), data=b"x", headers=block).status_code == 403
        assert session.delete(uri).status_code == 403
        container = uri.partition("/one.vhd")[0] + "?restype=container&comp=list&" + uri.partition("?")[2]
        assert session.get(container).status_code == 403
    assert "sig=" not in json.dumps(cloud.own("ledger"))


@pytest.mark.emulator
@pytest.mark.parametrize("service", ["blob", "queue"])
@pytest.mark.parametrize("path", ["%zz", "%ff", "a/%00", "%", "a/%e2%82/b", "%2e%2e/%ff?sig=x&skoid=y"])
def test_a_path_that_is_no_text_is_refused_by_storage(cloud: Cloud, service: str, path: str) -> None:
    answer = raw_answer(cloud, getattr(cloud.addresses, service), f"GET /{path} HTTP/1.1")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<Code>InvalidUri</Code>" in answer


@pytest.mark.emulator
@pytest.mark.parametrize("line", ["GET", "GET / HTTP/9.9", "\x01 / HTTP/1.1", "GET / HTTP/1.1\r\nContent-Length: x"])
def test_what_is_no_http_is_refused_without_a_word_in_the_log(
    cloud: Cloud, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    for address in (cloud.addresses.arm, cloud.addresses.blob, cloud.addresses.queue):
        assert b" 400 " in raw_answer(cloud, address, line).partition(b"\r\n")[0]
    assert caplog.records == []


def raw_answer(cloud: Cloud, address: str, head: str) -> bytes:
    """Send this as it is and return the answer."""
    where = urlsplit(address)
    trust = ssl.create_default_context(cafile=str(cloud.addresses.ca_file))
    with (
        socket.create_connection((str(where.hostname), int(where.port or 0)), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(f"{head}\r\nHost: {where.netloc}\r\nConnection: close\r\n\r\n".encode())
        parts = iter(lambda: secure.recv(65536), b"")
        return b"".join(parts)


@pytest.mark.emulator
def test_the_apps_own_storage_is_there(cloud: Cloud) -> None:
    with cloud.storage(cloud.world.app_account) as service:
        assert {one.name for one in service.list_containers()} >= {"image-factory", "image-factory-runs"}


def launch(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "local.cloud", *arguments]
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


@pytest.mark.emulator
@pytest.mark.parametrize("how", ["input ends", "SIGTERM", "SIGINT"])
def test_the_command_prints_its_addresses_and_ends_when_asked(how: str) -> None:
    if how != "input ends" and os.name == "nt":
        pytest.skip("Windows has no such signal for another process")
    with launch("--world", str(ROOT / "local" / "worlds" / "one-image.json")) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert list(ready) == ["arm", "blob", "queue", "identityEndpoint", "identityHeader", "caFile", "ledger"]
        assert Path(ready["caFile"]).is_file()
        if how != "input ends":
            process.send_signal(getattr(signal, how))
            assert process.wait(30) == 0
        output, errors = process.communicate(timeout=30)
        assert (process.returncode, output, errors) == (0, "", "")
    assert not Path(ready["caFile"]).exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(ready["blob"], timeout=5)


@pytest.mark.emulator
def test_the_command_tells_that_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with launch("--world", str(ROOT / "local/worlds/one-image.json"), "--port", str(port)) as process:
            # Its input stays open: the end of it would be a wish to stop.
            assert process.wait(60) == 2
            _, errors = process.communicate()
    assert str(port) in errors
    assert "Traceback" not in errors


def test_the_command_tells_what_is_wrong_with_a_world(tmp_path: Path) -> None:
    world = tmp_path / "w.json"
    world.write_text('{"factory": {}}', encoding="utf-8")
    with launch("--world", str(world)) as process:
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (2, "")
    assert "factory.subscriptionId: is required" in errors
    assert "Traceback" not in errors
