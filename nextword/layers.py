"""Words known in other ways than by the model, laid over what it predicts.

A layer holds back a share of the probability for what it knows in a context, and leaves the rest to what lies below:

    p(w | context) = mass(w | context) + rest(context) p_below(w | context),    sum over w of mass + rest = 1

so layers are stacked in any number, the person's own words over words shared by many over the model, and probabilities
still sum to 1. A layer that knows nothing of a context leaves all of it.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

END = ""  # the end of a message, as a token
_LAST = "\U0010ffff"  # sorts after every letter


class Layer(Protocol):
    """Some words' probabilities by context; a context is the tokens before the word in its message."""

    @property
    def source(self) -> str:
        """What a suggestion of its is said to come from."""

    def rest(self, context: Sequence[str]) -> float:
        """The share left to what lies below, above 0."""

    def mass(self, context: Sequence[str], token: str) -> float:
        """What the layer itself gives to a token; the empty one is the end of the message."""

    def prefix_mass(self, context: Sequence[str], prefix: str) -> float:
        """The sum of `mass` over all words that begin so."""

    def top(self, context: Sequence[str], k: int, prefix: str) -> list[tuple[str, float]]:
        """The `k` words of most mass that begin so, best first, equals by spelling."""

    def written(self, word: str) -> str | None:
        """The word with its capitals, where the layer knows better than the language."""


@dataclass(frozen=True)
class Trusted:
    """A layer believed to a share only: of what it says `trust` is kept, the rest is what lies below."""

    layer: Layer
    trust: float

    @property
    def source(self) -> str:
        return self.layer.source

    def rest(self, context: Sequence[str]) -> float:
        return 1 - self.trust * (1 - self.layer.rest(context))

    def mass(self, context: Sequence[str], token: str) -> float:
        return self.trust * self.layer.mass(context, token)

    def prefix_mass(self, context: Sequence[str], prefix: str) -> float:
        return self.trust * self.layer.prefix_mass(context, prefix)

    def top(self, context: Sequence[str], k: int, prefix: str) -> list[tuple[str, float]]:
        return [(word, self.trust * p) for word, p in self.layer.top(context, k, prefix)]

    def written(self, word: str) -> str | None:
        return self.layer.written(word)


def beginning(words: Sequence[str], prefix: str) -> Sequence[str]:
    """Of sorted words those that begin so."""
    first = bisect.bisect_left(words, prefix)
    return words[first : bisect.bisect_left(words, prefix + _LAST, first)]


def blend(
    found: Mapping[str, float],
    below: Callable[[str], float],
    layers: Sequence[Layer],
    context: Sequence[str],
    prefix: str,
    k: int,
) -> dict[str, float]:
    """The `k` most probable words that begin with `prefix`, of those `found` by the model and those that layers know.

    `below` tells what the model gives to a word that its search did not find: exact, or 0 where it has not looked.
    Layers come in order from the model up. Best first, equals by spelling.
    """
    words = dict(found)
    for layer in layers:
        for word, _ in layer.top(context, k, prefix):
            if word not in words:
                words[word] = below(word)
    for layer in layers:
        rest = layer.rest(context)
        words = {word: layer.mass(context, word) + rest * p for word, p in words.items()}
    return dict(sorted(words.items(), key=lambda item: (-item[1], item[0]))[:k])


def layered(layers: Sequence[Layer], context: Sequence[str], token: str) -> tuple[float, float]:
    """(mass, rest) of all layers together: a token to which the model gives p has mass + rest p."""
    mass, rest = 0.0, 1.0
    for layer in layers:
        left = layer.rest(context)
        mass, rest = layer.mass(context, token) + left * mass, left * rest
    return mass, rest


def layered_prefix(p: float, layers: Sequence[Layer], context: Sequence[str], prefix: str) -> float:
    """The probability that the word begins so, where the model says `p`."""
    for layer in layers:
        p = layer.prefix_mass(context, prefix) + layer.rest(context) * p
    return p


def source(layers: Sequence[Layer], context: Sequence[str], word: str, p: float) -> Layer | None:
    """The layer from which most of a word's probability `p` comes, None for the model."""
    found: Layer | None = None
    most, models, above = 0.0, p, 1.0
    for layer in reversed(layers):
        share = above * layer.mass(context, word)
        above *= layer.rest(context)
        models -= share
        if share > most:
            found, most = layer, share
    return found if most > models else None
