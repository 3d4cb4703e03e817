"""IRC logs of the disentanglement data (Kummerfeld et al. 2019), the repository as a folder or zip. Group is the day.

`data/**/*.raw.txt` hold lines `[HH:MM] <nick> text`; the date stands in the file's name. Everything else (joins,
leaves, changes of name, actions) and what bots say is skipped. A line that two files of
the same day share is taken once.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from pathlib import PurePosixPath

from data.formats.source import Row, Source, anonymised, checked, pseudonym

VERSION = 1
_LINE = re.compile(r"\[(\d\d):(\d\d)\] <([^>\s]+)> (.*)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_BOT = re.compile(r"l?ubot(?:tu|u|two|\d)[\w-]*|chanserv|nickserv|dpkg", re.IGNORECASE)
_HALF_DAY_MINUTES = 12 * 60


def recognises(source: Source) -> bool:
    """A folder or zip with files called *.raw.txt."""
    return bool(_logs(source.names()))


def _logs(names: list[str]) -> list[str]:
    """The logs in order of date; those without one (another channel) come last."""
    return sorted((n for n in names if n.endswith(".raw.txt")), key=lambda n: (_day(n) or "~", PurePosixPath(n).name))


def _day(name: str) -> str | None:
    match = _DATE.match(PurePosixPath(name).name)
    return match.group() if match else None


def rows(source: Source) -> Iterator[Row]:
    """The messages day by day, each day in the order of its log."""
    logs = _logs(source.names())
    done = 0
    with source.members() as open_member:
        for day, names in groupby(logs, key=_day):
            said: set[tuple[str, str, str]] = set()
            for name in names:
                source.report(done / len(logs))
                done += 1
                here: set[tuple[str, str, str]] = set()
                with open_member(name) as raw, io.TextIOWrapper(raw, "utf-8", errors="replace", newline="\n") as file:
                    for at, nick, text in _spoken(file, day):
                        if day is not None:
                            here.add((at, nick, text))
                        if (at, nick, text) in said:
                            continue
                        row = _row(day, name, at, nick, text, source)
                        if row is not None:
                            yield row
                said |= here


def _spoken(file: io.TextIOBase, day: str | None) -> Iterator[tuple[str, str, str]]:
    """(ISO time or "", nick, text) of each line that a person said; a log that runs past midnight goes on next day."""
    today, before = (date.fromisoformat(day) if day else None), 0
    for line in file:
        match = _LINE.fullmatch(line.rstrip("\r\n"))
        if match is None or _BOT.fullmatch(match[3]):
            continue
        minutes = int(match[1]) * 60 + int(match[2])
        at = ""
        if today is not None and minutes < 24 * 60:
            if minutes < before - _HALF_DAY_MINUTES:
                today += timedelta(days=1)
            before = minutes
            at = datetime.combine(today, time(minutes // 60, minutes % 60)).isoformat()
        yield at, match[3], match[4]


def _row(day: str | None, name: str, at: str, nick: str, text: str, source: Source) -> Row | None:
    channel = "ubuntu" if day else PurePosixPath(name).name.removesuffix(".raw.txt")
    user = pseudonym("ub", nick if day else f"{channel}/{nick}")  # equal nicks of two channels are two people
    return checked(user, anonymised(text), at or None, f"ubuntu:{day}" if day else channel, source, name)
