"""Public text: files of one utterance a line, some of them sampled down."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np


def files(paths: Sequence[Path]) -> list[Path]:
    """The text files among `paths` and in the folders among them, by path. Raises OSError or ValueError for none."""
    found: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such file or folder")
        inside = {p for pattern in ("*.txt", "*.txt.gz") for p in path.glob(pattern)} if path.is_dir() else {path}
        if not inside:
            raise ValueError(f"{path}: no .txt or .txt.gz file in this folder")
        found |= inside
    return sorted(found)


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, gzipped or not."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return data.decode("utf-8").splitlines()
    except (gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not UTF-8 text, one utterance a line ({error})") from error


def shares(wanted: str, paths: Sequence[Path]) -> dict[Path, float]:
    """How much of each file is read: `wanted` is "NAME=SHARE, NAME=SHARE", by the beginnings of the files' names."""
    found = dict.fromkeys(paths, 1.0)
    for part in filter(None, map(str.strip, wanted.split(","))):
        name, equals, number = part.partition("=")
        named = [path for path in paths if path.name.startswith(name.strip())]
        try:
            value = float(number)
        except ValueError:
            value = -1.0
        if not equals or not name or not 0 <= value <= 1:
            raise ValueError(f"text.share: {part}: write NAME=SHARE, the share between 0 and 1, as in sgd=0.2")
        if not named:
            raise ValueError(f"text.share: {part}: no file's name starts with {name}")
        found |= dict.fromkeys(named, value)
    return found


def sample(share_of: Mapping[Path, float], normalise: Callable[[str], str], rng: np.random.Generator) -> dict[str, str]:
    """Different lines in normal form, so much of each file by lot, each with one of the lines as they stand there."""
    found: dict[str, str] = {}
    for path in sorted(share_of):
        raw = {clean: line for line in read_lines(path) if (clean := normalise(line))}
        lines = sorted(raw)
        drawn = rng.permutation(len(lines))[: round(share_of[path] * len(lines))]
        found |= {lines[index]: raw[lines[index]] for index in drawn}
    return found
