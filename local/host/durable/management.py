"""The durable management API, which the extension serves in Azure: get, terminate and purge an instance."""

import json
from collections.abc import Iterable

from aiohttp import web
from azure.durable_functions import DurableFunctionsClient
from azure.durable_functions.internal.compat.durable_orchestration_status import DurableOrchestrationStatus
from durabletask.client import OrchestrationState, OrchestrationStatus

from local.host.http.access import Keys, presented_key
from local.host.settings import DurableLimits

_PATH = "/runtime/webhooks/durabletask"
_INSTANCE = _PATH + "/instances/{id}"
_FINISHED = (OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED)
_RETRY_SECONDS = "10"


def client_configuration(engine_address: str, base_url: str, keys: Keys, limits: DurableLimits) -> str:
    """Give the JSON that durable client bindings are made of; it holds the management key."""
    return json.dumps(
        {
            "taskHubName": limits.hub_name,
            "connectionName": "Storage",
            "baseUrl": base_url + _PATH,
            "httpBaseUrl": base_url + _PATH,
            "requiredQueryStringParameters": f"taskHub={limits.hub_name}&connection=Storage&code={keys.durable}",
            "rpcBaseUrl": f"http://{engine_address}",
            "maxGrpcMessageSizeInBytes": 2**31 - 1,
        }
    )


class ManagementApi:
    """Answers for instances through the same client that functions get."""

    def __init__(self, client: DurableFunctionsClient, keys: Keys) -> None:
        """Take the client, which stays the caller's to close."""
        self._client = client
        self._keys = keys

    def routes(self) -> Iterable[web.RouteDef]:
        """Give the routes; every one asks for the management key."""
        return (
            web.get(_INSTANCE, self._get),
            web.delete(_INSTANCE, self._purge),
            web.post(_INSTANCE + "/terminate", self._terminate),
        )

    async def _get(self, request: web.Request) -> web.Response:
        state = await self._state(request)
        shows_input = request.query.get("showInput", "true").lower() != "false"
        status = DurableOrchestrationStatus.from_orchestration_state(state, include_input=shows_input)
        body = json.dumps(status.to_json())
        if state.runtime_status not in _FINISHED:
            headers = {"Location": str(request.url), "Retry-After": _RETRY_SECONDS}
            return web.Response(status=202, text=body, content_type="application/json", headers=headers)
        fails = request.query.get("returnInternalServerErrorOnFailure", "").lower() == "true"
        code = 500 if fails and state.runtime_status == OrchestrationStatus.FAILED else 200
        return web.Response(status=code, text=body, content_type="application/json")

    async def _purge(self, request: web.Request) -> web.Response:
        await self._state(request)
        purged = await self._client.purge_orchestration(request.match_info["id"])
        if not purged.deleted_instance_count:
            return web.Response(status=404)
        return web.json_response({"instancesDeleted": purged.deleted_instance_count})

    async def _terminate(self, request: web.Request) -> web.Response:
        state = await self._state(request)
        if state.runtime_status in _FINISHED:
            return web.Response(status=410)
        await self._client.terminate_orchestration(request.match_info["id"], output=request.query.get("reason"))
        return web.Response(status=202)

    async def _state(self, request: web.Request) -> OrchestrationState:
        if not self._keys.admits_management(presented_key(request)):
            raise web.HTTPUnauthorized
        state = await self._client.get_orchestration_state(request.match_info["id"], fetch_payloads=True)
        if state is None:
            raise web.HTTPNotFound
        return state
