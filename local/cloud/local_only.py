"""Keeps the listeners to programs on this machine: no page of a foreign site can call them through a browser."""

from urllib.parse import urlsplit

from aiohttp import web

_LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")


def is_foreign(request: web.Request) -> bool:
    """Whether the request names another host, or comes from a page of another origin."""
    named = [f"//{request.headers.get('Host', '')}"]
    if not request.raw_path.startswith("/"):
        # The form that is meant for proxies: it names the host in the request line too.
        named.append(request.raw_path)
    if "Origin" in request.headers:
        named.append(request.headers["Origin"])
    return any(_host(address) not in _LOCAL_NAMES for address in named)


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
