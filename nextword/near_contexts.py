"""What a person has written after contexts like this one, as a layer over a model (`nextword.layers`).

Khandelwal et al. 2020, "Generalization through memorization: nearest neighbor language models", section 2, over words:
with h the model's last hidden state after a context, and h_i those before the words w_i (and the ends) of a history,

    mass(w | context) = share (sum over w_i = w of exp(cos(h, h_i) / temperature)) / (sum over all i of it)

and the rest, 1 - share, is what lies below. All of the history takes part: it is a person's, so it is short. Nothing is
trained, and the model that gives the states may be another than the one below.
"""

# N words and ends of the history, D width

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nextword.layers import END, beginning
from nextword.runtime import Floats, Runtime
from nextword.search import windows
from nextword.text import is_word
from nextword.vocabulary import Vocabulary

Masses = NDArray[np.float64]  # by the numbers of tokens
States = Callable[[Sequence[str]], Floats]  # before each of these tokens and after the last, [tokens + 1, D]
_CACHED = 1000  # messages or contexts, each of some kB to tens of kB


@dataclass(frozen=True)
class NearConfig:
    """How near a context must be, and how far what followed it is believed."""

    temperature: float = 0.1
    share: float = 0.95

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and 0 < self.share < 1):
            raise ValueError("near contexts: temperature must be above 0, share in (0, 1)")


class ModelStates:
    """A model's last hidden states in a message of tokens; those looked up last are at hand."""

    def __init__(self, runtime: Runtime, vocabulary: Vocabulary) -> None:
        self._runtime, self._vocabulary = runtime, vocabulary
        self._found = lru_cache(_CACHED)(self._read)

    def __call__(self, tokens: Sequence[str]) -> Floats:
        return self._found(tuple(tokens))

    def _read(self, tokens: tuple[str, ...]) -> Floats:
        encoded = [self._vocabulary.encode_token(token) for token in tokens]
        before = np.cumsum([0, *map(len, encoded)])  # pieces before each token, and before the end
        states = []
        for row, first in windows(list(itertools.chain.from_iterable(encoded))):
            places = np.arange(first, len(row), dtype=np.int64)
            states.append(self._runtime.hidden(np.array([row], np.int64), places))
        found: Floats = np.concatenate(states)[before]
        return found


class NearContexts:
    """Of the tokens of messages, and of the states before them (`ModelStates`)."""

    source = "own"

    def __init__(
        self, states: States, messages: Sequence[Sequence[str]] = (), config: NearConfig | None = None
    ) -> None:
        self.config = config or NearConfig()
        self._states = states
        flows = [[*message, END] for message in messages]
        tokens = {token for flow in flows for token in flow}
        self._words = sorted(filter(is_word, tokens))  # then all that is no word
        self._number = {token: place for place, token in enumerate((*self._words, *sorted(tokens - {*self._words})))}
        self._next_N = np.array([self._number[token] for flow in flows for token in flow], np.int64)
        self._states_ND = _unit(np.concatenate([states(message) for message in messages])) if flows else None
        self._found = lru_cache(_CACHED)(self._masses)

    def rest(self, context: Sequence[str]) -> float:
        return 1.0 if self._states_ND is None else 1 - self.config.share

    def mass(self, context: Sequence[str], token: str) -> float:
        place = self._number.get(token)
        return 0.0 if place is None else float(self._at(context)[place])

    def prefix_mass(self, context: Sequence[str], prefix: str) -> float:
        first, last = self._begun(prefix)
        return math.fsum(self._at(context)[first:last])

    def top(self, context: Sequence[str], k: int, prefix: str) -> list[tuple[str, float]]:
        first, last = self._begun(prefix)
        masses = self._at(context)[first:last]
        best = np.argsort(-masses, kind="stable")[:k]  # of equals the first by spelling
        return [(self._words[first + place], float(masses[place])) for place in best if masses[place] > 0]

    def written(self, word: str) -> str | None:
        """Nothing is known here of capitals."""
        return None

    def _begun(self, prefix: str) -> tuple[int, int]:
        """From where to where the words stand that begin so."""
        begun = beginning(self._words, prefix)
        first = bisect.bisect_left(self._words, prefix)
        return first, first + len(begun)

    def _at(self, context: Sequence[str]) -> Masses:
        """The masses of all tokens after a context."""
        return self._found(tuple(context))

    def _masses(self, context: tuple[str, ...]) -> Masses:
        if self._states_ND is None:
            return np.zeros(0)
        cosine_N = self._states_ND @ _unit(self._states(context)[-1:])[0]
        weight_N = np.exp((cosine_N - cosine_N.max()).astype(np.float64) / self.config.temperature)
        masses: Masses = np.bincount(self._next_N, weight_N, minlength=len(self._number)).astype(np.float64)
        masses *= self.config.share / masses.sum()
        return masses


def _unit(states_ND: Floats) -> NDArray[np.float32]:
    """Each state at length 1."""
    unit: NDArray[np.float32] = states_ND / np.maximum(np.linalg.norm(states_ND, axis=1, keepdims=True), 1e-12)
    return unit
