"""Who calls Resource Manager: the bearer token and its claims. Signatures are not checked, for there are none."""

import base64
import binascii
import json
import time
from typing import Any

from local.cloud.arm import errors

AUDIENCES = tuple(
    f"https://{host}{slash}" for host in ("management.core.windows.net", "management.azure.com") for slash in ("/", "")
)


def caller_of(authorization: str | None) -> str:
    """Return the caller's name in the token of an Authorization header; raises Refused with 401."""
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
    return str(claims.get("upn") or claims.get("oid") or "")


def _claims(token: str) -> dict[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error) as error:
        raise _refused("InvalidAuthenticationToken", "The access token is invalid.") from error
    if not isinstance(claims, dict):
        raise _refused("InvalidAuthenticationToken", "The access token is invalid.")
    return claims


def _refused(code: str, message: str) -> errors.Refused:
    challenge = 'Bearer authorization_uri="https://login.windows.net/", error="invalid_token"'
    return errors.Refused(401, code, message, headers={"WWW-Authenticate": challenge})
