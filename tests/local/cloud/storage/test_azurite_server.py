"""Azurite as a child process never outlives whoever started it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.cloud.certificates import make_certificates
from local.cloud.errors import AzuriteError
from local.cloud.storage.azurite_server import AzuriteServer

ROOT = Path(__file__).resolve().parents[4]
_START_AND_STAY = """
import asyncio, pathlib, sys
from local.cloud.certificates import make_certificates
from local.cloud.storage.azurite_server import AzuriteServer

async def main():
    folder = pathlib.Path(sys.argv[1])
    azurite = await AzuriteServer.start(["lab"], make_certificates(folder), folder)
    print(azurite.blob_endpoint, flush=True)
    await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""


def connected(endpoint: str) -> socket.socket:
    address = urlsplit(endpoint)
    assert address.hostname is not None
    return socket.create_connection((address.hostname, address.port or 0), timeout=30)


def wait_for_end(connection: socket.socket) -> None:
    """Return when the other side is gone; a timeout is an error."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(4096):
            pass


@pytest.mark.emulator
def test_stopped_azurite_is_gone(tmp_path: Path) -> None:
    async def start_and_stop() -> str:
        azurite = await AzuriteServer.start(["lab"], make_certificates(tmp_path), tmp_path)
        await azurite.stop()
        return azurite.blob_endpoint

    endpoint = asyncio.run(start_and_stop())

    with pytest.raises(ConnectionRefusedError):
        connected(endpoint)


@pytest.mark.emulator
def test_azurite_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _START_AND_STAY, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        with connected(parent.stdout.readline().strip()) as connection:
            parent.kill()
            wait_for_end(connection)


@pytest.mark.emulator
def test_azurite_that_cannot_start_says_why(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    certificates.certificate_file.write_text("no certificate")

    with pytest.raises(AzuriteError, match="did not start"):
        asyncio.run(AzuriteServer.start(["lab"], certificates, tmp_path))
