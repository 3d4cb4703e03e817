"""Self-dialogue corpus (Fainberg et al. 2018), the repository as a folder or zip. Group is the topic.

`corpus/<topic>/*.csv` hold one assignment a row, its sentences in `Answer.sentence1`, `Answer.sentence2` and so on.
Rejected assignments, those of blocked workers and those met before are left out, as in the authors' `get_data.py`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from data.formats.source import Row, Source, anonymised, checked, in_folder, one_line, pseudonym

VERSION = 1
_FIELD_CHARACTERS = 64 << 20
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = {"PST": "-08:00", "PDT": "-07:00", "UTC": "+00:00", "GMT": "+00:00"}
_SUBMITTED = re.compile(r"\w{3} (\w{3}) +(\d{1,2}) (\d\d:\d\d:\d\d) (\w{3}) (\d{4})")
_SENTENCE = re.compile(r"Answer\.sentence(\d+)")


def recognises(source: Source) -> bool:
    """A folder or zip with CSV files under a folder `corpus`, or with the list of blocked workers beside CSV files."""
    return bool(_tables(source.names()))


def _tables(names: list[str]) -> list[str]:
    return [name for name in names if name.lower().endswith(".csv") and in_folder(name, "corpus")]


def rows(source: Source) -> Iterator[Row]:
    """The sentences, topic by topic; those of one assignment share its time and stay in order."""
    names = source.names()
    tables = _tables(names)
    seen: set[str] = set()
    csv.field_size_limit(_FIELD_CHARACTERS)
    with source.members() as open_member:
        blocked: set[str] = set()
        for name in names:
            if PurePosixPath(name).name == "blocked_workers.txt":
                with open_member(name) as file:
                    blocked.update(file.read().decode("utf-8", "replace").split())
        for number, name in enumerate(tables):
            source.report(number / len(tables))
            with open_member(name) as raw, io.TextIOWrapper(raw, "utf-8-sig", errors="replace", newline="") as file:
                try:
                    yield from _sentences(file, name, blocked, seen, source)
                except csv.Error as error:
                    raise ValueError(f"{source.path}, {name} is not CSV: {one_line(error)}") from None


def _sentences(file: io.TextIOBase, name: str, blocked: set[str], seen: set[str], source: Source) -> Iterator[Row]:
    table = csv.DictReader(file)
    columns = list(table.fieldnames or ())
    for wanted in ("WorkerId", "AssignmentId"):
        if wanted not in columns:
            raise ValueError(f"{source.path}, {name} has no {wanted!r} column")
    answers = sorted((int(m[1]), column) for column in columns if (m := _SENTENCE.fullmatch(column)))
    topic = PurePosixPath(name).parent.name
    for record in table:
        worker, assignment = record["WorkerId"], record["AssignmentId"]
        rejected = record.get("AssignmentStatus") == "Rejected" or record.get("Reject")
        if rejected or not worker or worker in blocked or assignment in seen:
            continue
        seen.add(assignment)
        time = iso_time(record.get("SubmitTime") or "")
        user = pseudonym("sd", worker)
        for _, column in answers:
            text = record[column]
            if text and text != "{}":  # what the platform writes for no answer
                row = checked(user, anonymised(text), time, topic, source, f"{name} line {table.line_num}")
                if row is not None:
                    yield row


def iso_time(written: str) -> str | None:
    """ISO 8601 for what is written as "Mon Jan 02 15:04:05 PST 2017"; None where it is in another form."""
    match = _SUBMITTED.fullmatch(written.strip())
    if match is None or match[1] not in _MONTHS or match[4] not in _ZONES:
        return None
    return f"{match[5]}-{_MONTHS.index(match[1]) + 1:02}-{int(match[2]):02}T{match[3]}{_ZONES[match[4]]}"
