"""The error tree of the product. Errors carry facts as attributes and tell the user what to do; never a secret.

FactoryError
├── SettingError            a setting is missing or malformed
├── RequestError            a request cannot be accepted (HTTP 4xx); carries its findings
├── RecordError             the record of a saved image cannot be used
└── GatewayError            Azure did not do what was asked
    ├── NotFound            it is not there
    ├── Denied              the identity may not
    ├── Conflict            it is in another state than expected
    ├── Refused             the service rejects what was asked
    ├── Throttled           too many calls: try after `retry_after` seconds
    └── Unavailable         no usable answer: the call may or may not have had its effect
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.models import Finding


class FactoryError(Exception):
    """Base of all expected errors: `code` is stable and machine-readable, `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class SettingError(FactoryError):
    """A setting is missing or malformed; `setting` names it."""

    def __init__(self, setting: str, problem: str, remedy: str) -> None:
        super().__init__("setting", f"The setting {setting} {problem} {remedy}")
        self.setting = setting


class RequestError(FactoryError):
    """A request cannot be accepted; `status` is its HTTP status and `findings` say all that is wrong."""

    def __init__(self, status: int, code: str, message: str, findings: "tuple[Finding, ...]" = ()) -> None:
        super().__init__(code, message)
        self.status = status
        self.findings = findings


class RecordError(FactoryError):
    """The record of a saved image cannot be used; `record_id` names it (the file name without `.json`)."""

    def __init__(self, record_id: str, problem: str, remedy: str) -> None:
        super().__init__("bad-record", f"The record {record_id}.json {problem}. {remedy}")
        self.record_id = record_id


class GatewayError(FactoryError):
    """Azure did not do what was asked. `what` names the call's object; `status` is the HTTP status or 0."""

    def __init__(self, code: str, message: str, *, what: str = "", status: int = 0) -> None:
        super().__init__(code, message)
        self.what = what
        self.status = status


class NotFound(GatewayError):
    """What was asked for is not there."""


class Denied(GatewayError):
    """The identity of the factory may not do this."""


class Conflict(GatewayError):
    """The object is in another state than the call expects, or exists already."""


class Refused(GatewayError):
    """The service rejects the call as it stands; repeating it does not help."""


class Throttled(GatewayError):
    """Too many calls. `retry_after` is the wait in seconds that the service asks for."""

    def __init__(self, code: str, message: str, *, what: str = "", status: int = 429, retry_after: float = 30) -> None:
        super().__init__(code, message, what=what, status=status)
        self.retry_after = retry_after


class Unavailable(GatewayError):
    """No usable answer came: the call may or may not have had its effect."""
