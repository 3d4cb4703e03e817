"""NUS SMS Corpus (Chen and Kan 2013), the XML as released, alone or in its zip. Group is the country.

`messageProfile@time` is free-form and unknown for a third of the messages. A known time is turned to ISO 8601; people
whose phones handed in their messages newest first are thereby put in order (see `data.corpus.people`). Where times are
unknown the order is that of the file, which is the order of collection.
"""

from __future__ import annotations

import re
import string
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime
from typing import IO

from data.formats.source import Row, Source, checked, one_line

VERSION = 1
_REPORT_MESSAGES = 1024
_YEAR_FIRST = re.compile(r"(\d{4})\.(\d\d)\.(\d\d) ?(\d{1,2}):(\d\d)(?::(\d\d))?")
_MONTH_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))? ([AP])M")
_COUNTRIES = {
    "sg": "Singapore",
    "my": "Malaysia",
    "usa": "United States",
    "us": "United States",
    "uk": "United Kingdom",
    "italia": "Italy",
    "srilanka": "Sri Lanka",
}


def recognises(source: Source) -> bool:
    """An XML file, or a zip with an XML file whose name says SMS."""
    return source.head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<") or bool(_xml_names(source))


def _xml_names(source: Source) -> list[str]:
    names = source.names() if source.is_zip else []
    return [n for n in names if n.lower().endswith(".xml") and "sms" in n.rsplit("/", 1)[-1].lower()]


def rows(source: Source) -> Iterator[Row]:
    """The messages in the order of the file, held one at a time."""
    names = _xml_names(source)
    if not names:
        with source.path.open("rb") as file:
            yield from _messages(file, source.path.stat().st_size, source)
        return
    with source.members() as open_member:
        for name in names:
            with open_member(name) as file:
                size_bytes = file.seek(0, 2)
                file.seek(0)
                yield from _messages(file, size_bytes, source)


def _messages(file: IO[bytes], size_bytes: int, source: Source) -> Iterator[Row]:
    number = 0
    try:
        events = ET.iterparse(file, events=("start", "end"))
        _, root = next(events)
        if root.tag != "smsCorpus":
            raise ValueError(f"{source.path} is XML but no smsCorpus: its first element is {root.tag[:40]!r}")
        for event, element in events:
            if event != "end" or element.tag != "message":
                continue
            number += 1
            if number % _REPORT_MESSAGES == 0:
                source.report(file.tell() / max(size_bytes, 1))
            row = _row(element, number, source)
            root.clear()
            if row is not None:
                yield row
    except (ET.ParseError, LookupError, UnicodeError) as error:  # the latter of an encoding that nobody knows
        raise ValueError(f"{source.path} is not well-formed XML: {one_line(error)}") from None


def _row(message: ET.Element, number: int, source: Source) -> Row | None:
    profile = message.find("source/userProfile")
    times = message.find("messageProfile")
    return checked(
        None if profile is None else profile.findtext("userID"),
        message.findtext("text"),
        None if times is None else iso_time(times.get("time", "")),
        None if profile is None else country(profile.findtext("country") or ""),
        source,
        f"message {number}",
    )


def iso_time(written: str) -> str | None:
    """A time as written in the corpus, as ISO 8601; None where it is unknown or in no known form."""
    written = written.strip()
    try:
        if match := _YEAR_FIRST.fullmatch(written):
            year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
            return datetime(year, month, day, hour, minute, second).isoformat()
        if match := _MONTH_FIRST.fullmatch(written):
            month, day, year, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
            hour = hour % 12 + (12 if match.group(7) == "P" else 0)
            return datetime(year, month, day, hour, minute, second).isoformat()
    except ValueError:  # a 31st of February
        return None
    return None


def country(written: str) -> str | None:
    """One spelling for each country; None where it is unknown."""
    name = written.strip()
    if not name or name.lower() == "unknown":
        return None
    return _COUNTRIES.get(name.lower(), string.capwords(name) if name.islower() or name.isupper() else name)
