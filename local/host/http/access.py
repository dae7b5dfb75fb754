"""Who may call: the keys of the host, and the check that a request was meant for this host."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web


@dataclass(frozen=True)
class Keys:
    """The function key, the master key and the system key of the durable management API."""

    function: str = field(repr=False)
    master: str = field(repr=False)
    durable: str = field(repr=False)

    def admits(self, auth_level: str, key: str) -> bool:
        """Say whether a key is enough for `anonymous`, `function` or `admin`; the master key opens everything."""
        level = auth_level.lower()
        if level == "anonymous":
            return True
        return _one_of(key, (self.function, self.master) if level == "function" else (self.master,))

    def admits_management(self, key: str) -> bool:
        """Say whether a key opens the durable management API."""
        return _one_of(key, (self.durable, self.master))


def make_keys(settings: Mapping[str, str]) -> Keys:
    """Make random keys; the setting `FUNCTIONS_LOCAL_KEY` fixes the function key."""
    function = settings.get("FUNCTIONS_LOCAL_KEY") or secrets.token_urlsafe(32)
    return Keys(function, master=secrets.token_urlsafe(32), durable=secrets.token_urlsafe(32))


def presented_key(request: web.Request) -> str:
    """Give the key of a request: the header `x-functions-key`, else the query's `code`."""
    return request.headers.get("x-functions-key") or request.query.get("code", "")


def is_foreign(request: web.Request, port: int) -> bool:
    """Say whether a request names another host or comes from a page of another origin.

    A page anywhere on the web can send requests to 127.0.0.1, also under a name of its own (DNS rebinding).
    """
    own = {f"127.0.0.1:{port}", f"localhost:{port}"}
    if request.headers.get("Host", "").lower() not in own:
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    parts = urlsplit(origin.lower())
    return parts.scheme != "http" or parts.netloc not in own


def _one_of(key: str, accepted: tuple[str, ...]) -> bool:
    given = key.encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(given, known.encode("utf-8")) for known in accepted]
    return any(matches)
