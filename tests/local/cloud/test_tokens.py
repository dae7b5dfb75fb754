"""The claims that Azurite looks at."""

from __future__ import annotations

import base64
import json
import time

from local.cloud.tokens import OBJECT_ID, TENANT_ID, TOKEN_SECONDS, access_token


def test_token_holds_what_azurite_wants() -> None:
    before = int(time.time())

    payload = access_token("https://storage.azure.com/").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    assert claims["aud"] == "https://storage.azure.com/"
    assert claims["iss"] == f"https://sts.windows.net/{TENANT_ID}/"
    assert (claims["oid"], claims["tid"]) == (OBJECT_ID, TENANT_ID)
    assert claims["nbf"] < before <= claims["iat"]
    assert claims["exp"] - claims["iat"] == TOKEN_SECONDS
