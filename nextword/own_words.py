"""Words that a person has added: known by how often, in no context. What they type teaches more (`personalization`)."""

from __future__ import annotations

import bisect

from nextword.text import is_word, normalise, tidy


class OwnWords:
    """A person's own words, each as it is written, with how often it was added."""

    def __init__(self) -> None:
        self._forms: dict[str, tuple[str, int]] = {}
        self._sorted: list[str] = []
        self._times = 0

    def __bool__(self) -> bool:
        return bool(self._forms)

    @property
    def times(self) -> int:
        """How often words were added, of all words together."""
        return self._times

    def __contains__(self, word: str) -> bool:
        return word in self._forms

    def add(self, word: str, times: int = 1) -> None:
        """Raises ValueError for what is no word."""
        clean = normalise(word)
        if not is_word(clean):
            raise ValueError(f"{word!r} is not one word of letters, digits and inner apostrophes")
        if times < 1:
            raise ValueError(f"a word is added once or more, not {times} times")
        _, before = self._forms.get(clean, ("", 0))
        if not before:
            bisect.insort(self._sorted, clean)
        self._forms[clean] = (tidy(word), before + times)
        self._times += times

    def forget(self, word: str) -> None:
        """Take a word back; an unknown one is nothing to forget."""
        _, times = self._forms.pop(normalise(word), ("", 0))
        if times:
            self._sorted.remove(normalise(word))
            self._times -= times

    def written(self, word: str) -> str:
        """As the person writes it; raises KeyError for a word that is not theirs."""
        return self._forms[word][0]

    def beginning_with(self, letters: str) -> dict[str, float]:
        """The words that begin so, with their shares of all own words."""
        found: dict[str, float] = {}
        for word in self._sorted[bisect.bisect_left(self._sorted, letters) :]:
            if not word.startswith(letters):
                break
            found[word] = self._forms[word][1] / self._times
        return found
