"""Resource Manager on the wire: from an HTTP request to a call and from its answer to a response.

It checks what every call must have, its caller's roles and limits, applies the world's faults and keeps the ledger;
what calls do is not known here.
"""

import json
import logging
import re
import uuid
from collections.abc import Mapping, Sequence

from aiohttp import web

from local.cloud import faults, local_only
from local.cloud.arm import errors
from local.cloud.arm.callers import ANYBODY, caller_of
from local.cloud.arm.calls import Answer, Call, Provider, Route, call_name, find_route
from local.cloud.arm.gate import Gate
from local.cloud.arm.quotas import quota_headers
from local.cloud.ledger import Ledger

_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-[a-z]+)?", re.ASCII | re.IGNORECASE)
logger = logging.getLogger(__name__)


class ArmServer:
    """Answers HTTP requests by the routes that it was given."""

    def __init__(self, routes: Sequence[Route], gate: Gate, ledger: Ledger, injected: faults.Faults) -> None:
        self._routes = routes
        self._gate = gate
        self._ledger = ledger
        self._faults = injected

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; every error is an envelope, never a traceback."""
        method, path = request.method, request.rel_url.raw_path
        route, names = self._find(request)
        operation = None if route is None else route.operation
        fault = self._faults.pick("arm", method, path, operation)
        try:
            answer = await faults.apply(fault, request, lambda: self._answer(request, route, names), _injected)
        except errors.ArmError as error:
            answer = _refusal(error)
        except web.HTTPRequestEntityTooLarge:
            message = "The request content size exceeds the maximum size of 4 MB."
            answer = _refusal(errors.Refused(413, "RequestContentTooLarge", message))
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

    async def _answer(self, request: web.Request, route: Route | None, names: Mapping[str, str]) -> web.Response:
        if local_only.is_foreign(request):
            raise errors.Refused(403, "Forbidden", "The emulator answers programs on this machine only.")
        is_public = route is not None and route.public
        caller = ANYBODY if is_public else caller_of(request.headers.get("Authorization"))
        call = Call(
            method=request.method,
            path=request.rel_url.raw_path,
            raw_path=request.raw_path,
            base_url=f"https://{request.host}",
            query={key.lower(): value for key, value in request.query.items()},
            body=await request.read(),
            caller=caller,
            names=names,
        )
        _check_version(call.query.get("api-version"))
        if route is None:
            raise errors.NotEmulated(call_name(call.method, call.path))
        left = {} if is_public else self._gate.admit(call, route)
        try:
            answer = await route.handler(call)
        except errors.ArmError as error:
            answer = Answer(error.status, error.envelope(), error.headers)
        # The front end answers for a missing tracked resource; the provider, whose quotas they are, was never asked.
        if "x-ms-failure-cause" not in answer.headers:
            answer.headers |= quota_headers(route.provider, route.operation, route.method)
        answer.headers |= left
        return _response(answer, route.provider)

    def _find(self, request: web.Request) -> tuple[Route | None, Mapping[str, str]]:
        try:
            return find_route(self._routes, request.method, request.rel_url.raw_path)
        except errors.NotEmulated:
            return None, {}


def _check_version(version: str | None) -> None:
    """Refuse what is no version; one that is, is taken whatever its date, for clients are newer than this emulator."""
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise errors.Refused(400, "MissingApiVersionParameter", message)
    if not _VERSION.fullmatch(version):
        message = (
            f"The api-version '{version[:100]}' is invalid. It must have the form yyyy-MM-dd or yyyy-MM-dd-preview."
        )
        raise errors.Refused(400, "InvalidApiVersionParameter", message)


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
