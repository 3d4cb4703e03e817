"""What a person adds to the search for words and n-grams that many people use (`nextword.federation.ngrams`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from nextword.federation.ngrams import WORD_LEVELS, Growth, Ints

_START, _END = 0, 1


def items(growth: Growth, messages: Sequence[Sequence[str]]) -> Ints:
    """The items [M, 2] of the next level that occur in a person's messages (tokens), the most frequent ones first."""
    found = _grown_words(growth, messages) if growth.level < WORD_LEVELS else _grown_ngrams(growth, messages)
    counted = Counter(found)
    ranked = sorted(counted, key=lambda item: (-counted[item], item))
    return np.array(ranked, np.int64).reshape(-1, 2)


def _grown_words(growth: Growth, messages: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """One more piece of each word of which all before it were frequent."""
    level = growth.level
    indices = [growth.index(number) for number in range(level)]
    for message in messages:
        for token in message:
            pieces = growth.vocabulary.encode_token(token)
            parent = 0
            if len(pieces) <= level:
                continue
            for index, piece in zip(indices, pieces, strict=False):
                parent = index.get((parent, piece), -1)
            if parent >= 0:
                yield parent, pieces[level]


def _grown_ngrams(growth: Growth, messages: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    """Pairs of frequent words, or triples of which both pairs were frequent."""
    number = growth.numbers
    pairs = growth.index(WORD_LEVELS) if growth.level > WORD_LEVELS else None
    for message in messages:
        flow = [_START, *(number.get(growth.vocabulary.encode_token(token), -1) for token in message), _END]
        if len(flow) == 2:
            continue
        for place in range(1, len(flow)):
            before, token = flow[place - 1 : place + 1]
            if min(before, token) < 0:
                continue
            if pairs is None:
                yield before, token
            elif (
                place > 1 and (parent := pairs.get((flow[place - 2], before))) is not None and (before, token) in pairs
            ):
                yield parent, token
