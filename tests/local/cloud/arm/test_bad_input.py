"""Whatever a client sends, it gets an envelope and the emulator stays up. Drawn at random, and some cases by name."""

import json
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.cloud.certificates import Certificates
from local.cloud.tokens import access_token
from local.cloud.world import parse_world
from tests.local.cloud.arm.conftest import WORLD

if TYPE_CHECKING:
    from tests.local.cloud.arm.conftest import RunningArm

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Team-RG"
LAB = f"{GROUP}/providers/Microsoft.DevTestLab/labs/TeamBlue"
FACTORY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Factory-RG/providers/Microsoft.DevTestLab/labs/FactoryLab"
VERSION = "?api-version=2018-09-15"
ANSWERED = {200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 413, 501}
many = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
image_bodies = st.fixed_dictionaries(
    {},
    optional={
        "tags": json_values,
        "location": json_values,
        "properties": json_values
        | st.fixed_dictionaries(
            {},
            optional={
                "vhd": json_values
                | st.fixed_dictionaries({}, optional=dict.fromkeys(("imageName", "osType", "sysPrep"), json_values)),
                "vm": json_values
                | st.fixed_dictionaries({}, optional=dict.fromkeys(("sourceVmId", "linuxOsInfo"), json_values)),
                "description": json_values,
                "dataDiskStorageInfo": json_values,
            },
        ),
    },
)


@pytest.fixture(scope="module")
def one(certificates: Certificates) -> Iterator["RunningArm"]:
    """One Resource Manager for all examples."""
    from tests.local.cloud.arm.conftest import RunningArm

    with RunningArm(parse_world(WORLD), certificates) as running:
        yield running


def is_answered(answer: Any) -> None:
    """Any answer but a failure of the emulator's own; an error has the envelope."""
    assert answer.status_code in ANSWERED, answer.text
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) >= {"code", "message"}
        assert "Traceback" not in answer.text


@many
@given(body=image_bodies | json_values)
def test_any_body_of_an_image_is_answered(one: "RunningArm", body: Any) -> None:
    is_answered(one.call("PUT", f"{LAB}/customImages/any", data=json.dumps(body)))
    is_answered(one.call("PATCH", f"{LAB}/customImages/Broken", data=json.dumps(body)))


@many
@given(body=st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
@pytest.mark.parametrize(
    "path",
    [f"{LAB}/generateUploadUri", f"{LAB}/listVhds", f"{FACTORY}/virtualMachines/none/start"],
)
def test_any_body_of_an_action_is_answered(one: "RunningArm", path: str, body: bytes) -> None:
    is_answered(one.call("POST", path, data=body))


@many
@given(
    access=json_values,
    seconds=json_values | st.integers(-(2**70), 2**70),
    more=st.dictionaries(st.sampled_from(["fileFormat", "getSecureVMGuestStateSAS", "x"]), json_values),
)
def test_any_wish_for_access_to_a_disk_is_answered(one: "RunningArm", access: Any, seconds: Any, more: Any) -> None:
    disk = next(one.resources.disks())
    body = json.dumps({"access": access, "durationInSeconds": seconds, **more})
    is_answered(one.call("POST", f"{disk.id}/beginGetAccess", data=body))


@many
@given(
    query=st.dictionaries(
        st.sampled_from(["$filter", "$top", "$orderby", "$expand", "$skiptoken", "monitor", "API-VERSION"]),
        st.text(max_size=20),
    )
)
def test_any_query_is_answered(one: "RunningArm", query: dict[str, str]) -> None:
    is_answered(one.call("GET", f"{FACTORY}/virtualMachines{VERSION}", params=query))


def raw(arm: "RunningArm", head: bytes) -> bytes:
    """Send exactly these bytes; returns the first line of what comes back, empty where nothing does."""
    address = urlsplit(arm.url)
    trust = ssl.create_default_context(cafile=arm.ca_file)
    with (
        socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as plain,
        trust.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(head)
        return secure.recv(65536).partition(b"\r\n")[0]


def request_line(arm: "RunningArm", method: bytes, target: bytes) -> bytes:
    token = access_token("https://management.azure.com").encode()
    host = urlsplit(arm.url).netloc.encode()
    return raw(
        arm, method + b" " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nAuthorization: Bearer " + token
        + b"\r\nConnection: close\r\n\r\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    "target",
    [
        b"/subscriptions/%00?api-version=2018-09-15",
        b"/subscriptions/%ff%fe/providers/Microsoft.DevTestLab/labs?api-version=2018-09-15",
        b"/subscriptions/%zz?api-version=2018-09-15",
        b"/subscriptions/../../etc/passwd?api-version=2018-09-15",
        b"/subscriptions/%2e%2e/%2e%2e/_emulator/state?api-version=2018-09-15",
        b"/..%2f_emulator%2fstate?api-version=2018-09-15",
        b"//subscriptions//?api-version=2018-09-15",
        b"/?api-version=2018-09-15",
        b"*",
        b"/subscriptions?api-version=2018-09-15&%ff=%fe&=&&;",
        b"/subscriptions?api-version=%ff",
        b"https://evil.example/subscriptions?api-version=2018-09-15",
        b"/subscriptions/" + b"x" * 7000 + b"?api-version=2018-09-15",
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"DELETE", b"OPTIONS", b"BREW"])
def test_a_path_that_plays_tricks_finds_nothing(one: "RunningArm", method: bytes, target: bytes) -> None:
    status = request_line(one, method, target).split(b" ")[1]
    assert status == b"200" if target.endswith(b"=&&;") and method == b"GET" else status[:1] == b"4" or status == b"501"


@many
@given(path=st.binary(max_size=30).map(lambda text: bytes(byte for byte in text if byte > 32 and byte != 127)))
def test_any_path_is_answered(one: "RunningArm", path: bytes) -> None:
    line = request_line(one, b"GET", b"/subscriptions/" + path)
    assert line == b"" or line.split(b" ")[1][:1] in (b"4", b"5")
    assert line.split(b" ")[1:2] != [b"500"]


@many
@given(name=st.text(min_size=1, max_size=20), value=st.text(max_size=20))
def test_any_bearer_token_is_answered(one: "RunningArm", name: str, value: str) -> None:
    token = f"{name}.{value}".encode("utf-8", "replace").replace(b"\r", b"").replace(b"\n", b"")
    answer = one.call("GET", LAB, headers={"Authorization": b"Bearer " + token})
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("version", ["x", "2018-9-15", "2018-09-15x1", "' or 1", "\u0662018-09-15", "2018-09-15 "])
def test_what_is_no_version_is_refused(one: "RunningArm", version: str) -> None:
    answer = one.call("GET", f"{LAB}?", params={"api-version": version})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidApiVersionParameter")


@pytest.mark.parametrize("name", ["..", "a/../b", "", 3, None, "x\u0000", "a?b", "x" * 1025, "a\\b", "%2e"])
def test_a_blob_name_that_plays_tricks_is_refused(one: "RunningArm", name: Any) -> None:
    answer = one.call("POST", f"{LAB}/generateUploadUri", json={"blobName": name})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")


def test_what_was_sent_before_changed_nothing(one: "RunningArm") -> None:
    assert one.call("GET", LAB).status_code == 200
