"""What the commands share on the terminal: progress with time left on stderr, results on stdout."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# Without rich's markup and emoji: what is told may hold brackets or colons of a path or a corpus.
errors = Console(stderr=True, markup=False, emoji=False)


class Stopped(Exception):
    """Somebody stopped a command; the message says how to go on."""


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress display on stderr, gone when done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as display:
        yield display


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
