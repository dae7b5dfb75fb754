"""The calls of Resource Manager itself: subscriptions."""

from typing import Any

from local.cloud.arm.calls import Answer, Call, Route
from local.cloud.arm.lookup import Lookup
from local.cloud.tokens import TENANT_ID


class Subscriptions:
    """Lists the subscriptions of the world; the emulated identity may use all of them."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def routes(self) -> list[Route]:
        """Every call that is answered."""
        return [
            Route("Subscriptions_List", "GET", "/subscriptions", "arm", self._list),
            Route("Subscriptions_Get", "GET", "/subscriptions/{subscription}", "arm", self._get),
        ]

    async def _list(self, call: Call) -> Answer:
        values = [_body(subscription) for subscription in self._lookup.subscriptions()]
        return Answer(200, {"value": values, "count": {"type": "Total", "value": len(values)}})

    async def _get(self, call: Call) -> Answer:
        return Answer(200, _body(self._lookup.subscription(call)))


def _body(subscription: str) -> dict[str, Any]:
    names = {"id": f"/subscriptions/{subscription}", "subscriptionId": subscription, "tenantId": TENANT_ID}
    return names | {
        "displayName": f"Emulated {subscription[:8]}",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }
