"""The errors of the emulated Azure Resource Manager: status, code and message as the service gives them.

ArmError
├── Refused          the caller's mistake, 4xx
└── NotEmulated      a call this emulator does not do, 501
"""

from collections.abc import Mapping
from typing import Any


class ArmError(Exception):
    """An error answer; `headers` are sent besides the envelope."""

    def __init__(self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"({code}) {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def envelope(self) -> dict[str, Any]:
        """The error body that every provider behind Resource Manager uses."""
        return {"error": {"code": self.code, "message": self.message}}


class Refused(ArmError):
    """A call that the service itself would refuse."""


class NotEmulated(ArmError):
    """A call that the service has and this emulator has not."""

    def __init__(self, call: str) -> None:
        super().__init__(501, "NotEmulated", f"The emulator does not do {call}. COVERAGE.md lists what it does.")


def resource_not_found(resource_type: str, group: str) -> Refused:
    """The front end's 404 for a tracked resource; `resource_type` such as `Microsoft.DevTestLab/labs/x`."""
    return Refused(
        404,
        "ResourceNotFound",
        f"The Resource '{resource_type}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        headers={"x-ms-failure-cause": "gateway"},
    )


def child_not_found(path: str, group: str) -> Refused:
    """The DevTest Labs provider's own 404 for a child without a location; `path` such as `lab/image`."""
    message = f"The resource '{path}' under resource group '{group}' was not found."
    return Refused(404, "ResourceInGroupDoesNotExist", message)


def authorization_failed(client: str, object_id: str, action: str, scope: str) -> Refused:
    """The front end's 403 for a caller without a role that allows `action` at `scope`."""
    message = (
        f"The client '{client}' with object id '{object_id}' does not have authorization to perform action '{action}' "
        f"over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your "
        "credentials."
    )
    return Refused(403, "AuthorizationFailed", message, headers={"x-ms-failure-cause": "gateway"})


def bad_content(reason: str) -> Refused:
    """A request body that cannot be read."""
    message = f"The request content was invalid and could not be deserialized: '{reason}'."
    return Refused(400, "InvalidRequestContent", message)


def concurrent() -> Refused:
    """Two changes of one resource at a time."""
    return conflict(
        "The request failed due to conflict with a concurrent request. To resolve it, please refer to "
        "https://aka.ms/activitylog to get more details on the conflicting requests."
    )


def conflict(message: str) -> Refused:
    """409 with the code that Compute and DevTest Labs share."""
    return Refused(409, "Conflict", message)
