"""JSON lines, plain or gzipped: one object a line with user and text, and optional time and group.

Lines of one user are taken to be in order of time, unless all of them carry a time. The prepared files of the
catalogue's corpora (`messages.jsonl.gz`) are of this format.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from typing import Any

from data.formats.source import NoColumn, Row, Source, checked, one_line

VERSION = 1
LINE_BYTES = 64 << 20
_REPORT_LINES = 4096
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


def recognises(source: Source) -> bool:
    """A file whose name or first bytes say JSON lines or gzip."""
    if source.path.is_dir():
        return False
    if source.path.name.endswith((".jsonl", ".jsonl.gz", ".ndjson")):
        return True
    return source.head.startswith(_GZIP) or source.head.removeprefix(_BOM).lstrip().startswith(b"{")


def rows(source: Source) -> Iterator[Row]:
    """The messages in the order of the file; ValueError names the first bad line by its number."""
    size_bytes = max(source.path.stat().st_size, 1)
    decode = json.JSONDecoder(strict=False).decode
    with source.path.open("rb") as raw, _unpacked(raw) as lines:
        number = 0
        for line in _lines(lines, source):
            number += 1
            if number % _REPORT_LINES == 0:
                source.report(raw.tell() / size_bytes)
            if not line.strip():
                continue
            record = _record(line, number, decode, source)
            if not (source.user_column in record and source.text_column in record):
                _require_columns(record, number, source)
            row = checked(
                record[source.user_column],
                record[source.text_column],
                record.get("time"),
                record.get("group"),
                source,
                f"line {number}",
            )
            if row is not None:
                yield row


def _unpacked(raw: io.BufferedReader) -> io.BufferedReader:
    if not raw.peek(2).startswith(_GZIP):
        return raw
    return io.BufferedReader(gzip.GzipFile(fileobj=raw), 1 << 20)


def _lines(lines: io.BufferedReader, source: Source) -> Iterator[bytes]:
    try:
        while line := lines.readline(LINE_BYTES):
            if len(line) == LINE_BYTES:
                raise ValueError(
                    f"{source.path} has a line of more than {LINE_BYTES >> 20} MiB: not a file of messages"
                )
            yield line
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{source.path} is a damaged gzip file: {one_line(error)}") from None


def _record(line: bytes, number: int, decode: Any, source: Source) -> dict[str, Any]:
    if number == 1:
        line = line.removeprefix(_BOM)
    try:
        record = decode(line.decode())
    except UnicodeDecodeError:
        problem = "is not UTF-8 text" + (": a binary file?" if number == 1 else "")
        raise ValueError(f"{source.path}, line {number} {problem}") from None
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        reason = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else "unreadable"
        raise ValueError(f"{source.path}, line {number} is not JSON: {reason}") from None
    if not isinstance(record, dict):
        raise ValueError(f"{source.path}, line {number} is not a JSON object")  # noqa: TRY004
    return record


def _require_columns(record: dict[str, Any], number: int, source: Source) -> None:
    for column, option in ((source.user_column, "--user-column"), (source.text_column, "--text-column")):
        if column not in record:
            raise NoColumn(f"{source.path}, line {number}", list(record), column, option)
