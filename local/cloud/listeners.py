"""One listener on 127.0.0.1: it serves one handler until it is stopped."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Self

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]
# Far above every body that the emulated calls have.
_LARGEST_BODY = 4 * 1024 * 1024


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether something went wrong here: a request that is no HTTP is answered with 400 and is its client's affair."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


_log = logging.getLogger(__name__)
_log.addFilter(_is_ours)


class Listener:
    """A running server; `url` is its address without a slash at the end."""

    def __init__(self, runner: web.AppRunner, url: str) -> None:
        self._runner = runner
        self.url = url

    @classmethod
    async def start(cls, handle: Handle, *, port: int = 0, tls: ssl.SSLContext | None = None) -> Self:
        """Serve `handle` on a port of 127.0.0.1, a free one for 0; raises OSError where the port is taken."""
        app = web.Application(client_max_size=_LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None, logger=_log, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        except BaseException:
            await runner.cleanup()
            raise
        number = runner.addresses[0][1]
        return cls(runner, f"{'https' if tls else 'http'}://127.0.0.1:{number}")

    async def stop(self) -> None:
        """Stop listening and drop what is still connected."""
        server = self._runner.server
        connections = [] if server is None else server.connections
        transports = [connection.transport for connection in connections]
        await self._runner.cleanup()
        # A TLS connection otherwise waits for its client's farewell, which an idle client does not send.
        for transport in transports:
            if transport is not None:
                transport.abort()
        # Aborted connections close in the next turn of the loop.
        await asyncio.sleep(0)
