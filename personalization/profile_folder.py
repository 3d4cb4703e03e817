"""The folder of a profile: its files by name, its version, and all of it deleted, be it damaged."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path

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
    for name in (f".{STATE}.new", STATE, EVENTS):
        (folder / name).unlink(missing_ok=True)
    sync(folder)


def erase_damaged(folder: Path) -> None:
    """What `Profile.erase` does, for a profile that cannot be opened. Raises ValueError where a keyboard has it."""
    check_writable(folder)
    with locked(folder, "profile"):
        delete_all(folder)
        write_version(folder)
