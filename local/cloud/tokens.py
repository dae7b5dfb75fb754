"""The access tokens of the emulated Entra ID. They are unsigned: only the emulator and Azurite believe them."""

from __future__ import annotations

import base64
import json
import time

TENANT_ID = "11111111-7e57-4a11-8000-000000000001"
OBJECT_ID = "11111111-7e57-4a11-8000-000000000002"
CLIENT_ID = "11111111-7e57-4a11-8000-000000000003"
TOKEN_SECONDS = 3600
# Azurite allows no clock skew, and its clock is read in another process.
_SKEW_SECONDS = 300


def access_token(audience: str) -> str:
    """Return a token for `audience` (such as https://storage.azure.com/) that lives for TOKEN_SECONDS.

    It carries the claims that Azurite 3.37 with `--oauth basic` looks at; there only a v1.0 issuer is accepted.
    """
    now = int(time.time())
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{TENANT_ID}/",
        "iat": now,
        "nbf": now - _SKEW_SECONDS,
        "exp": now + TOKEN_SECONDS,
        "appid": CLIENT_ID,
        "oid": OBJECT_ID,
        "sub": OBJECT_ID,
        "tid": TENANT_ID,
    }
    return ".".join((_segment({"alg": "none", "typ": "JWT"}), _segment(claims), _base64url(b"unsigned")))


def _segment(values: dict[str, object]) -> str:
    return _base64url(json.dumps(values, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
