"""The calls above every provider: the cloud's own addresses, tenants and subscriptions."""

from typing import Any

from local.cloud.arm.callers import AUDIENCES
from local.cloud.arm.calls import Answer, Call, Route
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.roles import Roles
from local.cloud.arm.storage import Storage
from local.cloud.tokens import TENANT_ID

CLOUD_NAME = "EmulatedAzure"


class Tenant:
    """One tenant with the subscriptions of the world; a caller sees those that its roles concern."""

    def __init__(self, lookup: Lookup, roles: Roles, storage: Storage) -> None:
        self._lookup = lookup
        self._roles = roles
        self._storage = storage

    def routes(self) -> list[Route]:
        """Every call that is answered."""
        return [
            Route("Metadata_Endpoints", "GET", "/metadata/endpoints", "arm", self._metadata, public=True),
            Route("Tenants_List", "GET", "/tenants", "arm", self._tenants),
            Route("Subscriptions_List", "GET", "/subscriptions", "arm", self._list),
            Route("Subscriptions_Get", "GET", "/subscriptions/{subscription}", "arm", self._get),
        ]

    async def _metadata(self, call: Call) -> Answer:
        """The cloud as clients register it; versions before 2022-09-01 answer a list of clouds."""
        cloud = _cloud(call.base_url, self._storage.blob_endpoint)
        return Answer(200, cloud if call.api_version >= "2022-09-01" else [cloud])

    async def _tenants(self, call: Call) -> Answer:
        names = {"displayName": "Emulated tenant", "tenantCategory": "Home", "countryCode": "NL", "domains": []}
        return Answer(200, {"value": [{"id": f"/tenants/{TENANT_ID}", "tenantId": TENANT_ID, **names}]})

    async def _list(self, call: Call) -> Answer:
        seen = [one for one in self._lookup.subscriptions() if self._roles.touch(f"/subscriptions/{one}")]
        return Answer(200, {"value": [_body(one) for one in seen], "count": {"type": "Total", "value": len(seen)}})

    async def _get(self, call: Call) -> Answer:
        return Answer(200, _body(self._lookup.subscription(call)))


def _body(subscription: str) -> dict[str, Any]:
    names = {"id": f"/subscriptions/{subscription}", "subscriptionId": subscription, "tenantId": TENANT_ID}
    return names | {
        "displayName": f"Emulated {subscription[:8]}",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


def _cloud(resource_manager: str, blobs: str) -> dict[str, Any]:
    """The addresses of this cloud; there is no login page, for the identity endpoint hands out every token."""
    authentication = {
        "loginEndpoint": resource_manager,
        "audiences": [AUDIENCES[0], AUDIENCES[2]],
        "tenant": TENANT_ID,
        "identityProvider": "AAD",
    }
    return {
        "name": CLOUD_NAME,
        "portal": resource_manager,
        "authentication": authentication,
        "resourceManager": resource_manager,
        # Accounts are parts of the path here, not of the host's name: no suffix leads to them.
        "suffixes": {"storage": blobs.partition("://")[2]},
    }
