"""The predictor: text in, ranked words out. No tensor crosses this door."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nextword import checkpoint
from nextword.model import LanguageModel
from nextword.search import WINDOW, BatchReader, Branch, PieceIndex, Request, windows
from nextword.text import is_word, normalise, split_typed, tokens
from nextword.vocabulary import Vocabulary

_READ_MESSAGES = 16
_CONTEXT_CHARACTERS = 2000  # more than the model's window holds


@dataclass(frozen=True)
class Suggestion:
    """A word offered, how probable it is (given the letters typed), and which model offers it."""

    word: str
    probability: float
    source: str


class Predictor:
    """A language model as a keyboard sees it."""

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary, *, source: str = "shared"):
        self.model, self.vocabulary, self.source = model.eval(), vocabulary, source
        self._index = PieceIndex(vocabulary)
        self._context: str | None = None

    @classmethod
    def load(cls, folder: Path | str) -> Predictor:
        return cls(*checkpoint.load(folder))

    def suggest(self, context: str, typed: str = "", k: int = 3) -> list[Suggestion]:
        """The `k` most probable words after `context` that begin with the letters `typed`, best first.

        Any text is answered; there are fewer than `k` only where no word fits (`typed` is no beginning of a word, say).
        Probabilities are conditional on the word's first piece fitting `typed`.
        """
        before, begun = split_typed(typed)
        if before or (typed.strip() and not begun):
            return []
        reader, root = self._read_context(normalise(context[-_CONTEXT_CHARACTERS:]))
        request = Request(root, begun, k)
        reader.search([request])
        fitting = [self._index.fitting(begun.encode(), first=True, final=final) for final in (True, False)]
        mass = sum(float(np.exp(root.next_logp[ids]).sum()) for ids in fitting) if begun else 1.0
        return [Suggestion(word, min(1.0, p / mass), self.source) for word, p in request.best()]

    def read(self, messages: Sequence[Sequence[str]]) -> list[Reading]:
        """Read messages (as tokens) for the metrics: what they cost, and what the bar would have shown at each word."""
        return [
            reading
            for first in range(0, len(messages), _READ_MESSAGES)
            for reading in self._read_batch(messages[first : first + _READ_MESSAGES])
        ]

    def _read_context(self, context: str) -> tuple[BatchReader, Branch]:
        """Read a context, or go on with the one at hand: typing letters of a word reads nothing anew."""
        if context != self._context:
            pieces = self.vocabulary.encode_tokens(tokens(context))[-(WINDOW - 1) :]
            self._reader = BatchReader(self.model, self._index, [[Vocabulary.bos, *pieces]])
            next_logp = self._reader.log_probabilities([(0, len(pieces))])[0]
            self._root = self._reader.branch(0, len(pieces), next_logp)
            self._context = context
        return self._reader, self._root

    def _read_batch(self, messages: Sequence[Sequence[str]]) -> list[Reading]:
        rows: list[list[int]] = []
        places: list[list[tuple[int, int]]] = []  # of each message's pieces, its end included
        for message in messages:
            pieces = self.vocabulary.encode_tokens(message)
            at: list[tuple[int, int]] = []
            for row, context in windows(pieces):
                at += [(len(rows), column) for column in range(context, len(row))][: len(pieces) + 1 - len(at)]
                rows.append(row)
            places.append(at)
        reader = BatchReader(self.model, self._index, rows)
        readings = [Reading(self, reader, message, at) for message, at in zip(messages, places, strict=True)]
        _type_through(readings, messages)
        return readings


class Reading:
    """One message under one model: `bits` in total (its end included), and the words offered at each place."""

    def __init__(
        self, predictor: Predictor, reader: BatchReader, message: Sequence[str], places: Sequence[tuple[int, int]]
    ):
        vocabulary = predictor.vocabulary
        pieces = [*vocabulary.encode_tokens(message), Vocabulary.eos]
        logp = reader.log_probabilities(places)
        self.bits = -math.fsum(float(logp[i, piece]) for i, piece in enumerate(pieces)) / math.log(2)
        self._reader = reader
        self._roots: list[Branch | None] = []
        first = 0
        for token in message:
            row, column = places[first]
            self._roots.append(reader.branch(row, column, logp[first]) if is_word(token) else None)
            first += len(vocabulary.encode_token(token))
        self._offered: dict[tuple[int, str], list[str]] = {}

    def slots(self, position: int, prefix: str) -> list[str]:
        """The three most probable words at token `position` that begin with `prefix`."""
        if (position, prefix) not in self._offered:
            _answer([(self, position, prefix)])
        return self._offered[position, prefix]


def _type_through(readings: Sequence[Reading], messages: Sequence[Sequence[str]]) -> None:
    """Answer, all messages together, what a person who types them letter by letter would ask until each word shows."""
    typing = [
        (reading, position, token)
        for reading, message in zip(readings, messages, strict=True)
        for position, token in enumerate(message)
        if is_word(token)
    ]
    letters = 0
    while typing:
        _answer([(reading, position, token[:letters]) for reading, position, token in typing])
        letters += 1
        typing = [
            (reading, position, token)
            for reading, position, token in typing
            if letters < len(token) and (shown := reading.slots(position, token[: letters - 1])) and token not in shown
        ]


def _answer(questions: Sequence[tuple[Reading, int, str]]) -> None:
    """Search the slots of several (reading, position, prefix) of one batch together."""
    asked = []
    for reading, position, prefix in questions:
        root = reading._roots[position]
        if root is None:
            raise ValueError(f"token {position} of the message is no word")
        asked.append((reading, position, prefix, Request(root, prefix, 3)))
    if asked:
        asked[0][0]._reader.search([request for *_, request in asked])
    for reading, position, prefix, request in asked:
        reading._offered[position, prefix] = [word for word, _ in request.best()]
