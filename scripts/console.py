"""What the commands share on the terminal: progress with time left on stderr, results on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

_LINE_EVERY = 30.0  # seconds, where progress is told by lines

# Without rich's markup and emoji: what is told may hold brackets or colons of a path or a corpus.
errors = Console(stderr=True, markup=False, emoji=False)


class Stopped(Exception):
    """Somebody stopped a command; the message says how to go on."""


@contextmanager
def progress(*, percent: bool = False) -> Iterator[Progress]:
    """A progress display on stderr, gone when done; where that is no terminal, a line now and then."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn() if percent else MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    terminal, over = errors.is_terminal, threading.Event()
    with Progress(*columns, console=errors, transient=True, disable=not terminal) as display:
        teller = threading.Thread(target=_tell_lines, args=(display, over), daemon=True)
        if not terminal:
            teller.start()
        try:
            yield display
        finally:
            over.set()
            if not terminal:
                teller.join()


def _tell_lines(display: Progress, over: threading.Event) -> None:
    while not over.wait(_LINE_EVERY):
        for task in display.tasks:
            if not task.finished:
                errors.print(_line(task), highlight=False, soft_wrap=True)


def _line(task: Task) -> str:
    if task.total is None:
        return f"{task.description}: {timedelta(seconds=round(task.elapsed or 0))}"
    left = "" if task.time_remaining is None else f", {timedelta(seconds=round(task.time_remaining))} left"
    return f"{task.description}: {task.percentage:.0f} %{left}"


def print_json(value: Any) -> None:
    """`value` alone on stdout; in plain letters where that knows no others."""
    plain = (getattr(sys.stdout, "encoding", None) or "utf-8").lower() not in ("utf-8", "utf8")
    json.dump(value, sys.stdout, indent=2, ensure_ascii=plain, allow_nan=False)
    sys.stdout.write("\n")


def commit() -> str | None:
    """The commit of this code, "-dirty" where it was changed since; None outside a checkout."""
    git = ("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude", "*")
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
