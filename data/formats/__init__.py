"""The formats that corpora come in, one loader a file."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import cast

from data.formats.source import Loader, Source

LOADERS = ("nus_sms", "self_dialogue", "ubuntu_irc", "jsonl")
"""Modules of this package that read files; a new format is a new file and its name here."""


_ONE_FILE = (".jsonl", ".jsonl.gz", ".zip", ".xml")


def place(path: Path) -> Path:
    """`path` made absolute; a folder with exactly one JSON lines, zip or XML file in it stands for that file.

    Raises ValueError for a link that leads to itself.
    """
    try:
        path = path.resolve()
    except RuntimeError:
        raise ValueError(f"{path} is a link that leads to itself") from None
    if path.is_dir():
        files = [file for file in sorted(path.iterdir()) if file.is_file() and file.name.endswith(_ONE_FILE)]
        return files[0] if len(files) == 1 else path
    return path


def loader(name: str) -> Loader:
    """The loader called `name`."""
    return cast(Loader, import_module(f"data.formats.{name}"))


def recognise(source: Source) -> str:
    """The name of the loader for a file or folder, from its content; ValueError where none fits."""
    if not source.path.exists():
        raise FileNotFoundError(f"{source.path} does not exist")
    for name in LOADERS:
        if loader(name).recognises(source):
            return name
    raise ValueError(f"{source.path} is {_looks(source.path)}; a corpus is {_KNOWN}")


_KNOWN = ".jsonl or .jsonl.gz with user and text, or the zip, XML or folder that a corpus of the catalogue comes as"


def _looks(path: Path) -> str:
    if path.is_dir():
        return "a folder without messages in it"
    head = Source(path).head
    if not head:
        return "empty"
    if head.startswith(b"PK\x03\x04"):
        return "a zip without messages in it"
    try:
        head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # a character cut by the end of the head is no sign of anything
            return "a binary file"
    return "a binary file" if b"\0" in head else "not in a known format"
