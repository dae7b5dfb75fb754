"""The quota headers of DevTest Labs and Compute. They say what the service says at rest."""

from local.cloud.arm.calls import Provider

_DEVTESTLABS = {
    "GET": {"global-reads": "16499"},
    "DELETE": {"deletes": "799", "global-deletes": "11999"},
}
_WRITES = {"writes": "799", "global-writes": "11999"}
_COMPUTE = {
    "DiskOperations_Get": ("GetOperation", 49999, 399999),
    "Disks_GrantAccess": ("HighCostDiskHydrate", 999, 7999),
    "Disks_RevokeAccess": ("HighCostDiskHydrate", 999, 7999),
}
_LOW_COST = ("LowCostGet", 14999, 119999)


def quota_headers(provider: Provider, operation: str, method: str) -> dict[str, str]:
    """Return the headers that a provider adds to its own answers."""
    if provider == "compute":
        name, short, long = _COMPUTE.get(operation, _LOW_COST)
        remaining = f"Microsoft.Compute/{name}3Min;{short},Microsoft.Compute/{name}30Min;{long}"
        return {"x-ms-ratelimit-remaining-resource": remaining}
    if provider == "devtestlab":
        quotas = _DEVTESTLABS.get(method, _WRITES)
        return {f"x-ms-ratelimit-remaining-subscription-{name}": value for name, value in quotas.items()}
    return {}
