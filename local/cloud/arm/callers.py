"""Who calls Resource Manager: the bearer token and its claims. Signatures are not checked, for there are none."""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

from local.cloud.arm import errors

AUDIENCES = tuple(
    f"https://{host}{slash}" for host in ("management.core.windows.net", "management.azure.com") for slash in ("/", "")
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the name is a person's user name or an application's id; both are empty for a public call."""

    name: str
    object_id: str


ANYBODY = Caller("", "")


def caller_of(authorization: str | None) -> Caller:
    """Return the caller that the token of an Authorization header names; raises Refused with 401."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refused("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    claims = _claims(token.strip())
    audience, expires = claims.get("aud"), claims.get("exp")
    if not isinstance(expires, int | float) or expires < time.time():
        message = "The access token expiry UTC time is earlier than current UTC time."
        raise _refused("ExpiredAuthenticationToken", message)
    if audience not in AUDIENCES:
        allowed = ",".join(f"'{one}'" for one in AUDIENCES)
        message = (
            f"The access token has been obtained for wrong audience or resource '{audience}'. "
            f"It should exactly match with one of the allowed audiences {allowed}."
        )
        raise _refused("InvalidAuthenticationTokenAudience", message)
    object_id = str(claims.get("oid") or "")
    return Caller(str(claims.get("upn") or claims.get("appid") or object_id), object_id)


def _claims(token: str) -> dict[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError) as error:
        raise _refused("InvalidAuthenticationToken", "The access token is invalid.") from error
    if not isinstance(claims, dict):
        raise _refused("InvalidAuthenticationToken", "The access token is invalid.")
    return claims


def _refused(code: str, message: str) -> errors.Refused:
    challenge = 'Bearer authorization_uri="https://login.windows.net/", error="invalid_token"'
    return errors.Refused(401, code, message, headers={"WWW-Authenticate": challenge})
