"""The keyboard in a browser on this machine: textual-serve on the loopback, open to whoever has its address alone."""

from __future__ import annotations

import asyncio
import secrets
import shlex
import sys
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from textual_serve.server import Server

_LOOPBACK = "127.0.0.1"
_KEY = "nextword-key"  # a cookie, and with its last word the query that brings it
_PATIENCE_S = 20.0  # for the keyboard of a page that is loaded anew
_HEADERS = {"X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'"}


def serve(arguments: Sequence[str], port: int) -> None:
    """Serve `nextword ARGUMENTS` until it is interrupted. Raises OSError where the port is taken."""
    import socket

    with socket.socket() as taken:
        if taken.connect_ex((_LOOPBACK, port)) == 0:
            raise OSError(f"port {port} is taken; choose another with --port")
    LoopbackServer([sys.executable, "-m", "scripts", *arguments], port).serve()


class LoopbackServer(Server):
    """One keyboard at a time, for a browser that was given its address.

    Another site's page could else read what is typed, or lay itself over the keyboard; so could other accounts of this
    machine. The key in the address becomes a cookie, without which nothing is answered.
    """

    def __init__(self, command: Sequence[str], port: int) -> None:
        super().__init__(shlex.join(command), host=_LOOPBACK, port=port, title="nextword")
        self.own_hosts = {f"{name}:{port}" for name in (_LOOPBACK, "localhost")}
        self.key = secrets.token_urlsafe(24)
        self._one = asyncio.Lock()

    def initialize_logging(self) -> None:
        """Nothing is told of requests."""

    async def on_startup(self, app: web.Application) -> None:
        print(f"the keyboard is at http://{_LOOPBACK}:{self.port}/?key={self.key} (Ctrl+C stops it)", flush=True)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._only_own_pages)
        return app

    @web.middleware
    async def _only_own_pages(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Refuse what a page of elsewhere asks for, also under a name that it has made to mean this machine."""
        origin = request.headers.get("Origin")
        socket = request.path == "/ws"
        own_origin = origin in {f"http://{host}" for host in self.own_hosts} or (origin is None and not socket)
        if request.host not in self.own_hosts or not own_origin:
            raise web.HTTPForbidden(text="only pages of this keyboard may ask")
        given = request.query.get("key") or request.cookies.get(_KEY, "")
        if not secrets.compare_digest(given.encode(), self.key.encode()):
            raise web.HTTPForbidden(text="open the address that the terminal shows, with its key")
        if socket:
            return await self._alone(request, handler)
        response: web.StreamResponse = await handler(request)
        response.headers.update(_HEADERS)
        response.set_cookie(_KEY, self.key, httponly=True, samesite="Strict")
        return response

    async def _alone(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Two keyboards cannot have one profile: the second page waits, and is refused if the first one stays."""
        try:
            await asyncio.wait_for(self._one.acquire(), _PATIENCE_S)
        except TimeoutError:
            raise web.HTTPConflict(text="the keyboard is open in another page") from None
        try:
            response: web.StreamResponse = await handler(request)
            return response
        finally:
            self._one.release()
