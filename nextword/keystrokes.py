"""Typing a message key by key with a bar of three, as the measuring rule `keyboard-1` has it.

The engine of both the metric, which counts the keys (`nextword.metrics`), and the replay, which shows them. A person
looks at the bar before each letter of a word and accepts the word the first time it is shown, if that saves a key:
accepting costs one key and types the word and the space after it, if a space follows in the text. Symbols, and spaces
that no accepted word brings, are typed as they stand, without a look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from nextword.text import is_word, spans

SLOTS = 3  # suggestions in the bar


class Reading(Protocol):
    """One message as a model has read it."""

    @property
    def bits(self) -> float:
        """What all tokens of the message and its end cost together; NaN from a system that cannot say."""

    def slots(self, position: int, prefix: str) -> Sequence[str]:
        """The words offered in place of token `position`, a word, after its first letters `prefix`; best first.

        Empty only if the model can offer no word that begins so (then it is not asked about more letters).
        """

    def chances(self, position: int) -> Sequence[float]:
        """How probable each of `slots(position, "")` is said to be; fewer from a system that cannot say."""


class Press(NamedTuple):
    """One key of a message."""

    before: int  # characters of the text that stood when it was pressed
    after: int  # that stand now
    shown: Sequence[str] = ()  # what the bar offered then, best first; nothing where nobody looks at it
    slot: int | None = None  # of the word that it accepted, the best being 0; None for a character


def looks(reading: Reading, position: int, word: str, *, space_follows: bool) -> list[Sequence[str]]:
    """What the bar shows, at most `SLOTS` words, at each look while `word`, token `position`, is typed.

    There is one look before each letter, the last where the word is accepted: the word is there, or it is nowhere.
    """
    seen: list[Sequence[str]] = []
    for letters in range(len(word) + space_follows - 1):  # any later, accepting costs as much as typing on
        seen.append(offered := reading.slots(position, word[:letters])[:SLOTS])
        if word in offered or not offered:
            break
    return seen


def keys_saved(reading: Reading, position: int, word: str, *, space_follows: bool) -> int:
    """Keys that the suggestions save on a word and the space after it."""
    seen = looks(reading, position, word, space_follows=space_follows)
    return len(word) + space_follows - len(seen) if seen and word in seen[-1] else 0


def presses(reading: Reading, text: str) -> Iterator[Press]:
    """Each key of a normalised text that `reading` has read; the whole text stands after the last."""
    stands = 0  # characters
    for position, (start, end) in enumerate(spans(text)):
        word, space_follows = text[start:end], text[end : end + 1] == " "
        while stands < start:
            yield Press(stands, stands := stands + 1)
        for shown in looks(reading, position, word, space_follows=space_follows) if is_word(word) else ():
            slot = list(shown).index(word) if word in shown else None
            yield Press(stands, stands := stands + 1 if slot is None else end + space_follows, shown, slot)
        while stands < end:
            yield Press(stands, stands := stands + 1)
    while stands < len(text):
        yield Press(stands, stands := stands + 1)
