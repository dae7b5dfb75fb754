"""The calls of Microsoft.Storage: a lab's accounts can be found, but nobody is given their keys."""

from typing import Any

from local.cloud.arm import errors
from local.cloud.arm.calls import Answer, Call, Handler, Route
from local.cloud.arm.listing import Listing
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.permissions import needed_by
from local.cloud.arm.resources import SEEDED_AT, LabState
from local.cloud.arm.storage import Storage
from local.cloud.arm.times import written

_ACCOUNTS = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts"


class StorageAccounts:
    """Answers for the storage accounts of the labs, each in its lab's resource group."""

    def __init__(self, lookup: Lookup, listing: Listing, storage: Storage) -> None:
        self._lookup = lookup
        self._listing = listing
        self._storage = storage

    def routes(self) -> list[Route]:
        """Every call that is answered."""
        by_subscription = "/subscriptions/{subscription}/providers/Microsoft.Storage/storageAccounts"
        account = f"{_ACCOUNTS}/{{name}}"
        return [
            _route("StorageAccounts_List", "GET", by_subscription, self._list),
            _route("StorageAccounts_ListByResourceGroup", "GET", _ACCOUNTS, self._list),
            _route("StorageAccounts_GetProperties", "GET", account, self._get),
            _route("StorageAccounts_ListKeys", "POST", f"{account}/listKeys", self._list_keys),
        ]

    async def _list(self, call: Call) -> Answer:
        return self._listing.answer(call, map(self._body, self._lookup.labs(call)))

    async def _get(self, call: Call) -> Answer:
        return Answer(200, self._body(self._lookup.account(call)))

    async def _list_keys(self, call: Call) -> Answer:
        """Refuse as for a caller without the right: keys would open accounts that take none."""
        self._lookup.account(call)
        needed = needed_by("POST", f"{_ACCOUNTS}/{{name}}/listKeys", call.path)
        if needed is None:
            raise AssertionError("Keys are never listed without a right.")
        raise errors.authorization_failed(call.caller.name, call.caller.object_id, *needed)

    def _body(self, lab: LabState) -> dict[str, Any]:
        name = lab.facts.artifacts_account
        return {
            "sku": {"name": "Standard_LRS", "tier": "Standard"},
            "kind": "StorageV2",
            "id": f"{lab.group_id}/providers/Microsoft.Storage/storageAccounts/{name}",
            "name": name,
            "type": "Microsoft.Storage/storageAccounts",
            "location": lab.facts.location,
            "properties": {
                "allowBlobPublicAccess": False,
                "allowSharedKeyAccess": False,
                "supportsHttpsTrafficOnly": True,
                "creationTime": written(SEEDED_AT),
                "primaryEndpoints": {"blob": f"{self._storage.blob_endpoint}/{name}/"},
                "primaryLocation": lab.facts.location,
                "provisioningState": "Succeeded",
                "statusOfPrimary": "available",
            },
        }


def _route(operation: str, method: str, template: str, handler: Handler) -> Route:
    return Route(operation, method, template, "storage", handler)
