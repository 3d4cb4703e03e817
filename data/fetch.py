"""Getting a corpus of the catalogue: a download that resumes and is checked, or a file at hand.

The only module that downloads. What came is prepared, and only then put under `sources/NAME` as it came, in place of
what was there: a bad file replaces nothing.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from data.catalogue import Entry
from data.corpus import Report, data_home, prepare, put, source_folder, writable
from data.formats import place
from data.formats.source import NoColumn, Source, ignore, one_line

BytesReport = Callable[[int, int | None], None]
"""Called with bytes received and, where it is known, bytes in all."""

Check = Literal["matches", "differs", "unknown"]
_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Fetched:
    """Where a corpus lies now, its SHA-256 (None for a folder), and how that compares with the catalogue's."""

    path: Path
    messages: int
    sha256: str | None
    check: Check


def fetch(
    entry: Entry,
    *,
    data_dir: Path | None = None,
    from_path: Path | None = None,
    report: BytesReport = lambda received, total: None,
    prepare_report: Report = ignore,
) -> Fetched:
    """Download `entry`, or copy it from `from_path`, in place of what was there.

    An interrupted download is continued by the next call. A download whose checksum differs from the catalogue's is
    deleted and raises ValueError; for `from_path` the comparison is only told. Raises OSError where the network fails.
    """
    folder = source_folder(entry, data_dir)
    if from_path is not None:
        return _take(entry, Path(from_path).expanduser(), folder, data_home(data_dir), prepare_report)
    if entry.url is None:
        raise ValueError(f"{entry.name} is generated on this machine: there is nothing to fetch")
    part = folder.parent / f"{entry.file_name}.part"
    with writable(folder.parent):
        pass
    download(entry.url, part, report)
    digest = sha256_of(part)
    if entry.sha256 is not None and digest != entry.sha256:
        _forget(part)
        raise ValueError(
            f"what came from {entry.url} has the SHA-256 {digest}, "
            f"not {entry.sha256} as the catalogue says: nothing is kept"
        )
    with writable(folder.parent) as scratch:
        made = scratch / entry.name
        made.mkdir()
        path = part.rename(made / entry.file_name)
        _forget(part)
        try:
            messages = _messages(entry, path, data_home(data_dir), prepare_report)
        except ValueError as error:
            raise ValueError(f"what came from {entry.url} is no {entry.name}: nothing is kept ({error})") from None
        except BaseException:  # a full disk or Ctrl-C: the next call finds the download whole
            path.rename(part)
            raise
        _replace(made, folder)
    return Fetched(folder / entry.file_name, messages, digest, "matches" if entry.sha256 else "unknown")


def download(url: str, part: Path, report: BytesReport) -> None:
    """Bring `url` to the file `part`, going on where an earlier call broke off if the server can (RFC 9110, 14.2).

    The server's validator (ETag or date) is kept beside the part and sent as If-Range, so a file that changed in
    between is begun anew, as it is by a server that knows no ranges. Raises OSError; what came so far is kept.
    """
    tag_file = part.with_name(part.name + ".tag")
    have_bytes = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have_bytes:
        headers["Range"] = f"bytes={have_bytes}-"
        if tag_file.exists():
            headers["If-Range"] = tag_file.read_text()
    try:
        with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=_TIMEOUT_S) as answer:
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                if answer.headers.get("Content-Range") == f"bytes */{have_bytes}":
                    return  # all of it is here
                _forget(part)
                raise OSError(f"{url}: the part downloaded earlier does not fit; run the same command again")
            if not answer.is_success:
                raise OSError(f"{url} answers {answer.status_code} {answer.reason_phrase}")
            resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT and answer.headers.get(
                "Content-Range", ""
            ).startswith(f"bytes {have_bytes}-")
            if answer.status_code == httpx.codes.PARTIAL_CONTENT and not resumed:
                raise OSError(f"{url} answers with another part than was asked for")
            _remember(tag_file, answer)
            received = have_bytes if resumed else 0
            length = answer.headers.get("Content-Length", "")
            total = received + int(length) if length.isdigit() else None
            report(received, total)
            with part.open("ab" if resumed else "wb") as file:
                for chunk in answer.iter_raw():
                    file.write(chunk)
                    received += len(chunk)
                    report(received, total)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        came_bytes = part.stat().st_size if part.exists() else 0
        reason = one_line(error)
        if not came_bytes:
            raise OSError(f"cannot reach {url} ({reason}); a file at hand is taken with --from PATH") from None
        raise OSError(
            f"{url}: the download broke off after {came_bytes:,} bytes; run the same command again to go on ({reason})"
        ) from None


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _take(entry: Entry, path: Path, folder: Path, home: Path, report: Report) -> Fetched:
    """Copy a file or folder at hand to its place."""
    if entry.generated:
        raise ValueError(f"{entry.name} is generated on this machine: there is nothing to fetch")
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    path = place(path)
    digest = None if path.is_dir() else sha256_of(path)
    with writable(folder.parent) as scratch:
        made = scratch / entry.name
        made.mkdir()
        name = path.name
        if path.is_dir():
            shutil.copytree(path, made / name, ignore=shutil.ignore_patterns(".git"))
        else:
            shutil.copy2(path, made / name)
        try:
            messages = _messages(entry, made / name, home, report)
        except ValueError as error:
            told = str(error)
            if isinstance(error, NoColumn):  # what is fetched is read by its name alone, so no option helps
                told = f"{error.missing}; one with other columns is no {entry.name}: name the file itself as the corpus"
            raise ValueError(told.replace(str(made / name), str(path))) from None
        _replace(made, folder)
    check: Check = (
        "unknown" if digest is None or entry.sha256 is None else "matches" if digest == entry.sha256 else "differs"
    )
    return Fetched(folder / name, messages, digest, check)


def _messages(entry: Entry, path: Path, home: Path, report: Report) -> int:
    return len(prepare(Source(place(path), report=report), home, entry))


def _replace(made: Path, folder: Path) -> None:
    """Put `made` at `folder`, moving what was there aside first."""
    if folder.exists():
        folder.rename(made.parent / "old")
    put(made, folder)


def _remember(tag_file: Path, answer: httpx.Response) -> None:
    tag = answer.headers.get("ETag", "")
    tag = answer.headers.get("Last-Modified", "") if not tag or tag.startswith("W/") else tag
    if tag:
        tag_file.write_text(tag)
    else:
        tag_file.unlink(missing_ok=True)


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_name(part.name + ".tag").unlink(missing_ok=True)
