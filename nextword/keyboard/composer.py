"""What a key does to a text beside typing itself: spaces that come and go, capitals, corrections, and their undoing.

Nothing here knows a screen. Positions are places between characters of the whole text, as Python counts them.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

from nextword.casing import begins_sentence
from nextword.settings import Section, setting
from nextword.text import normalise

_BEGUN = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:['\u2019][\p{L}\p{N}\p{M}]*)*\Z")
_GOING_ON = regex.compile(r"(?:[\p{L}\p{N}\p{M}]|['\u2019](?=[\p{L}\p{N}]))*")  # a quote that closes is no part of it
_EATS_AND_GIVES = frozenset(".,!?;:\u2026")  # symbols that take an automatic space before them, and leave one behind
_EATS = frozenset(")]}%-/'\u2019")
_MOUTHS = frozenset(")(")  # of a smiley whose eyes were taken for a colon
_OPENS = frozenset("\"'(\u201c\u2018\u00ab")
_SIGN = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3\ufe0f]")
_CLOSES = frozenset("\"'\u201d\u2019\u00bb")  # quotes
_ENDS_WORD = frozenset(" \n") | _EATS_AND_GIVES


@dataclass(frozen=True)
class Edit:
    """`text` takes the place of what stands between `start` and `end`; then the cursor stands at `cursor`."""

    start: int
    end: int
    text: str
    cursor: int

    def apply(self, text: str) -> str:
        """The whole text afterwards."""
        return text[: self.start] + self.text + text[self.end :]


class Habits(Section):
    """What the keyboard does by itself."""

    auto_space: bool = setting(True, "a space after a word taken from the bar; a comma takes it back")
    auto_capital: bool = setting(True, "sentences begin with a capital, and i is I")
    autocorrect: bool = setting(False, "slips are corrected when the word ends; Backspace undoes it")


@dataclass(frozen=True)
class _Corrected:
    start: int
    typed: str
    text: str  # the correction and what ended the word


class Composer:
    """Remembers what it did by itself, so that the next key can take it back. Forget it where the cursor jumps."""

    def __init__(self, habits: Habits | None = None) -> None:
        self.habits = habits or Habits()
        self._space: int | None = None  # where the cursor stands after an automatic space
        self._corrected: _Corrected | None = None
        self._as_typed: set[str] = set()  # words whose correction was taken back
        self._capital: tuple[int, str] | None = None  # a letter that was made a capital
        self._small: tuple[int, str] | None = None  # one whose capital was taken back

    def forget(self) -> None:
        """The cursor has jumped, or the text was changed otherwise."""
        self._space = self._corrected = self._capital = self._small = None

    def accept(self, text: str, cursor: int, word: str) -> Edit:
        """Put a suggestion in the place of the word begun, all of it where the cursor stands inside."""
        start = cursor - len(begun(text[:cursor]))
        end = cursor + (len(_GOING_ON.match(text, cursor).group()) if start < cursor else 0)  # type: ignore[union-attr]
        self.forget()
        if not self.habits.auto_space:
            return Edit(start, end, word, start + len(word))
        if not _wants_space(text[:start], text[end:]):
            return Edit(start, end, word, start + len(word) + text.startswith(" ", end))
        self._space = start + len(word) + 1
        return Edit(start, end, word + " ", self._space)

    def add(self, text: str, cursor: int, sign: str) -> Edit:
        """Put a sign, as an emoji, behind the word begun; a space follows as behind a word that was taken."""
        before = " " if begun(text[:cursor]) else ""
        behind = " " if self.habits.auto_space and _wants_space(text[:cursor], text[cursor:]) else ""
        end = cursor + len(before + sign + behind)
        self.forget()
        self._space = end if behind else None
        return Edit(cursor, cursor, before + sign + behind, end)

    def key(self, text: str, cursor: int, character: str, *, correction: str | None = None) -> Edit:
        """Type one character. `correction`: what the word before it is likely to be meant as, if that is known."""
        space, small = self._space, self._small
        self.forget()
        plain = Edit(cursor, cursor, character, cursor + len(character))
        if character in _MOUTHS and space == cursor and text[:cursor].endswith((": ", "; ")):
            return Edit(cursor - 2, cursor, f" {text[cursor - 2]}{character}", cursor + 1)
        closes = character == '"' and text[:cursor].count('"') % 2 == 1
        if (character in _EATS_AND_GIVES | _EATS or closes) and space == cursor and text[:cursor].endswith(" "):
            gives = " " if character in _EATS_AND_GIVES or closes else ""
            self._space = cursor + 1 if gives else None
            return Edit(cursor - 1, cursor, character + gives, cursor + len(gives))
        if character == " " and space == cursor and text[:cursor].endswith(" "):
            return Edit(cursor, cursor, "", cursor)  # typed out of habit: it stands there already
        word = begun(text[:cursor])
        if character in _ENDS_WORD and word:
            return self._end_word(text, cursor, word, character, correction)
        if self._wants_capital(text, cursor, character) and small != (cursor, character):
            self._capital = (cursor, character)
            return Edit(cursor, cursor, character.title(), cursor + len(character.title()))
        return plain

    def backspace(self, text: str, cursor: int) -> Edit | None:
        """Take back what was done by itself a moment ago; None where Backspace shall do what it always does."""
        corrected, capital = self._corrected, self._capital
        self.forget()
        if corrected and text[corrected.start : cursor] == corrected.text:
            self._as_typed.add(corrected.typed)
            return Edit(corrected.start, cursor, corrected.typed, corrected.start + len(corrected.typed))
        if capital and cursor == capital[0] + 1:
            self._small = capital
            return Edit(capital[0], cursor, "", capital[0])
        return None

    def _end_word(self, text: str, cursor: int, word: str, character: str, correction: str | None) -> Edit:
        start = cursor - len(word)
        meant = word
        if self.habits.auto_capital and (word == "i" or word.startswith(("i'", "i\u2019"))):
            meant = "I" + word[1:]
        if self.habits.autocorrect and correction and word not in self._as_typed:
            meant = correction
        if meant == word:
            return Edit(cursor, cursor, character, cursor + 1)
        self._corrected = _Corrected(start, word, meant + character)
        return Edit(start, cursor, meant + character, start + len(meant) + 1)

    def _wants_capital(self, text: str, cursor: int, character: str) -> bool:
        before = text[:cursor]
        small = character.islower() and character != character.title()  # letters of some scripts stay as they are
        if not self.habits.auto_capital or not small or begun(before):
            return False
        outside = before[:-1] if before[-1:] in _OPENS else before  # of a quote that opens here
        return begins_sentence(outside) and (not outside or outside[-1].isspace())


def _wants_space(before: str, behind: str) -> bool:
    """Whether a word between the two has a space behind it: where none is, nor what stands at a word's end."""
    if behind.startswith('"') and before.count('"') % 2 == 0:  # a quote that closes nothing
        return True
    return not (behind[:1].isspace() or behind[:1] in _EATS_AND_GIVES | _EATS | _CLOSES)


def begun(before: str) -> str:
    """The letters of the word that the text before the cursor ends in."""
    found = _BEGUN.search(before[-100:])
    return found.group() if found else ""


def last_sign(before: str) -> int:
    """How many characters the sign is that the text ends in, where it is an emoji, a flag or a keycap; else 0.

    Other letters are taken back one character at a time, accents before what they stand on.
    """
    signs = regex.findall(r"\X", before.rpartition("\n")[2].rpartition(" ")[2])
    return len(signs[-1]) if signs and _SIGN.search(signs[-1]) else 0


def goes_on(word: str, typed: str) -> bool:
    """Whether a word begins with the letters typed, in whatever capitals, apostrophes and accents they were."""
    return normalise(word).startswith(normalise(typed))
