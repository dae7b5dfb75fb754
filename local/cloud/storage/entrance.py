"""What every request to a storage service passes: who may come in, the world's faults, and the ledger."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import unquote_to_bytes

import aiohttp
from aiohttp import web

from local.cloud.faults import Fault, Faults, apply
from local.cloud.ledger import Ledger, Service
from local.cloud.local_only import is_foreign
from local.cloud.storage.answers import refusal
from local.cloud.storage.disks import is_disk_path

_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEYS = ("SharedKey ", "SharedKeyLite ")


class Entrance:
    """The handler of one service's listener; `operation` names a request, `answer` answers one that may come in.

    `admit` tells the signatures that the front gave out itself from those of account keys.
    """

    def __init__(
        self,
        service: Service,
        ledger: Ledger,
        faults: Faults,
        operation: Callable[[web.Request], str],
        answer: Callable[[web.Request, str, Fault | None], Awaitable[web.Response]],
        admit: Callable[[web.Request], bool] = lambda _: False,
    ) -> None:
        self._admit = admit
        self._service = service
        self._ledger = ledger
        self._faults = faults
        self._operation = operation
        self._answer = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request and note it."""
        operation = self._operation(request)
        fault = self._faults.pick(self._service, request.method, request.path, operation)

        async def answer() -> web.StreamResponse:
            return _shut_out(request, self._admit) or await self._let_in(request, operation, fault)

        answered = await apply(fault, request, answer, _injected)
        status = 0 if answered is None else answered.status
        kind = None if fault is None else fault.kind
        self._ledger.request(self._service, request.method, request.path, status, operation=operation, injected=kind)
        # The connection is gone where there is no answer; aiohttp wants one all the same.
        return answered or web.Response()

    async def _let_in(self, request: web.Request, operation: str, fault: Fault | None) -> web.Response:
        try:
            return await self._answer(request, operation, fault)
        except aiohttp.ClientError as error:
            return refusal(500, "InternalError", f"Azurite did not answer: {type(error).__name__}")


def _shut_out(request: web.Request, admit: Callable[[web.Request], bool]) -> web.Response | None:
    """Refuse browsers of other sites, and signatures that only an account key can make unless `admit` knows them."""
    if not _is_readable(request.raw_path.partition("?")[0]):
        return refusal(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
    if is_foreign(request):
        return refusal(403, "AuthorizationFailure", "The emulator answers only clients on this machine.")
    signed_by_key = "sig" in request.query and "skoid" not in request.query and not is_disk_path(request.path)
    if (signed_by_key and not admit(request)) or request.headers.get("Authorization", "").startswith(_KEYS):
        message = "Key based authentication is not permitted on this storage account."
        return refusal(403, "KeyBasedAuthenticationNotPermitted", message)
    return None


def _is_readable(path: str) -> bool:
    """Whether a path is percent-encoded UTF-8: Azurite fails at any other."""
    try:
        return _BROKEN_ESCAPE.search(path) is None and "\0" not in unquote_to_bytes(path).decode()
    except UnicodeError:
        return False


def _injected(fault: Fault) -> web.Response:
    return refusal(fault.status, fault.code, fault.message)
