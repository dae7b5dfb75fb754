"""The table of SDK errors: complete, and each row right. Errors are the SDK's own, made as the SDK makes them."""

import inspect
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import azure.core.exceptions
import azure.identity
import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.rest import HttpResponse
from azure.identity import CredentialUnavailableError

from shared.domain.errors import (
    Conflict,
    Denied,
    GatewayError,
    NotFound,
    Refused,
    Throttled,
    Unavailable,
)
from shared.gateway.faults import DEFAULT_RETRY_AFTER, asking, table, translated
from tests.unit.gateway.answers import answered

STATUSES = (200, 304, 400, 401, 403, 404, 408, 409, 410, 412, 416, 429, 500, 503, 504)


def answer(status: int, code: str = "", message: str = "", **headers: str) -> HttpResponse:
    """An answer of the service with this error in it."""
    body = {"error": {"code": code, "message": message}} if code else None
    return answered(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def arm(error: type[HttpResponseError], status: int, code: str = "", message: str = "", **headers: str) -> GatewayError:
    failure = translated(error(response=answer(status, code, message, **headers)), "read the lab Blue", "Reader")
    assert failure is not None
    return failure


def storage(error: type[HttpResponseError], status: int, code: str) -> GatewayError:
    """The blob SDK hangs the service's code on the error."""
    made = error(message="The service's words.\nRequestId:1\nTime:2", response=answer(status))
    made.error_code = code  # type: ignore[attr-defined]
    failure = translated(made, "copy", "Storage Blob Data Contributor on the account a")
    assert failure is not None
    return failure


def sdk_errors() -> list[type[Exception]]:
    modules = (azure.core.exceptions, azure.identity)
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Exception)
    }
    return sorted(found, key=lambda error: error.__name__)


def made(error: Any) -> Exception:
    """One error of the class; some want something else than a message."""
    wants: dict[str, Callable[[], Any]] = {
        "TooManyRedirectsError": lambda: error(history=[]),
        "ODataV4Error": lambda: error(answer(400, "Code", "words")),
        "StreamConsumedError": lambda: error(answer(200)),
        "StreamClosedError": lambda: error(answer(200)),
        "ResponseNotReadError": lambda: error(answer(200)),
        "AuthenticationRequiredError": lambda: error(scopes=["scope"]),
    }
    wanted = wants.get(error.__name__)
    result: Exception = wanted() if wanted else error("words")
    return result


def test_the_sdk_has_errors_to_translate() -> None:
    assert {"HttpResponseError", "ServiceRequestError", "CredentialUnavailableError"} <= {
        e.__name__ for e in sdk_errors()
    }


@pytest.mark.parametrize("error", sdk_errors(), ids=lambda error: error.__name__)
def test_every_error_of_the_sdk_becomes_one_of_ours(error: type[Exception]) -> None:
    assert isinstance(translated(made(error), "do it"), GatewayError)


@pytest.mark.parametrize("error", sdk_errors(), ids=lambda error: error.__name__)
def test_every_error_of_the_sdk_has_a_row_of_its_own_or_of_its_kind(error: type[Exception]) -> None:
    named = [row.error for row in table() if row.error is not AzureError]
    assert error is AzureError or any(issubclass(error, each) for each in named)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    "error", [e for e in sdk_errors() if issubclass(e, HttpResponseError)], ids=lambda e: e.__name__
)
def test_every_answer_with_any_status_becomes_one_of_ours(error: type[Exception], status: int) -> None:
    failing = made(error)
    failing.status_code = status  # type: ignore[attr-defined]
    failing.response = answer(status, "" if status == 304 else "SomeCode", "words")  # type: ignore[attr-defined]
    assert isinstance(translated(failing, "do it"), GatewayError)


def test_other_errors_are_none_of_the_tables_business() -> None:
    assert translated(ValueError("ours"), "do it") is None
    with pytest.raises(KeyError), asking("do it"):
        raise KeyError("ours")


@pytest.mark.parametrize(
    ("error", "status", "code", "becomes", "ours"),
    [
        (HttpResponseError, 403, "AuthorizationFailed", Denied, "denied"),
        (ClientAuthenticationError, 401, "ExpiredAuthenticationToken", Denied, "denied"),
        (ResourceNotFoundError, 404, "ResourceNotFound", NotFound, "not-found"),
        (ResourceNotFoundError, 404, "ResourceInGroupDoesNotExist", NotFound, "not-found"),
        (ResourceExistsError, 409, "Conflict", Conflict, "conflict"),
        (HttpResponseError, 400, "InvalidStorageAccountForLab", Refused, "wrong-account"),
        (HttpResponseError, 400, "CannotSetProperty", Conflict, "image-exists"),
        (HttpResponseError, 400, "MissingRequiredProperties", Refused, "refused"),
        (HttpResponseError, 429, "OperationNotAllowed", Throttled, "throttled"),
        (HttpResponseError, 408, "RequestTimeout", Unavailable, "unavailable"),
        (HttpResponseError, 500, "InternalServerError", Unavailable, "unavailable"),
        (HttpResponseError, 503, "ServiceUnavailable", Unavailable, "unavailable"),
        # Failed long-running operations come with the poll's status.
        (HttpResponseError, 200, "Conflict", Conflict, "conflict"),
        (HttpResponseError, 200, "InternalServerError", Unavailable, "unavailable"),
        (HttpResponseError, 200, "TooManyRequests", Throttled, "throttled"),
        (HttpResponseError, 200, "InvalidVhd", Refused, "refused"),
    ],
)
def test_answers_of_the_resource_manager(
    error: type[HttpResponseError], status: int, code: str, becomes: type[GatewayError], ours: str
) -> None:
    failure = arm(error, status, code, "The service's words.")
    assert (type(failure), failure.code, failure.status) == (becomes, ours, status)
    assert "read the lab Blue" in failure.message
    assert code in failure.message
    assert "The service's words." in failure.message


@pytest.mark.parametrize(
    ("error", "status", "code", "becomes", "ours"),
    [
        (ResourceExistsError, 409, "BlobAlreadyExists", Conflict, "blob-exists"),
        (ResourceExistsError, 409, "PendingCopyOperation", Conflict, "blob-exists"),
        (ResourceNotFoundError, 404, "CannotVerifyCopySource", NotFound, "source-not-found"),
        (ResourceNotFoundError, 403, "CannotVerifyCopySource", Denied, "source-denied"),
        (HttpResponseError, 500, "CannotVerifyCopySource", Unavailable, "unavailable"),
        (ResourceModifiedError, 412, "SourceConditionNotMet", Conflict, "source-changed"),
        (ResourceModifiedError, 412, "ConditionNotMet", Conflict, "changed"),
        (ResourceExistsError, 409, "ContainerBeingDeleted", Throttled, "being-deleted"),
        (HttpResponseError, 503, "ServerBusy", Throttled, "throttled"),
        (HttpResponseError, 403, "AuthorizationPermissionMismatch", Denied, "denied"),
        (ClientAuthenticationError, 403, "AuthenticationFailed", Denied, "denied"),
        (ResourceNotFoundError, 404, "BlobNotFound", NotFound, "not-found"),
    ],
)
def test_answers_of_storage(
    error: type[HttpResponseError], status: int, code: str, becomes: type[GatewayError], ours: str
) -> None:
    failure = storage(error, status, code)
    assert (type(failure), failure.code, failure.status) == (becomes, ours, status)
    assert "RequestId" not in failure.message


@pytest.mark.parametrize(
    ("error", "becomes", "ours"),
    [
        (ServiceRequestError("no route"), Unavailable, "unreachable"),
        (ServiceResponseError("reset"), Unavailable, "no-answer"),
        (DecodeError("no JSON"), Unavailable, "unreadable-answer"),
        (IncompleteReadError("half"), Unavailable, "incomplete-answer"),
        (CredentialUnavailableError("none"), Denied, "not-signed-in"),
        (ClientAuthenticationError("no token"), Denied, "not-signed-in"),
        (AzureError("anything"), Unavailable, "unavailable"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_errors_without_an_answer(error: Exception, becomes: type[GatewayError], ours: str) -> None:
    failure = translated(error, "do it")
    assert failure is not None
    assert (type(failure), failure.code) == (becomes, ours)


def test_a_concurrent_change_of_the_same_disk_is_a_pause_and_a_running_machine_a_conflict() -> None:
    words = "The request failed due to conflict with a concurrent request. To resolve it, see the activity log."
    assert arm(ResourceExistsError, 409, "Conflict", words).code == "busy"
    running = "Access not permitted because disk d is currently attached to running VM v."
    assert type(arm(ResourceExistsError, 409, "Conflict", running)) is Conflict


def test_the_missing_role_is_named() -> None:
    assert "the role Reader." in arm(HttpResponseError, 403, "AuthorizationFailed").message


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17.0), ("", DEFAULT_RETRY_AFTER), ("-5", 0.0), ("soon", DEFAULT_RETRY_AFTER), ("0.5", 0.5)],
)
def test_the_pause_that_the_service_asks_for_is_carried(header: str, seconds: float) -> None:
    failure = arm(HttpResponseError, 429, "TooManyRequests", Retry_After=header)
    assert isinstance(failure, Throttled)
    assert failure.retry_after == seconds


def test_a_broken_service_that_asks_for_a_pause_is_given_it() -> None:
    failure = arm(HttpResponseError, 503, "ServiceUnavailable", Retry_After="90")
    assert isinstance(failure, Throttled)
    assert (failure.retry_after, failure.status) == (90, 503)


def test_a_pause_may_be_given_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    failure = arm(HttpResponseError, 429, "TooManyRequests", Retry_After=later)
    assert isinstance(failure, Throttled)
    assert 90 < failure.retry_after <= 100


def test_the_request_id_is_told_for_support() -> None:
    assert "request 1234" in arm(HttpResponseError, 400, "Bad", x_ms_request_id="1234").message


def test_signatures_leave_the_room_in_no_way() -> None:
    url = "https://a.blob.core.windows.net/c/b.vhd?sv=2026&sig=c2VjcmV0%3D"
    with pytest.raises(Unavailable) as caught, asking("copy"):
        raise ServiceRequestError(f"HTTPSConnectionPool: Max retries exceeded with url: {url} (Caused by x)")
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "c2VjcmV0" not in shown
    assert "b.vhd" in caught.value.message


def test_endless_words_of_the_service_are_cut() -> None:
    assert len(arm(HttpResponseError, 400, "Bad", "x" * 100_000).message) < 1000
