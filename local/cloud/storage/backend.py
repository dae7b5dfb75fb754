"""One service of Azurite behind the front: clients' requests passed on as they are, and the front's own."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from local.cloud.certificates import Certificates
from local.cloud.storage.answers import SERVICE_VERSION
from local.cloud.tokens import access_token

_SIGNED = ("sv", "sr", "sig", "st", "se", "sp")
_AUDIENCE = "https://storage.azure.com/"
_CONNECTION_HEADERS = ("Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length", "Expect", "Upgrade", "Host")
# Half of what Azurite is told: a connection is given up here before it is closed there.
_KEEP_ALIVE_SECONDS = 1800


class Reply(NamedTuple):
    """An answer of Azurite, read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


class Backend:
    """Azurite's service at `endpoint`. What it raises is aiohttp.ClientError alone, where there is no answer."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: str) -> None:
        self._session = session
        self._endpoint = endpoint

    async def forward(self, request: web.Request, body: bytes | None = None) -> Reply:
        """Send a client's request as it is; `body` is its body where that was read before."""
        if body is None and request.body_exists:
            # Not request.read(): that has a limit for bodies, and Azurite has its own.
            body = await request.content.read()
        return await self.exchange(request.method, request.raw_path, passed_headers(request.headers), body)

    async def forward_as_own(self, request: web.Request) -> Reply:
        """Send a client's request with the front's own token, and without the signature in its query."""
        headers = passed_headers(request.headers)
        headers["Authorization"] = f"Bearer {access_token(_AUDIENCE)}"
        # A client that signs its requests need not name a version, but one that brings a token must.
        headers.setdefault("x-ms-version", SERVICE_VERSION)
        body = await request.content.read() if request.body_exists else None
        return await self.exchange(request.method, without_signature(request.raw_path), headers, body)

    async def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """Send a request of the front's own, signed by the path's query where that has a signature, else by a token."""
        sent = {"x-ms-version": SERVICE_VERSION, **(headers or {})}
        if "sig=" not in path:
            sent["Authorization"] = f"Bearer {access_token(_AUDIENCE)}"
        return await self.exchange(method, path, sent, body)

    async def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Send exactly this, to an encoded path with its query, and return whatever the answer is."""
        url = URL(self._endpoint + path, encoded=True)
        # A stream, for aiohttp warns of large bodies that are bytes.
        data = io.BytesIO(body) if body else body
        async with self._session.request(method, url, headers=headers, data=data, allow_redirects=False) as answer:
            return Reply(answer.status, answer.headers, await answer.read())


def azurite_session(certificates: Certificates) -> aiohttp.ClientSession:
    """Return a session that trusts the emulator's certificates and adds nothing to a request of its own."""
    connector = aiohttp.TCPConnector(ssl=certificates.client_context(), keepalive_timeout=_KEEP_ALIVE_SECONDS)
    added = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
    return aiohttp.ClientSession(connector=connector, skip_auto_headers=added, auto_decompress=False)


def without_signature(path: str) -> str:
    """Return an encoded path and query without the parts that sign it."""
    bare, _, query = path.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0] not in _SIGNED]
    return f"{bare}?{'&'.join(kept)}" if kept else bare


def passed_headers(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return the headers without those that belong to one connection."""
    passed = CIMultiDict(headers)
    for name in _CONNECTION_HEADERS:
        passed.popall(name, None)
    return passed


def answered(request: web.Request, reply: Reply) -> web.Response:
    """Return Azurite's answer as the front's own."""
    headers = passed_headers(reply.headers)
    if request.method == "HEAD" and "Content-Length" in reply.headers:
        headers["Content-Length"] = reply.headers["Content-Length"]
    return web.Response(status=reply.status, headers=headers, body=reply.body or None)
