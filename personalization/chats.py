"""Messages from a file that somebody has: plain text, a message a line, a chat as WhatsApp exports it, a table, or what
a profile has exported.

An exported chat has a time and a name before each message; a line without them goes on with the message before it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import regex

from nextword.text import displayable
from personalization.profile import Contents

# 31/12/2023, 2023-12-31, 31.12.23, 2023. 12. 31.; from right to left with marks in it
_DATE = r"\d{1,4}\u200f?(?:[/-]|\.\s?)\d{1,2}\u200f?(?:[/-]|\.\s?)\d{1,4}\.?"
_CLOCK = r"\d{1,2}(?:[:.]|\s?h\s?)\d{2}(?:[:.]\d{2})?"  # 22:15, 22:15:03, 22.15, 22 h 15
_SHORT = (
    r"(?:\p{L}{1,4}\.?\s?){0,2}"  # à, um, om, a las before the clock, or the half of the day: 下午; p. m. behind it
)
_WHEN = rf"{_DATE}[,،]?\s?{_SHORT}(?<=\s|\p{{L}}){_CLOCK}(?:\s?{_SHORT})?"
_NAME = r"(?P<who>[^:\n]+?): "
# "[31/12/2023, 22:15:03] Ann: hello", as phones of Apple write it, and "31/12/2023, 22:15 - Ann: hello".
_HEAD = regex.compile(rf"^[\u200e\u200f]?(?:\[{_WHEN}\]\s|{_WHEN}\s?[-–]\s)(?:{_NAME})?")
_DATED = regex.compile(rf"^\W*(?:{_CLOCK}\W+)?{_DATE}\b.*\p{{L}}\W?: ")  # what may be a chat of another form
# Lines of other apps, a clock or a date before who has written: "22:15\tAnn", "[22:15] Ann", "22:15 <ann>",
# "[Ann] [오후 10:15]", "2023년 12월 31일 오후 10:15, Ann : ".
_CLOCKED = regex.compile(
    rf"^\s*(?:\[?[^\s\]]{{0,12}}\s?{_CLOCK}[^\]\t<:]{{0,4}}[]\t<]|\[[^\]]+\]\s\[[^\]]*{_CLOCK}\]|"
    rf"\d{{4}}\D\s?\d{{1,2}}\D\s?\d{{1,2}}\D.{{0,8}}{_CLOCK}, )"
)
_MARKUP = regex.compile(r"\s*<[!?\w].*>\s*", regex.DOTALL)
_BY_THE_APP = "\u200e"  # begins what a phone of Apple puts in the place of a message, in whatever language
_MARKS = regex.compile(r"[\u200e\u200f\u202a-\u202e]")
_LEFT_OUT = regex.compile(
    r"^(?:<?(?:Media|image|video|audio|sticker|GIF|document|Contact card) omitted>?|<attached: .*>|"
    r"<(?:Medien ausgeschlossen|Multimedia omitido|Médias omis|Media omessi|Mídia oculta|Media weggelaten|"
    r"Media tidak disertakan)>|.+ \((?:file attached|Datei angehängt|archivo adjunto|file allegato)\)|"
    r"(?:This message was deleted|You deleted this message|Diese Nachricht wurde gelöscht|"
    r"Du hast diese Nachricht gelöscht|Se eliminó este mensaje|Eliminaste este mensaje|Ce message a été supprimé|"
    r"Vous avez supprimé ce message|Questo messaggio è stato eliminato|Hai eliminato questo messaggio|"
    r"Mensagem apagada|Você apagou esta mensagem|Dit bericht is verwijderd|Pesan ini telah dihapus)\.?|null)$",
    regex.IGNORECASE,
)
_EDITED = regex.compile(rf"(?:{_BY_THE_APP}<[^<>]+>|<This message was edited>)$")
_TABLES = {".csv": ",;", ".tsv": "\t"}  # by a file's suffix, what may separate the columns
# How exports of chats name their columns, by iMazing, DiscordChatExporter, SMS Backup and Discord itself among others.
_TEXT = ("text", "message", "content", "contents", "body")
_AUTHOR = ("sender name", "author", "sender", "from", "name", "username", "user")
_NAMELESS = "(no name)"  # who has written a row without an author, as some exports leave out their owner's
_SHARE = 0.5  # of the lines of a part of a chat, which may begin anywhere, that have a head


class Exported(list[str]):
    """The messages of a profile's export, as its words are known at the end, and the events that it holds.

    Raises ValueError for an event that is none.
    """

    def __init__(self, events: Sequence[Mapping[str, Any]]) -> None:
        contents = Contents()
        for event in events:
            contents.apply(event)
        super().__init__(contents.messages)
        self.events, self.contents = events, contents


def read(file: Path) -> Mapping[str, list[str]]:
    """What each one has written in a file, those with most messages first; plain text is nobody's, under an empty name,
    as is what a profile has exported (`Exported`).

    Raises ValueError for what is no text in UTF-8, a chat without a message, a table that does not say where its texts
    are, or what looks like a chat or an export of another form, OSError for what cannot be read.
    """
    try:
        content = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{file}: not a text in UTF-8") from None
    if separators := _TABLES.get(file.suffix.lower()):
        return _by_author(file, _rows(file, content, separators))
    lines = content.splitlines()
    if (events := _json(lines)) is not None:
        try:
            return {"": Exported(events)}
        except ValueError:
            raise ValueError(
                f"{file}: JSON lines, not a text; give a message a line, a chat as WhatsApp exports it, or what "
                "'nextword profile export' has written"
            ) from None
    if not is_chat(lines):
        if _share(_DATED, lines) >= _SHARE or _of_another_app(lines):
            raise ValueError(
                f"{file}: looks like a chat, of a form that is not known; give a text of yours alone, a message a line"
            )
        return {"": [line for line in lines if line.strip()]}
    return _by_author(file, _told(lines))


def _by_author(file: Path, told: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """What each has written, of (who, message), those with most messages first."""
    written: dict[str, list[str]] = {}
    for who, text in told:
        written.setdefault(who, []).append(text)
    if not written:
        raise ValueError(f"{file}: a chat in which nobody has written")
    in_order = sorted(written.items(), key=lambda item: -len(item[1]))
    return {who: [text for text in texts if _is_text(text)] for who, texts in in_order}


def _rows(file: Path, content: str, separators: str) -> Iterator[tuple[str, str]]:
    """(who, message) of a table, oldest first, whose first line names the columns; nobody's where none says who."""
    try:
        for separator in separators:
            table = csv.reader(io.StringIO(content, newline=""), delimiter=separator)
            columns = [name.strip().lower() for name in next(table, [])]
            if text := next((name for name in _TEXT if name in columns), None):
                yield from _of_columns(table, columns, columns.index(text), separator)
                return
    except csv.Error as error:
        raise ValueError(f"{file}: not a table that can be read ({error})") from None
    raise ValueError(
        f"{file}: a table; name the column of its texts in the first line, {', '.join(_TEXT[:-1])} or {_TEXT[-1]}, "
        "or give a text of yours alone, a message a line"
    )


def _of_columns(
    table: Iterable[list[str]], columns: Sequence[str], text: int, separator: str
) -> Iterator[tuple[str, str]]:
    author = next((columns.index(name) for name in _AUTHOR if name in columns), None)
    for row in table:
        if len(row) > max(text, author or 0):
            who = (displayable(row[author]).strip() or _NAMELESS) if author is not None else ""
            told = separator.join(row[text:]) if text == len(columns) - 1 else row[text]  # with signs unquoted
            yield who, told.strip()


def _of_another_app(lines: Sequence[str]) -> bool:
    """Whether they are XML, HTML or JSON as a whole, or most begin as a chat of another app does."""
    text = "\n".join(lines)
    if text.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(part, dict) for part in value)):
            return True
    filled = [line for line in lines if line.strip()]
    return _MARKUP.fullmatch(text) is not None or (len(filled) > 1 and _share(_CLOCKED, filled) >= _SHARE)


def _json(lines: Sequence[str]) -> list[dict[str, Any]] | None:
    """The objects of JSON lines; None where there are none, or where a line is anything else."""
    found = []
    for line in filter(str.strip, lines):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict):
            return None
        found.append(value)
    return found or None


def is_chat(lines: Sequence[str]) -> bool:
    """Whether the first line, or most, begin with a time: an export does, however many lines its messages have."""
    first = next(filter(str.strip, lines), "")
    return _HEAD.match(first) is not None or _share(_HEAD, lines) >= _SHARE


def _share(pattern: regex.Pattern[str], lines: Sequence[str]) -> float:
    """Of the lines that are not blank those that begin so."""
    found = [pattern.match(line) is not None for line in lines if line.strip()]
    return sum(found) / len(found) if found else 0.0


def _is_text(message: str) -> bool:
    return bool(message) and _LEFT_OUT.match(message) is None


def _told(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(who, message); what the app itself says has no name and is left out."""
    who: str | None = None
    text: list[str] = []
    for line in lines:
        head = _HEAD.match(line)
        if head is None:
            text.append(line)
            continue
        if who is not None:
            yield who, _clean(text)
        who, text = displayable(_MARKS.sub("", head["who"] or "")).strip() or None, [line[head.end() :]]
    if who is not None:
        yield who, _clean(text)


def _clean(lines: list[str]) -> str:
    """The text of a message; empty where the app has put something in its place."""
    if lines[0].startswith(_BY_THE_APP):
        return ""
    if len(lines) > 1 and _LEFT_OUT.match(lines[0]):  # a picture, above what was written below it
        lines = lines[1:]
    return _MARKS.sub("", _EDITED.sub("", "\n".join(lines))).strip()
