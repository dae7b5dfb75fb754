"""What a call must pass before its provider sees it: the subscription, the caller's roles and the caller's limits."""

from local.cloud.arm import errors
from local.cloud.arm.calls import Call, Route
from local.cloud.arm.lookup import Lookup
from local.cloud.arm.permissions import needed_by
from local.cloud.arm.roles import Roles
from local.cloud.arm.throttling import Throttle


class Gate:
    """Lets calls through to their providers."""

    def __init__(self, lookup: Lookup, roles: Roles, throttle: Throttle) -> None:
        self._lookup = lookup
        self._roles = roles
        self._throttle = throttle

    def admit(self, call: Call, route: Route) -> dict[str, str]:
        """Return the headers that tell what is left of the caller's limits; raises Refused with 404, 403 or 429."""
        subscription = self._lookup.subscription(call) if "subscription" in call.names else ""
        needed = needed_by(route.method, route.template, call.path)
        if needed is not None and not self._roles.allow(*needed):
            raise errors.authorization_failed(call.caller.name, call.caller.object_id, *needed)
        return self._throttle.count(subscription, call.caller.object_id, call.method)
