"""A login to the emulated Azure for tests, independent of the environment: a token of its identity endpoint."""

import json
import urllib.parse
import urllib.request
from typing import Any

from azure.core.credentials import AccessToken


class EmulatedLogin:
    """A credential for the real SDKs."""

    def __init__(self, endpoint: str, header: str) -> None:
        self._endpoint = endpoint
        self._header = header

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token for the first scope."""
        query = urllib.parse.urlencode({"api-version": "2019-08-01", "resource": scopes[0].removesuffix("/.default")})
        request = urllib.request.Request(f"{self._endpoint}?{query}", headers={"X-IDENTITY-HEADER": self._header})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            value = json.load(answer)
        return AccessToken(value["access_token"], int(value["expires_on"]))
