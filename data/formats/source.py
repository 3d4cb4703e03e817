"""What the loaders share: where a corpus is read from, and the checks that every message passes.

A loader is a module with `VERSION` (raise it when its rows change), `recognises(source)` and `rows(source)`. Messages
about bad input name the file and the line, never the text.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol

Row = tuple[str, str, str | None, str | None]
"""user, text, time, group."""

HEAD_BYTES = 4096
_LINK = re.compile(r"(?:https?|ftp)://\S+|www\.\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")  # RFC 5321, 4.5.3.1.1; without a limit, quadratic
_PHONE = re.compile(r"(?<!\w)\+?\d(?:[ -]?\d){7,}(?!\w)")
_LATEST_SECOND = 1e11  # a larger number is taken for milliseconds since 1970


class Loader(Protocol):
    """A module of data/formats that reads files."""

    VERSION: int

    def recognises(self, source: Source) -> bool:
        """Whether the file or folder is of this format, from its names and first bytes."""
        ...

    def rows(self, source: Source) -> Iterator[Row]:
        """The messages, in the order of the file."""
        ...


def ignore(fraction: float) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Source:
    """A file, a folder or a zip to read, the columns that hold user and text, and who watches the progress (0 to 1)."""

    path: Path
    user_column: str = "user"
    text_column: str = "text"
    report: Callable[[float], None] = field(default=ignore, compare=False)

    @property
    def head(self) -> bytes:
        """The first bytes of a file; nothing of a folder."""
        if self.path.is_dir():
            return b""
        with self.path.open("rb") as file:
            return file.read(HEAD_BYTES)

    @property
    def is_zip(self) -> bool:
        """Whether the path is a zip archive, by its first bytes."""
        return self.head.startswith(b"PK\x03\x04")

    def names(self) -> list[str]:
        """The files in a folder or zip, sorted, as relative paths with forward slashes; [] for any other file."""
        if self.path.is_dir():
            return sorted(p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file())
        if not self.is_zip:
            return []
        with self._zip() as archive:
            return sorted(info.filename for info in archive.infolist() if not info.is_dir())

    @contextmanager
    def members(self) -> Iterator[Callable[[str], IO[bytes]]]:
        """Yield the function that opens one of `names()` for reading; nothing is ever unpacked to disk."""
        if self.path.is_dir():
            yield lambda name: (self.path / name).open("rb")
            return
        with self._zip() as archive:
            yield archive.open

    @contextmanager
    def _zip(self) -> Iterator[zipfile.ZipFile]:
        import lzma
        import zlib

        damage = (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            EOFError,
            NotImplementedError,
            IndexError,
            UnicodeError,
        )
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield archive
        except (*damage, OSError) as error:  # bz2 and offsets that lie nowhere give an OSError that names no file
            if isinstance(error, OSError) and error.filename:
                raise
            raise ValueError(f"{self.path} is a damaged zip file: {one_line(error)}") from None
        except RuntimeError as error:  # zipfile's answer to an encrypted member
            raise ValueError(f"{self.path} cannot be unpacked: {one_line(error)}") from None


def one_line(error: BaseException) -> str:
    """The first line of an error's message, or the name of its class."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def in_folder(name: str, *parts: str) -> bool:
    """Whether the path `name` has a folder called one of `parts` above the file."""
    return any(part in parts for part in PurePosixPath(name).parts[:-1])


def checked(user: Any, text: Any, time: Any, group: Any, source: Source, where: str) -> Row | None:
    """One message with its types checked, None where its text is blank; `where` names the line in errors."""
    if not isinstance(text, str):
        raise ValueError(f"{source.path}, {where}: {source.text_column!r} is {_kind(text)}, not text")  # noqa: TRY004
    if isinstance(user, int) and not isinstance(user, bool):
        user = str(user)
    if not isinstance(user, str) or not user:
        raise ValueError(f"{source.path}, {where}: {source.user_column!r} is {_kind(user)}, not a name")
    if not text or text.isspace():
        return None
    return storable(user), storable(text), _time(time), None if group is None else storable(str(group))


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return "empty" if value == "" else f"a {type(value).__name__}"


def _time(value: Any) -> str | None:
    """Times are text as given; numbers count seconds (or milliseconds) since 1970; anything else is unknown."""
    if isinstance(value, str):
        return storable(value) or None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            seconds = value if abs(value) < _LATEST_SECOND else value / 1000
            return datetime.fromtimestamp(seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return None
    return None


def storable(text: str) -> str:
    """`text` with halves of surrogate pairs, which no file can hold, replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


class NoColumn(ValueError):
    """A column is missing; `missing` says so without the `option` that names another."""

    def __init__(self, where: str, columns: list[str], wanted: str, option: str) -> None:
        found = ", ".join(sorted(columns)[:12]) or "none"
        self.option = option
        self.missing = f"{where}: no {wanted!r} column (there are: {found})"
        super().__init__(f"{self.missing}; name the right one with {option}")


def pseudonym(prefix: str, name: str) -> str:
    """A user id that does not show the name: the prefix and 48 bits of its SHA-256."""
    return f"{prefix}_{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:12]}"


def anonymised(text: str) -> str:
    """`text` with links, mail addresses and phone-like numbers replaced by the tokens <URL>, <EMAIL> and <#>."""
    return _PHONE.sub("<#>", _ADDRESS.sub("<EMAIL>", _LINK.sub("<URL>", text)))
