"""The folder of a profile: its files by name, its version, its events as they are written, and all of it deleted, be
it damaged."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nextword.files import check_writable, locked, sync, write_whole

VERSION = 2  # 1 knew no renamed words; a profile of 1 stays one until a word of it is renamed
EVENTS, ABOUT, TRAININGS, STATE = "events.jsonl", "profile.json", "trainings", "state.json"


class Damaged(ValueError):
    """A file of a profile cannot be read: `where` and why, and that it can be mended by hand or all of it deleted."""

    def __init__(self, path: Path, what: str) -> None:
        self.where = f"{path}: {what}"
        parent, name = map(shlex.quote, os.path.split(path.parent.absolute()))
        erase = f"nextword profile erase --profile {name} --profiles-dir {parent}"
        super().__init__(f"{self.where}; mend it by hand, or delete all that is kept: {erase}")


def version_of(folder: Path) -> int:
    """Of the profile there. Raises Damaged where that is not told, ValueError for a later one than can be read."""
    path = folder / ABOUT
    try:
        version = int(json.loads(path.read_text(encoding="utf-8"))["version"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise Damaged(path, f"damaged, it should hold {json.dumps({'version': VERSION})}") from None
    if version > VERSION:
        raise ValueError(f"{folder}: a profile of a later nextword (version {version}); install that one")
    return version


def write_version(folder: Path) -> None:
    """As that of this code."""
    write_whole(folder / ABOUT, json.dumps({"version": VERSION}).encode())


def delete_all(folder: Path) -> None:
    """All that is kept of the person. Raises OSError; the messages go last, so that it can be tried again."""
    if (trainings := folder / TRAININGS).exists():
        shutil.rmtree(trainings)
    drop_unfinished(folder)
    for name in (STATE, EVENTS):
        (folder / name).unlink(missing_ok=True)
    sync(folder)


def drop_unfinished(folder: Path) -> None:
    """What a process that was killed had begun to write (`nextword.files.write_whole`)."""
    for path in folder.glob(".*.new"):
        path.unlink(missing_ok=True)


def drop_trainings(folder: Path, in_use: Collection[int]) -> None:
    """All but these: what was cut off while it was written or removed, which no forgotten word would leave."""
    for path in (folder / TRAININGS).glob("*"):
        if path.name not in map(str, in_use):
            shutil.rmtree(path, ignore_errors=True)


def erase_damaged(folder: Path) -> None:
    """What `Profile.erase` does, for a profile that cannot be opened. Raises ValueError where a keyboard has it."""
    check_writable(folder)
    with locked(folder, "profile"):
        delete_all(folder)
        write_version(folder)


def lines_of(events: Iterable[Mapping[str, Any]]) -> bytes:
    """Events as they are kept, a line of JSON each."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def parsed(lines: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line's number, from 1, and its event; an empty one where it is damaged."""
    for number, line in enumerate(lines.splitlines(), 1):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            event = None
        yield number, event if isinstance(event, dict) else {}
