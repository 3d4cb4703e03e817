"""Messages from a file that somebody has: plain text, a message a line, or a chat as WhatsApp exports it.

An exported chat has a time and a name before each message; a line without them goes on with the message before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import regex

_TIME = r"\d{1,2}:\d{2}(?::\d{2})?(?:[\s\u202f]?[AaPp]\.?[Mm]\.?)?"
_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
# "[31/12/2023, 22:15:03] Ann: hello", as phones of Apple write it, and "31/12/2023, 22:15 - Ann: hello".
_HEAD = regex.compile(rf"^\u200e?(?:\[{_DATE},?\s{_TIME}\]\s|{_DATE},?\s{_TIME}\s-\s)(?:(?P<who>[^:\n]+?): )?")
_MARKS = regex.compile(r"[\u200e\u200f\u202a-\u202e]")
_LEFT_OUT = regex.compile(
    r"^(?:<?(?:Media|image|video|audio|sticker|GIF|document|Contact card) omitted>?|<attached: .*>|"
    r".+ \(file attached\)|This message was deleted\.?|You deleted this message\.?|null)$",
    regex.IGNORECASE,
)
_EDITED = regex.compile(r"\s*<This message was edited>$")
_SHARE = 0.5  # of the lines of a part of a chat, which may begin anywhere, that have a head


def read(file: Path) -> Mapping[str, list[str]]:
    """What each one has written in a file, those with most messages first; plain text is nobody's, under an empty name.

    Raises ValueError for what is no text in UTF-8, or a chat without a message, OSError for what cannot be read.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{file}: not a text in UTF-8") from None
    if not is_chat(lines):
        return {"": [line for line in lines if line.strip()]}
    written: dict[str, list[str]] = {}
    for who, text in _told(lines):
        written.setdefault(who, []).append(text)
    if not written:
        raise ValueError(f"{file}: a chat in which nobody has written")
    in_order = sorted(written.items(), key=lambda item: -len(item[1]))
    return {who: [text for text in texts if _is_text(text)] for who, texts in in_order}


def is_chat(lines: Sequence[str]) -> bool:
    """Whether the first line, or most, begin with a time: an export does, however many lines its messages have."""
    heads = [_HEAD.match(line) is not None for line in lines if line.strip()]
    return bool(heads) and (heads[0] or sum(heads) >= _SHARE * len(heads))


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
        who, text = _MARKS.sub("", head["who"] or "").strip() or None, [line[head.end() :]]
    if who is not None:
        yield who, _clean(text)


def _clean(lines: list[str]) -> str:
    return _EDITED.sub("", _MARKS.sub("", "\n".join(lines))).strip()
