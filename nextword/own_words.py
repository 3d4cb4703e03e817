"""Words that a person has added: known by how often, in no context. What they type teaches more (`personalization`).

As a layer (`nextword.layers`): a share of all words is the person's own, half of `_SHARE` after `_EVIDENCE` additions.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Sequence

from nextword.layers import beginning
from nextword.text import is_word, normalise, tidy

_SHARE = 0.1
_EVIDENCE = 500


class OwnWords:
    """A person's own words, each as it is written, with how often it was added."""

    source = "own"

    def __init__(self) -> None:
        self._forms: dict[str, tuple[str, int]] = {}
        self._sorted: list[str] = []
        self._times = 0

    def __bool__(self) -> bool:
        return bool(self._forms)

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

    def written(self, word: str) -> str | None:
        """As the person writes it; None for a word that is not theirs."""
        form, _ = self._forms.get(word, (None, 0))
        return form

    def rest(self, context: Sequence[str]) -> float:
        return 1 - self._share

    def mass(self, context: Sequence[str], token: str) -> float:
        _, times = self._forms.get(token, ("", 0))
        return self._share * times / self._times if times else 0.0

    def prefix_mass(self, context: Sequence[str], prefix: str) -> float:
        return sum(self.mass(context, word) for word in beginning(self._sorted, prefix))

    def top(self, context: Sequence[str], k: int, prefix: str) -> list[tuple[str, float]]:
        masses = ((word, self.mass(context, word)) for word in beginning(self._sorted, prefix))
        return heapq.nsmallest(k, masses, key=lambda item: (-item[1], item[0]))

    @property
    def _share(self) -> float:
        return _SHARE * self._times / (self._times + _EVIDENCE)
