"""The keyboard in a browser on this machine: textual-serve on the loopback, closed to every page but its own."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from textual_serve.server import Server

_LOOPBACK = "127.0.0.1"


def serve(arguments: Sequence[str], port: int) -> None:
    """Serve `nextword ARGUMENTS` until it is interrupted. Raises OSError where the port is taken."""
    import socket

    with socket.socket() as taken:
        if taken.connect_ex((_LOOPBACK, port)) == 0:
            raise OSError(f"port {port} is taken; choose another with --port")
    LoopbackServer([sys.executable, "-m", "scripts", *arguments], port).serve()


class LoopbackServer(Server):
    """Answers this machine alone, and of its pages only its own: another site's could else read what is typed."""

    def __init__(self, command: Sequence[str], port: int) -> None:
        super().__init__(shlex.join(command), host=_LOOPBACK, port=port, title="nextword")
        self.own_hosts = {f"{name}:{port}" for name in (_LOOPBACK, "localhost")}

    def initialize_logging(self) -> None:
        """Nothing is told of requests."""

    async def on_startup(self, app: web.Application) -> None:
        print(f"the keyboard is at http://{_LOOPBACK}:{self.port}; Ctrl+C stops it", flush=True)

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self._only_own_pages)
        return app

    @web.middleware
    async def _only_own_pages(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Refuse what a page of elsewhere asks for, also under a name that it has made to mean this machine."""
        origin = request.headers.get("Origin")
        own_origin = origin is None or origin in {f"http://{host}" for host in self.own_hosts}
        if request.host not in self.own_hosts or not own_origin:
            raise web.HTTPForbidden(text="only pages of this keyboard may ask")
        response: web.StreamResponse = await handler(request)
        return response
