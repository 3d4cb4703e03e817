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
from typing import NamedTuple

from nextword.layers import beginning
from nextword.text import is_word

START = "\n"  # before the first token of a message; never typed
_CACHED = 20_000  # contexts looked up

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
        self._most: dict[int, list[str]] = {}  # words, by how many

    def changed(self) -> None:
        """Forget what was worked out from counts that are others now."""
        self._known.clear()
        self._most.clear()

    def __contains__(self, word: str) -> bool:
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
        return math.fsum(self.mass(context, word) for word in beginning(self.words, prefix))

    def top(self, context: Sequence[str], k: int, prefix: str) -> list[tuple[str, float]]:
        # Without a letter all words begin so, but one that never followed is only as probable as it is frequent.
        followed = filter(is_word, self._at(context).masses)
        words = beginning(self.words, prefix) if prefix else {*followed, *self._most_frequent(k)}
        masses = ((word, p) for word in words if (p := self.mass(context, word)))
        return heapq.nsmallest(k, masses, key=lambda item: (-item[1], item[0]))

    def _most_frequent(self, k: int) -> list[str]:
        if k not in self._most:
            singles = self.followers.get((), {})
            self._most[k] = heapq.nsmallest(k, self.words, key=lambda word: (-singles[word], word))
        return self._most[k]

    def _at(self, context: Sequence[str]) -> _Known:
        """What is known after a context, worked out once."""
        tail = (START, *context)[-2:]
        if (known := self._known.get(tail)) is None:
            singles = self.followers.get((), {})
            share = self.config.share if singles else 0.0
            masses: dict[str, float] = {}
            rest, factor = 1 - share, (share / math.fsum(singles.values()) if singles else 0.0)
            for order in (tail[-1:], tail if len(tail) == 2 else None):
                counts = self.followers.get(order) if order else None
                if not counts:
                    continue
                below, masses = masses, {}
                weights = {token: count / self.unit for token, count in counts.items()}
                total = math.fsum(weights.values()) + self.config.concentration
                kept = {token: max(weight - self.config.discount, 0.0) / total for token, weight in weights.items()}
                left = 1 - math.fsum(kept.values())
                rest, factor = left * rest, left * factor
                masses = {token: left * p for token, p in below.items()}
                for token, p in kept.items():
                    lower = masses[token] if token in masses else factor * singles[token]
                    masses[token] = p + lower
            known = _Known(masses, factor, rest)
            if len(self._known) >= _CACHED:
                self._known.clear()
            self._known[tail] = known
        return known


class _Known(NamedTuple):
    """Of one context: the masses of what followed it, the share of single words by their weight, the rest."""

    masses: dict[str, float]
    single: float
    rest: float
