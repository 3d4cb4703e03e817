"""One normaliser and one word splitter, used by training, metrics, n-gram and keyboard alike."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import regex

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\uff07": "'", "`": "'", "\u00b4": "'"})
_QUOTES = {"\u201c": '"', "\u201d": '"', "\u2026": "...", "\u2013": "-", "\u2014": "-"}
# Soft hyphens, marks of direction, joiners of words: inside of a word they leave it one word.
_NO_WIDTH = "\u00ad\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069"
_PLAIN = str.maketrans(_QUOTES | dict.fromkeys(_NO_WIDTH, ""))
# Anonymised tokens of the corpora: one symbol each, never a word.
_PLACEHOLDER = r"<(?:#|url|email|time|date|decimal|name)>"
_WORD = r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:'[\p{L}\p{N}][\p{L}\p{N}\p{M}]*)*"
_TOKEN = regex.compile(rf"{_PLACEHOLDER}|{_WORD}|[^\s\p{{L}}\p{{N}}]+?(?={_PLACEHOLDER}|[\s\p{{L}}\p{{N}}]|$)")
_WORD_ONLY = regex.compile(_WORD)
_INVISIBLE = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u200b\ufeff]+")
_OBEYED = regex.compile(r"[\p{Cc}\u202a-\u202e\u2066-\u2069]+")


def normalise(text: str) -> str:
    """Return `text` in lower case and NFKC, with plain apostrophes, single spaces and nothing invisible."""
    lower = _composed(text).lower()
    # Some letters are one character with their mark only when they are small ("\u01f0", of a J and a caron).
    return _single_spaced(lower if lower.isascii() else unicodedata.normalize("NFKC", lower))


def tidy(text: str) -> str:
    """As `normalise`, but with its capitals."""
    return _single_spaced(_composed(text))


def straight(text: str) -> str:
    """With plain apostrophes alone; every character stands where it stood."""
    return text.translate(_APOSTROPHES)


def displayable(text: str) -> str:
    """A line without what a terminal obeys instead of showing it: control characters and changes of direction."""
    return text if text.isprintable() else _OBEYED.sub("", text)


def _composed(text: str) -> str:
    text = straight(text).translate(_PLAIN)
    return text if text.isascii() else straight(unicodedata.normalize("NFKC", text)).translate(_PLAIN)


def _single_spaced(text: str) -> str:
    return " ".join(_INVISIBLE.sub(" ", text).split())


def tokens(text: str) -> list[str]:
    """Split normalised `text` into words and runs of symbols, in order; the spacing between them is dropped."""
    return _TOKEN.findall(text)


def spans(text: str) -> list[tuple[int, int]]:
    """Where each of `tokens(text)` begins and ends in normalised `text`."""
    return [match.span() for match in _TOKEN.finditer(text)]


@lru_cache(maxsize=65536)
def is_word(token: str) -> bool:
    """Whether `token` is a word: letters and digits, with inner apostrophes."""
    return _WORD_ONLY.fullmatch(token) is not None


def words(text: str) -> list[str]:
    """The words of normalised `text`, symbols left out."""
    return [token for token in tokens(text) if is_word(token)]


def counted(count: int, thing: str) -> str:
    """So many of a thing, in English: "1 message", "1,200 messages"."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")


def split_typed(text: str) -> tuple[str, str]:
    """Split raw typed text into (context, the letters of the word begun).

    A word is begun when the text ends in a letter, digit or an apostrophe after one; after a space or a symbol it is
    empty. Both parts come back normalised.
    """
    if not text or text[-1].isspace():
        return normalise(text), ""
    clean = normalise(text)
    body = clean.removesuffix("'")
    start, end = (spans(body) or [(0, 0)])[-1]
    return (clean[:start].rstrip(), clean[start:]) if is_word(body[start:end]) and end == len(body) else (clean, "")
