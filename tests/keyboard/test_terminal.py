"""`nextword type` in a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

_PATIENCE_S = 60


def _until(terminal: int, wanted: bytes) -> None:
    """Read what the program draws until it has drawn this."""
    seen, end = b"", time.monotonic() + _PATIENCE_S
    while wanted not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, seen[-2000:]
        seen += os.read(terminal, 65536)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
def test_a_person_types_sends_and_leaves(tmp_path: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {
            "XDG_CONFIG_HOME": str(tmp_path),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "COLUMNS": "80",
            "LINES": "24",
        }
        os.execv(sys.executable, [sys.executable, "-m", "scripts", "type", "--profiles-dir", str(tmp_path)])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    _until(terminal, b"Learn")
    os.write(terminal, b"hello zoque\r")  # at once: what is pressed in between must not be overtaken
    events = tmp_path / "me" / "events.jsonl"
    end = time.monotonic() + _PATIENCE_S
    while not events.exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    os.write(terminal, b"\x11")  # Ctrl+Q
    status = None
    while status is None:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            try:
                os.read(terminal, 65536)
            except OSError:  # the other end is closed
                ready = []
        done, code = os.waitpid(child, os.WNOHANG)
        status = code if done else None
        assert time.monotonic() < end + _PATIENCE_S
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert events.read_text(encoding="utf-8") == '{"sent": "Hello zoque"}\n'
