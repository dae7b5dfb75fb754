"""The managed-identity endpoint of App Service: hands a token for any audience to whoever knows the header's value."""

import hmac
import json
import secrets
import time
from typing import Any

from aiohttp import web

from local.cloud import faults, local_only
from local.cloud.ledger import Ledger
from local.cloud.tokens import CLIENT_ID, TOKEN_SECONDS, access_token

PATH = "/msi/token"
_OPERATION = "Get Token"


class IdentityEndpoint:
    """Answers token requests; `header` is the value that a caller must send as X-IDENTITY-HEADER."""

    def __init__(self, ledger: Ledger, injected: faults.Faults) -> None:
        self.header = secrets.token_urlsafe(24)
        self._ledger = ledger
        self._faults = injected

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        fault = self._faults.pick("identity", request.method, request.path, _OPERATION)

        async def answer() -> web.StreamResponse:
            return self._answer(request)

        response = await faults.apply(fault, request, answer, lambda met: _refused(met.status, met.message))
        status = 0 if response is None else response.status
        kind = None if fault is None else fault.kind
        self._ledger.request("identity", request.method, request.path, status, operation=_OPERATION, injected=kind)
        return response if response is not None else web.Response(status=500)

    def _answer(self, request: web.Request) -> web.Response:
        if local_only.is_foreign(request):
            return _refused(403, "The emulator answers programs on this machine only.")
        if request.path.rstrip("/").lower() != PATH or request.method != "GET":
            return _refused(404, f"The identity endpoint is GET {PATH}.")
        # Compared as bytes: a header may hold what is no ASCII, and compare_digest refuses such text.
        given = request.headers.get("X-IDENTITY-HEADER", "").encode(errors="surrogateescape")
        if not hmac.compare_digest(given, self.header.encode()):
            return _refused(401, "The header X-IDENTITY-HEADER is missing or wrong.")
        if request.query.get("api-version") != "2019-08-01":
            return _refused(400, "api-version must be 2019-08-01.")
        resource = request.query.get("resource")
        if not resource:
            return _refused(400, "The query parameter resource is required.")
        return _json(200, _token(resource))


def _token(resource: str) -> dict[str, Any]:
    # The endpoint writes the time of expiry as text.
    return {
        "access_token": access_token(resource),
        "expires_on": str(int(time.time()) + TOKEN_SECONDS),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": CLIENT_ID,
    }


def _refused(status: int, message: str) -> web.Response:
    return _json(status, {"statusCode": status, "message": message})


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, text=json.dumps(body), content_type="application/json", charset="utf-8")
