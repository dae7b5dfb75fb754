"""The one place where an SDK's error becomes an error of ours: a table of rows, the first that fits wins.

It decides nothing about what happens next. Texts are redacted here, so that no URL with a signature leaves the room.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NamedTuple

from shared.domain.errors import Conflict, Denied, GatewayError, NotFound, Refused, Throttled, Unavailable
from shared.domain.redaction import redact

DEFAULT_RETRY_AFTER = 30.0  # seconds; what Azure Resource Manager's buckets need to refill, where no answer says more
LONGEST_TEXT = 400  # characters of the service's own words that a message repeats


@contextmanager
def asking(what: str, role: str = "") -> Iterator[None]:
    """Everything the SDK raises inside becomes a GatewayError that names `what` was asked.

    `what` completes "could not ..."; `role` is what Azure must grant for it. Raises the original error where it is
    none of the SDK's.
    """
    try:
        yield
    except Exception as error:
        failure = translated(error, what, role)
        if failure is None:
            raise
        # The original holds the request, and a request may hold a signature: it must not travel along.
        raise failure from None


def translated(error: Exception, what: str, role: str = "") -> GatewayError | None:
    """The domain error for an error of an SDK; None for any other error."""
    row = next((row for row in table() if row.fits(error)), None)
    if row is None:
        return None
    answer = _answer(error)
    remedy = row.remedy.format(role=role or "that this call needs")
    message = f"Could not {what}. {remedy} {_own_words(error, answer)}".strip()
    if row.becomes is Throttled:
        pause = DEFAULT_RETRY_AFTER if answer.retry_after is None else answer.retry_after
        return Throttled(row.code, message, what=what, status=answer.status, retry_after=pause)
    return row.becomes(row.code, message, what=what, status=answer.status)


class Row(NamedTuple):
    """One row: the errors it fits by class, HTTP statuses and service codes (empty fits all), and what they become."""

    error: type[Exception]
    statuses: Collection[int]
    service_codes: Collection[str]
    becomes: type[GatewayError]
    code: str
    remedy: str
    says: str = ""  # words of the service's message, where its code alone is not enough
    asks_pause: bool = False  # only with a Retry-After

    def fits(self, error: Exception) -> bool:
        """Whether this row speaks of the error."""
        if not isinstance(error, self.error):
            return False
        answer = _answer(error)
        return (
            (not self.statuses or answer.status in self.statuses)
            and (not self.service_codes or answer.code in self.service_codes)
            and self.says in str(error)
            and (answer.retry_after is not None or not self.asks_pause)
        )


_GIVE_ROLE = "Give the factory's identity the role {role}."
_TRY_AGAIN = "Azure gave no usable answer; the factory tries again."
_LATER = "Azure asks for a pause; the factory goes on after it."
_SIGN_IN = "Sign in (az login), or give the app a managed identity."
_SEE = "It is busy or exists already: see what Azure says."
_CHECK_NETWORK = "Azure could not be reached: check the address and the network."
_SERVER_ERRORS = range(500, 600)
_ANY: tuple[int, ...] = ()
_ALL: tuple[str, ...] = ()


@cache
def table() -> tuple[Row, ...]:
    """The rows, most specific first. Imports the SDK on its first use."""
    from azure.core import exceptions as sdk
    from azure.identity import CredentialUnavailableError

    http = sdk.HttpResponseError
    return (
        # An answer that cannot be read says nothing about its effect, whatever its status.
        Row(sdk.IncompleteReadError, _ANY, _ALL, Unavailable, "incomplete-answer", _TRY_AGAIN),
        Row(sdk.DecodeError, _ANY, _ALL, Unavailable, "unreadable-answer", _TRY_AGAIN),
        Row(CredentialUnavailableError, _ANY, _ALL, Denied, "not-signed-in", _SIGN_IN),
        # Without a status the refusal came from the identity service, not from the service that was asked.
        Row(sdk.ClientAuthenticationError, (0,), _ALL, Denied, "not-signed-in", _SIGN_IN),
        *_pause_rows(http),
        *_copy_rows(http),
        *_lab_rows(http),
        *_status_rows(http),
        Row(sdk.ServiceRequestError, _ANY, _ALL, Unavailable, "unreachable", _CHECK_NETWORK),
        Row(sdk.ServiceResponseError, _ANY, _ALL, Unavailable, "no-answer", _TRY_AGAIN),
        Row(sdk.StreamConsumedError, _ANY, _ALL, Unavailable, "unreadable-answer", _TRY_AGAIN),
        Row(sdk.StreamClosedError, _ANY, _ALL, Unavailable, "unreadable-answer", _TRY_AGAIN),
        Row(sdk.ResponseNotReadError, _ANY, _ALL, Unavailable, "unreadable-answer", _TRY_AGAIN),
        Row(sdk.DeserializationError, _ANY, _ALL, Unavailable, "unreadable-answer", _TRY_AGAIN),
        Row(sdk.SerializationError, _ANY, _ALL, Refused, "refused", "The call could not be written down."),
        Row(sdk.AzureError, _ANY, _ALL, Unavailable, "unavailable", _TRY_AGAIN),
    )


def _pause_rows(http: type[Exception]) -> tuple[Row, ...]:
    return (
        Row(http, (429,), _ALL, Throttled, "throttled", _LATER),
        Row(http, _SERVER_ERRORS, _ALL, Throttled, "throttled", _LATER, asks_pause=True),
        Row(http, _ANY, ("ServerBusy", "TooManyRequests"), Throttled, "throttled", _LATER),
        Row(http, _ANY, ("ContainerBeingDeleted", "QueueBeingDeleted"), Throttled, "being-deleted", _LATER),
        # Compute's answer while another change of the same disk is under way, such as our own whose answer was lost.
        Row(http, (409,), _ALL, Throttled, "busy", _LATER, says="conflict with a concurrent request"),
    )


def _copy_rows(http: type[Exception]) -> tuple[Row, ...]:
    # The SDK raises ResourceNotFoundError for this code even when the status is 403.
    cannot_read: Collection[str] = ("CannotVerifyCopySource",)
    return (
        Row(http, (404,), cannot_read, NotFound, "source-not-found", "The VHD to copy from is not there."),
        Row(http, _SERVER_ERRORS, cannot_read, Unavailable, "unavailable", _TRY_AGAIN),
        Row(
            http,
            _ANY,
            cannot_read,
            Denied,
            "source-denied",
            "The destination may not read the VHD to copy from: check both accounts' networks and AllowedCopyScope.",
        ),
        Row(http, _ANY, ("SourceConditionNotMet",), Conflict, "source-changed", "The VHD to copy from was changed."),
        Row(
            http,
            _ANY,
            ("BlobAlreadyExists", "PendingCopyOperation"),
            Conflict,
            "blob-exists",
            "A blob of that name is there.",
        ),
    )


def _lab_rows(http: type[Exception]) -> tuple[Row, ...]:
    return (
        Row(
            http,
            _ANY,
            ("InvalidStorageAccountForLab",),
            Refused,
            "wrong-account",
            "The VHD must lie in the storage account of the lab itself; check the lab's artifacts storage account.",
        ),
        # DevTest Labs refuses a PUT that would change what an existing image was made from.
        Row(http, _ANY, ("CannotSetProperty",), Conflict, "image-exists", "An image of that name is there already."),
    )


def _status_rows(http: type[Exception]) -> tuple[Row, ...]:
    return (
        # A failed long-running operation comes with status 200 and says in its code what it was.
        Row(http, _ANY, ("InternalServerError", "InternalError"), Unavailable, "unavailable", _TRY_AGAIN),
        Row(http, (401, 403), _ALL, Denied, "denied", _GIVE_ROLE),
        Row(
            http, (404, 410), _ALL, NotFound, "not-found", "It is not there: check the name, or whether it was deleted."
        ),
        Row(http, (409,), _ALL, Conflict, "conflict", _SEE),
        Row(http, (412,), _ALL, Conflict, "changed", "It was changed meanwhile; the next run sees it as it is."),
        Row(http, (0, 408), _ALL, Unavailable, "unavailable", _TRY_AGAIN),
        Row(http, _SERVER_ERRORS, _ALL, Unavailable, "unavailable", _TRY_AGAIN),
        Row(http, _ANY, ("Conflict",), Conflict, "conflict", _SEE),
        Row(http, _ANY, _ALL, Refused, "refused", "Repeating it does not help: see what Azure says."),
    )


class _Answer(NamedTuple):
    status: int  # 0: there was no HTTP answer
    code: str
    retry_after: float | None  # seconds; None: no pause was asked for
    request_id: str


def _answer(error: Exception) -> _Answer:
    response: Any = getattr(error, "response", None)
    headers: Any = getattr(response, "headers", None) or {}
    code = getattr(error, "error_code", None) or getattr(getattr(error, "error", None), "code", None)
    status = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    return _Answer(
        status=status if isinstance(status, int) else 0,
        code=str(getattr(code, "value", code) or headers.get("x-ms-error-code") or ""),
        retry_after=_seconds(headers.get("Retry-After")),
        request_id=str(headers.get("x-ms-request-id") or ""),
    )


def _seconds(retry_after: str | None) -> float | None:
    """The header in seconds; it is a number or a date (RFC 9110, 10.2.3). None where it is neither."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _own_words(error: Exception, answer: _Answer) -> str:
    said = getattr(getattr(error, "error", None), "message", None) or getattr(error, "message", None) or str(error)
    first_line = redact(str(said)).strip().partition("\n")[0].strip()[:LONGEST_TEXT]
    if answer.code and answer.code not in first_line:
        first_line = f"{answer.code}: {first_line}"
    return f"Azure says: {first_line}" + (f" (request {answer.request_id})" if answer.request_id else "")
