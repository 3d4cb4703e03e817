"""What the commands share on the terminal."""

from __future__ import annotations

import time

import pytest

from scripts import console


def test_where_stderr_is_no_terminal_progress_is_told_by_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "_LINE_EVERY", 0.01)
    told = ""
    with console.progress() as display:
        task, _ = display.add_task("people measured", total=40), display.add_task("reading", total=None)
        display.update(task, completed=10)
        until = time.monotonic() + 60
        while "people measured: 25 %" not in told or "reading: 0:00:00" not in told:
            assert time.monotonic() < until
            time.sleep(0.01)
            told += capsys.readouterr().err
    capsys.readouterr()
    time.sleep(0.1)
    assert capsys.readouterr().err == ""
