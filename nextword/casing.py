"""How words are written: the models work in lower case, people want "I", "Monday" and capitals where sentences begin.

A truecaser by majority (Lita et al. 2003, the unigram baseline of section 2): a word is written as it mostly was inside
sentences of the text learned from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import regex

from nextword.text import spans, tidy

_FEWEST = 5  # times that a word must have been seen
_MAJORITY = 0.75  # share of a form that is not lower case: a capital too many is worse than one missing
_ENDS = frozenset(".!?")
_ABBREVIATION = regex.compile(r"(?<![\p{L}\p{N}.])\p{L}\.(?:\p{L}\.)+$")


@dataclass(frozen=True)
class Casing:
    """`forms`: the usual form of words that are not written in lower case, by their lower case."""

    forms: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def learn(cls, lines: Iterable[str]) -> Casing:
        """From raw `lines`; words at the beginning of a sentence, or in a line all in one case, tell nothing.

        Of single letters only "i" is learned: others are initials in such text, and words ("u", "r") in messages.
        """
        seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for line in map(tidy, lines):
            if line in (line.upper(), line.lower()):
                continue
            for start, end in spans(line):
                word = line[start:end]
                if word[0].isalpha() and (len(word) > 1 or word in "Ii") and not begins_sentence(line, start):
                    seen[word.lower()][word] += 1
        usual = {
            word: form
            for word, forms in seen.items()
            for form, count in forms.most_common(1)
            if form != word and count >= _FEWEST and count >= _MAJORITY * forms.total()
        }
        return cls(dict(sorted(usual.items())))

    @classmethod
    def read(cls, text: str) -> Casing:
        """From a file's text, one form a line."""
        return cls({form.lower(): form for form in text.split()})

    def write(self) -> str:
        return "".join(form + "\n" for form in self.forms.values())

    def written(self, word: str, context: str, typed: str = "", *, form: str | None = None) -> str:
        """`word` (in lower case) as it is written after the raw text `context`, going on from the letters `typed`.

        `form` is how the person writes it, where that is known. Capitals that were typed are kept: of the first letter,
        or of all where two letters or more were typed. A form with capitals of its own ("iPhone") gets no first one.
        """
        form = form or self.forms.get(word, word)
        letters = [letter for letter in typed if letter.lower() != letter.upper()]
        if len(letters) > 1 and all(letter.isupper() for letter in letters):
            return form.upper()
        capital = letters[0].isupper() if letters else begins_sentence(context)
        if capital and form.islower():
            return form[:1].title() + form[1:]  # not `upper`: no Georgian word begins with a capital
        return form


def begins_sentence(text: str, place: int | None = None) -> bool:
    """Whether a word at this place of the raw text begins a sentence; for None, one after it.

    The full stop of an abbreviation that has one inside as well ("e.g.", "a.m.") ends none.
    """
    place = len(text) if place is None else place
    while place and text[place - 1].isspace():
        place -= 1
    if not place:
        return True
    return text[place - 1] in _ENDS and not _ABBREVIATION.search(text, max(0, place - 20), place)
