"""Counts of words in the contexts they stand in, as a layer over a model (`nextword.layers`).

An interpolated trigram whose lowest order is whatever lies below it. With c the weight of what was counted, for a
discount d and a concentration s (Teh 2006, "A hierarchical Bayesian language model based on Pitman-Yor processes",
section 4, one table for each different token),

    p(w | uv) = max(c(uvw) - d, 0) / (c(uv) + s) + l(uv) p(w | v)      l: what is left, so that it sums to 1
    p(w | v)  = max(c(vw) - d, 0) / (c(v) + s)   + l(v) p(w)
    p(w)      = share c(w) / c                   + (1 - share) p_below(w)

so a context seen often is believed, one never seen leaves all but `share` to what lies below. Single words have a
constant share, since how much was counted in all does not say how much a context tells.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from nextword.layers import beginning
from nextword.text import is_word

START = "\n"  # before the first token of a message; never typed
_CACHED = 20_000  # contexts, or beginnings of words, looked up

Context = tuple[str, ...]


@dataclass(frozen=True)
class NgramConfig:
    """How far counts are believed."""

    share: float = 0.1  # for words whatever their context
    concentration: float = 6.0  # sightings of a context that weigh as much as all that lies below
    discount: float = 0.5

    def __post_init__(self) -> None:
        if not all(0 <= value < 1 for value in (self.share, self.discount)):
            raise ValueError("n-gram: share and discount must lie in [0, 1)")
        if not self.concentration > 0:
            raise ValueError("n-gram: concentration must be above 0")


class NgramLayer:
    """`followers`: by context of no, one or two tokens what followed it, with its weight.

    Of two contexts the longer must not have followers that the shorter has not. Weights are divided by `unit`.
    """

    def __init__(self, config: NgramConfig, followers: Mapping[Context, Mapping[str, float]], *, source: str):
        self.config, self.source, self.unit = config, source, 1.0
        self.followers = {context: dict(counts) for context, counts in followers.items()}
        self.words = sorted(filter(is_word, self.followers.get((), {})))
        self._known: dict[Context, _Known] = {}
        self._most: dict[tuple[int, str], list[str]] = {}  # words, by how many and how they begin
        self._weight: dict[str, float] = {}  # of all words that begin so

    def changed(self) -> None:
        """Forget what was worked out from counts that are others now."""
        self._known.clear()
        self._most.clear()
        self._weight.clear()

    def __contains__(self, word: object) -> bool:
        return word in self.followers.get((), {})

    def written(self, word: str) -> str | None:
        """Nothing is known here of capitals."""
        return None

    def rest(self, context: Sequence[str]) -> float:
        return self._at(context).rest

    def mass(self, context: Sequence[str], token: str) -> float:
        known = self._at(context)
        followed = known.masses.get(token)
        return known.single * self.followers.get((), {}).get(token, 0.0) if followed is None else followed

    def prefix_mass(self, context: Sequence[str], prefix: str) -> float:
        known, singles = self._at(context), self.followers.get((), {})
        if prefix not in self._weight:
            _make_room(self._weight)
            self._weight[prefix] = math.fsum(singles[word] for word in beginning(self.words, prefix))
        followed = [word for word in known.masses if word.startswith(prefix) and is_word(word)]
        more = math.fsum(known.masses[word] - known.single * singles[word] for word in followed)
        return known.single * self._weight[prefix] + more

    def top(self, context: Sequence[str], k: int, prefix: str) -> list[tuple[str, float]]:
        # A word that never followed is only as probable as it is frequent.
        known, singles = self._at(context), self.followers.get((), {})
        masses = {word: known.single * singles[word] for word in self._most_frequent(k, prefix)}
        masses |= {word: p for word, p in known.masses.items() if word.startswith(prefix) and is_word(word)}
        above = (item for item in masses.items() if item[1])
        return heapq.nsmallest(k, above, key=lambda item: (-item[1], item[0]))

    def _most_frequent(self, k: int, prefix: str) -> list[str]:
        if (k, prefix) not in self._most:
            _make_room(self._most)
            singles = self.followers.get((), {})
            words = beginning(self.words, prefix)
            self._most[k, prefix] = heapq.nsmallest(k, words, key=lambda word: (-singles[word], word))
        return self._most[k, prefix]

    def _at(self, context: Sequence[str]) -> _Known:
        return self._after((START, *context)[-2:])

    def _after(self, order: Context) -> _Known:
        """What is known after a context of at most two tokens, worked out once."""
        if (known := self._known.get(order)) is None:
            if not order:
                total = math.fsum(self.followers.get((), {}).values())
                share = self.config.share if total else 0.0
                known = _Known({}, share / (total or 1.0), 1 - share)
            else:
                known, counts = self._after(order[1:]), self.followers.get(order)
                known = self._above(known, counts) if counts else known
            _make_room(self._known)
            self._known[order] = known
        return known

    def _above(self, below: _Known, counts: Mapping[str, float]) -> _Known:
        """What a context adds to the shorter one."""
        singles = self.followers.get((), {})
        weights = {token: count / self.unit for token, count in counts.items()}
        total = math.fsum(weights.values()) + self.config.concentration
        kept = {token: max(weight - self.config.discount, 0.0) / total for token, weight in weights.items()}
        left = 1 - math.fsum(kept.values())
        single = left * below.single
        masses = {token: left * p for token, p in below.masses.items()}
        for token, p in kept.items():
            masses[token] = p + (masses[token] if token in masses else single * singles[token])
        return _Known(masses, single, left * below.rest)


class _Known(NamedTuple):
    """Of one context: the masses of what followed it, the share of single words by their weight, the rest."""

    masses: dict[str, float]
    single: float
    rest: float


def _make_room(cache: dict[Any, Any]) -> None:
    if len(cache) >= _CACHED:
        cache.clear()
