"""The HTTP server: guards every request, then hands it to the management API or to the function of its route."""

import socket
from collections.abc import Awaitable, Callable, Iterable
from http.cookies import SimpleCookie

from aiohttp import web
from azure_functions_runtime.bindings.datumdef import Datum

from local.host.http.access import Keys, is_foreign, presented_key
from local.host.http.routes import Match, RouteTable
from local.host.invocation import Invoker, log_failure

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The service takes 100 MB, too.
_MAX_BODY_BYTES = 100 * 1024 * 1024


class HttpServer:
    """Serves the app's HTTP triggers on 127.0.0.1."""

    def __init__(self, listener: socket.socket, routes: RouteTable, invoker: Invoker, keys: Keys) -> None:
        """Take a socket that is bound to 127.0.0.1; `add` may put more handlers before the routes."""
        self._listener = listener
        self._routes = routes
        self._invoker = invoker
        self._keys = keys
        self._port = int(listener.getsockname()[1])
        self._app = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[self._guard])
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=1.0)

    def add(self, routes: Iterable[web.RouteDef]) -> None:
        """Add handlers that check their own keys."""
        self._app.add_routes(routes)

    async def start(self) -> None:
        """Begin to answer."""
        self._app.router.add_route("*", "/{path:.*}", self._dispatch)
        await self._runner.setup()
        await web.SockSite(self._runner, self._listener).start()

    async def stop(self) -> None:
        """Stop listening and drop what is still being answered."""
        await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_foreign(request, self._port):
            return web.Response(status=403, text="This host answers only to its own address.\n")
        return await handler(request)

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        match = self._routes.match(request.method, request.rel_url.raw_path)
        if match is None:
            return web.Response(status=404)
        if not self._keys.admits(str(match.function.trigger.get("authLevel") or "function"), presented_key(request)):
            return web.Response(status=401)
        value = await _request_datum(request, match)
        try:
            return _response(await self._invoker.invoke(match.function, value, trigger_values=match.parameters))
        except Exception as error:
            log_failure(match.function, error)
            return web.Response(status=500)


async def _request_datum(request: web.Request, match: Match) -> Datum:
    headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
    value = {
        "method": Datum(request.method, "string"),
        "url": Datum(str(request.url), "string"),
        "headers": _strings(headers),
        "query": _strings({name: ",".join(request.query.getall(name)) for name in request.query}),
        "params": _strings(match.parameters),
        "body": Datum(await request.read(), "bytes"),
    }
    return Datum(value, "http")


def _strings(values: dict[str, str]) -> dict[str, Datum]:
    return {name: Datum(value, "string") for name, value in values.items()}


def _response(returned: Datum | None) -> web.Response:
    if returned is None or returned.value is None:
        return web.Response(status=204)
    if returned.type != "http":
        return web.Response(text=str(returned.value))
    parts = returned.value
    response = web.Response(status=int(parts["status_code"].value), body=parts["body"].value)
    for name, datum in parts["headers"].items():
        response.headers[name] = datum.value
    for cookies in parts.get("cookies") or ():
        _add_cookies(response, cookies)
    return response


def _add_cookies(response: web.Response, cookies: SimpleCookie) -> None:
    for morsel in cookies.values():
        response.headers.add("Set-Cookie", morsel.OutputString())
