"""The keyboard in a browser: it answers its own page on this machine, and nothing else."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

_PATIENCE_S = 90
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def _served(profiles: Path) -> Iterator[str]:
    """The address of a keyboard."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "scripts", "type", "--web", "--port", str(port), "--profiles-dir", str(profiles)]
    alone = {**os.environ, "XDG_CONFIG_HOME": str(profiles)}  # no settings of whoever runs the tests
    with subprocess.Popen(command, env=alone, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        try:
            found = re.search(rf"http://127.0.0.1:{port}/\?key=\S+", server.stdout.readline())
            assert found is not None
            while True:
                with socket.socket() as there:
                    if there.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield found[0]
        finally:
            server.terminate()
            server.communicate(timeout=_PATIENCE_S)


def test_a_browser_types_and_a_page_of_elsewhere_may_not(tmp_path: Path) -> None:
    async def use(address: str) -> None:
        there = address.partition("/?")[0]
        jar = aiohttp.CookieJar(unsafe=True)  # which keeps those of an IP address too
        async with aiohttp.ClientSession(cookie_jar=jar) as session:
            for keyless in (there, f"{there}/?key=guess", f"{there}/static/css/xterm.css"):
                async with session.get(keyless) as refused:
                    assert refused.status == 403
            async with session.get(address) as page:
                text = await page.text()
                assert page.status == 200
                assert page.headers["X-Frame-Options"] == "DENY"
            socket_of = re.search(r'data-session-websocket-url="([^"]+)"', text)
            assert socket_of is not None
            for headers in ({"Origin": "http://elsewhere.example"}, {"Host": "elsewhere.example"}):
                async with session.get(there, headers=headers) as refused:
                    assert refused.status == 403
            for headers in ({"Origin": "http://elsewhere.example"}, {"Host": "elsewhere.example"}, {}):
                with pytest.raises(aiohttp.WSServerHandshakeError):
                    await session.ws_connect(socket_of[1], headers=headers)
            async with session.ws_connect(f"{socket_of[1]}?width=100&height=30", headers={"Origin": there}) as terminal:
                await _until(terminal, b"Learn")
                await terminal.send_json(["stdin", "hello zoque\r"])
                assert await _kept(tmp_path) == '{"sent": "Hello zoque"}\n'

    with _served(tmp_path) as address:
        asyncio.run(use(address))


async def _until(terminal: aiohttp.ClientWebSocketResponse, wanted: bytes) -> None:
    seen = b""
    async with asyncio.timeout(_PATIENCE_S):
        while wanted not in seen:
            message = await terminal.receive()
            assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), (message, seen[-500:])
            seen += message.data if isinstance(message.data, bytes) else message.data.encode()


async def _kept(profiles: Path) -> str:
    """What the profile has, once there is something."""
    events = profiles / "me" / "events.jsonl"
    async with asyncio.timeout(_PATIENCE_S):
        while not events.exists() or not events.read_bytes():
            await asyncio.sleep(0.05)
    return events.read_text(encoding="utf-8")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_person_types_in_chromium(tmp_path: Path) -> None:
    assert CHROMIUM is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += [f"--user-data-dir={tmp_path / 'browser'}", "--remote-debugging-port=0"]

    async def use(browser: str) -> None:
        async with aiohttp.ClientSession() as session:
            pages = browser.replace("ws://", "http://").partition("/devtools")[0] + "/json"
            async with session.get(pages) as listed:
                page = next(page for page in await listed.json() if page["type"] == "page")
            async with session.ws_connect(page["webSocketDebuggerUrl"]) as devtools:
                begun = "document.body.classList.contains('-first-byte')"
                async with asyncio.timeout(_PATIENCE_S):
                    while not (await _ask(devtools, "Runtime.evaluate", expression=begun))["result"].get("value"):
                        await asyncio.sleep(0.2)
                field = "document.querySelector('.xterm-helper-textarea').focus()"
                await _ask(devtools, "Runtime.evaluate", expression=field)
                for key in ("h", "i", "Enter"):
                    code = 13 if key == "Enter" else ord(key.upper())
                    about = {"key": key, "text": "\r" if key == "Enter" else key, "windowsVirtualKeyCode": code}
                    await _ask(devtools, "Input.dispatchKeyEvent", type="keyDown", **about)
                    await _ask(devtools, "Input.dispatchKeyEvent", type="keyUp", **about)
                assert await _kept(tmp_path / "profiles") == '{"sent": "Hi"}\n'

    with (
        _served(tmp_path / "profiles") as address,
        subprocess.Popen([CHROMIUM, *options, address], stderr=subprocess.PIPE, text=True) as chromium,
    ):
        assert chromium.stderr is not None
        try:
            found = (re.search(r"DevTools listening on (ws://\S+)", line) for line in chromium.stderr)
            asyncio.run(use(next(match[1] for match in found if match)))
        finally:
            chromium.kill()


async def _ask(devtools: aiohttp.ClientWebSocketResponse, method: str, **parameters: str | int) -> dict[str, Any]:
    """One call over the DevTools protocol."""
    await devtools.send_json({"id": 1, "method": method, "params": parameters})
    while True:
        answer = await devtools.receive_json()
        if answer.get("id") == 1:
            return dict(answer["result"])


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "scripts", "type", "--web", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S)
    assert done.returncode == 2
    assert "is taken; choose another with --port" in done.stderr
    assert len(done.stderr.splitlines()) == 1
