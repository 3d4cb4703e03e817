"""Files that a crash leaves whole, and folders that one process has to itself."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


def write_whole(path: Path, content: bytes, *, owner_only: bool = False) -> None:
    """Write beside, then rename: a reader sees the old file or the new one, also after a crash.

    With `owner_only` nobody else can read it, at no moment.
    """
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if owner_only else 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def replace_folder(building: Path, folder: Path) -> None:
    """Put the finished `building` in the place of `folder`; at every moment one of the two is whole on disk."""
    sync(building)
    if folder.exists():
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
        building.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        building.rename(folder)
    sync(folder.parent)


def check_writable(folder: Path) -> None:
    """Make the folder where it is missing. Raises OSError in one line where nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(f"{folder}: this folder cannot be written ({error.strerror})") from None


@contextmanager
def locked(folder: Path, what: str) -> Iterator[None]:
    """Hold the folder for this process; ValueError where another one has it. A killed process lets it go."""
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ValueError(f"{folder}: another process is at work in this {what}") from None
    try:
        yield
    finally:
        lock.release()


def sync(path: Path) -> None:
    """Have a file or folder on disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
