"""Resource Manager on the wire: from an HTTP request to a call and from its answer to a response.

It checks what every call must have, applies the world's faults and keeps the ledger; what calls do is not known here.
"""

import json
import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from local.cloud import faults, local_only
from local.cloud.arm import errors
from local.cloud.arm.callers import caller_of
from local.cloud.arm.calls import Answer, Call, Provider, Route, find_route
from local.cloud.arm.quotas import quota_headers
from local.cloud.ledger import Ledger

logger = logging.getLogger(__name__)


class ArmServer:
    """Answers HTTP requests by the routes that it was given."""

    def __init__(self, routes: Sequence[Route], ledger: Ledger, injected: faults.Faults) -> None:
        self._routes = routes
        self._ledger = ledger
        self._faults = injected

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; every error is an envelope, never a traceback."""
        method, path = request.method, request.rel_url.raw_path
        operation = self._operation(method, path)
        fault = self._faults.pick("arm", method, path, operation)
        try:
            answer = await faults.apply(fault, request, lambda: self._answer(request), _injected)
        except errors.ArmError as error:
            answer = _refusal(error)
        except web.HTTPException as error:
            answer = _refusal(errors.ArmError(error.status, "BadRequest", error.reason))
        except Exception:
            logger.exception("The emulator failed at %s %s", method, path)
            answer = _refusal(errors.ArmError(500, "InternalServerError", "The emulator failed; its log says why."))
        status = 0 if answer is None else answer.status
        kind = None if fault is None else fault.kind
        self._ledger.request("arm", method, path, status, operation=operation, injected=kind)
        # A dropped connection has no answer; the server still wants one, and cannot send it.
        return answer if answer is not None else web.Response(status=500)

    def _operation(self, method: str, path: str) -> str | None:
        try:
            return find_route(self._routes, method, path)[0].operation
        except errors.NotEmulated:
            return None

    async def _answer(self, request: web.Request) -> web.Response:
        if local_only.is_foreign(request):
            raise errors.Refused(403, "Forbidden", "The emulator answers programs on this machine only.")
        caller = caller_of(request.headers.get("Authorization"))
        query = {key.lower(): value for key, value in request.query.items()}
        if not query.get("api-version"):
            message = "The api-version query parameter (?api-version=) is required for all requests."
            raise errors.Refused(400, "MissingApiVersionParameter", message)
        call = Call(
            method=request.method,
            path=request.rel_url.raw_path,
            raw_path=request.raw_path,
            base_url=f"https://{request.host}",
            query=query,
            body=await request.read(),
            caller=caller,
        )
        route, names = find_route(self._routes, call.method, call.path)
        try:
            answer = await route.handler(replace(call, names=names))
        except errors.ArmError as error:
            answer = Answer(error.status, error.envelope(), error.headers)
        # The front end answers for a missing tracked resource; the provider, whose quotas they are, was never asked.
        if "x-ms-failure-cause" not in answer.headers:
            answer.headers |= quota_headers(route.provider, route.operation, route.method)
        return _response(answer, route.provider)


def _response(answer: Answer, provider: Provider) -> web.Response:
    identity = str(uuid.uuid4())
    headers = {
        "Cache-Control": "no-cache",
        "x-ms-request-id": identity,
        "x-ms-correlation-request-id": identity,
        "x-ms-routing-request-id": f"EMULATED:{identity}",
        **answer.headers,
    }
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    if provider == "compute":
        text = json.dumps(answer.body, indent=2).replace("\n", "\r\n")
    else:
        text = json.dumps(answer.body, separators=(",", ":"))
    return web.Response(
        status=answer.status, text=text, headers=headers, content_type="application/json", charset="utf-8"
    )


def _refusal(error: errors.ArmError) -> web.Response:
    return _response(Answer(error.status, error.envelope(), error.headers), "arm")


def _injected(fault: faults.Fault) -> web.Response:
    return _refusal(errors.ArmError(fault.status, fault.code, fault.message))
