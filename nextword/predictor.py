"""The predictor: text in, ranked words out. No tensor crosses this door."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nextword import checkpoint
from nextword.eightbit import is_quantized, quantize, restore
from nextword.runtime import Cache, Floats, Runtime
from nextword.search import Branch, PieceIndex, Reader, Request, window_start, windows
from nextword.text import is_word, normalise, split_typed, tokens
from nextword.vocabulary import Vocabulary

if TYPE_CHECKING:
    from nextword.model import LanguageModel

_READ_ROWS = 16
_CONTEXT_CHARACTERS = 2000  # more than the model's window holds


@dataclass(frozen=True)
class Suggestion:
    """A word offered, how probable it is (given the letters typed), and which model offers it."""

    word: str
    probability: float
    source: str


class Predictor:
    """A language model as a keyboard sees it."""

    def __init__(self, runtime: Runtime, vocabulary: Vocabulary, *, source: str = "shared"):
        self.vocabulary, self.source = vocabulary, source
        self._runtime, self._index = runtime, PieceIndex(vocabulary)
        self._context: str | None = None
        self._pieces: list[int] = []
        self._cache: Cache | None = None  # of the pieces, the start piece among them

    @classmethod
    def load(cls, folder: Path | str, *, eight_bit: bool | None = None) -> Predictor:
        """From a checkpoint. With `eight_bit` the weights are rounded first, without it they run as they are stored."""
        found = checkpoint.read(folder)
        stored = found.stored
        if eight_bit is not None and eight_bit != is_quantized(stored):
            stored = quantize(restore(stored)) if eight_bit else restore(stored)
        return cls(Runtime(found.config, stored), found.vocabulary)

    @classmethod
    def of(cls, model: LanguageModel, vocabulary: Vocabulary, *, eight_bit: bool = False) -> Predictor:
        """From a model that was trained here."""
        weights = model.weights()
        return cls(Runtime(model.config, quantize(weights) if eight_bit else weights), vocabulary)

    def suggest(self, context: str, typed: str = "", k: int = 3) -> list[Suggestion]:
        """The `k` most probable words after `context` that begin with the letters `typed`, best first.

        Any text is answered; there are fewer than `k` only where no word fits (`typed` is no beginning of a word, say).
        Probabilities are conditional on the word's first piece fitting `typed`.
        """
        before, begun = split_typed(typed)
        if before or (typed.strip() and not begun):
            return []
        self._read_context(normalise(_end(context)))
        request = Request(self._root, begun, k)
        self._reader.search([request])
        fitting = [self._index.fitting(begun.encode(), first=True, final=final) for final in (True, False)]
        mass = sum(float(np.exp(self._root.next_logp[ids]).sum()) for ids in fitting) if begun else 1.0
        return [Suggestion(word, min(1.0, p / mass), self.source) for word, p in request.best()]

    def read(self, messages: Sequence[Sequence[str]]) -> list[Reading]:
        """Read messages (as tokens) for the metrics: what they cost, and what the bar would have shown at each word.

        A long message is read in parts, so that only a few windows' predictions are in memory at once.
        """
        readings = [Reading(self, message) for message in messages]
        parts = (part for reading in readings for part in reading.parts())
        while batch := list(islice(parts, _READ_ROWS)):
            _read_parts(self, batch)
        return readings

    def _reader_of(self, rows: Sequence[Sequence[int]], places: Sequence[tuple[int, int]]) -> tuple[Reader, Floats]:
        return Reader.of_rows(self._runtime, self._index, rows, places)

    def _read_context(self, context: str) -> None:
        """Read a context, or only what is new in it: a letter typed costs nothing, a word its own pieces."""
        if context == self._context:
            return
        encoded = self.vocabulary.encode_tokens(tokens(context))
        pieces = [Vocabulary.bos, *encoded[window_start(len(encoded)) :]]
        # What follows the last piece is wanted, so that one at least is read.
        known = min(_common(self._pieces, pieces), len(pieces) - 1)
        past = self._cache.first(known) if self._cache and known else None
        new = np.array([pieces[known:]], np.int64)
        logp, self._cache = self._runtime.read(new, np.array([new.shape[1] - 1], np.int64), past)
        self._reader = Reader(self._runtime, self._index, self._cache)
        self._root = self._reader.branch(0, len(pieces) - 1, logp[0])
        self._context, self._pieces = context, pieces


def _end(text: str) -> str:
    """The end of a long text, cut so that it seldom changes while the text grows."""
    return text[max(0, (len(text) - 1) // _CONTEXT_CHARACTERS - 1) * _CONTEXT_CHARACTERS :]


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many pieces two sequences begin with alike."""
    shortest = min(len(one), len(other))
    return next((i for i in range(shortest) if one[i] != other[i]), shortest)


class Reading:
    """One message under one model: `bits` in total (its end included), and the words offered at each place."""

    def __init__(self, predictor: Predictor, message: Sequence[str]):
        self.bits = 0.0
        self.message = message
        self.offered: dict[tuple[int, str], list[str]] = {}
        self._predictor = predictor

    def parts(self) -> Iterator[_Part]:
        """The windows of the message, each with the words that begin in what it predicts."""
        vocabulary = self._predictor.vocabulary
        encoded = [vocabulary.encode_token(token) for token in self.message]
        pieces = [*chain.from_iterable(encoded), Vocabulary.eos]
        starts = accumulate(map(len, encoded), initial=0)  # one more than there are tokens
        word_at = {
            first: position
            for position, (first, token) in enumerate(zip(starts, self.message, strict=False))
            if is_word(token)
        }
        first = 0
        for row, context in windows(pieces[:-1]):
            targets = pieces[first : first + len(row) - context]
            words = [(context + i, word_at[first + i]) for i in range(len(targets)) if first + i in word_at]
            yield _Part(self, row, context, targets, words)
            first += len(targets)

    def slots(self, position: int, prefix: str) -> list[str]:
        """The three most probable words at token `position` that begin with `prefix`."""
        if (position, prefix) not in self.offered:
            found = [(part, column) for part in self.parts() for column, word in part.words if word == position]
            if not found:
                raise ValueError(f"token {position} of the message is no word")
            (part, column), predictor = found[0], self._predictor
            reader, logp = predictor._reader_of([part.row], [(0, column)])
            _answer(reader, [(_Word(self, position, reader.branch(0, column, logp[0])), prefix)])
        return self.offered[position, prefix]


@dataclass(frozen=True)
class _Part:
    """A row of pieces of a message: which of them are predicted here, and at which columns words begin."""

    reading: Reading
    row: list[int]
    context: int  # the first column that predicts
    targets: list[int]  # the pieces predicted after columns context, context + 1, ...
    words: list[tuple[int, int]]  # (column, token of the message)


@dataclass(frozen=True)
class _Word:
    """A word that somebody types: where it stands, and the model's state before it."""

    reading: Reading
    position: int
    root: Branch

    @property
    def token(self) -> str:
        return self.reading.message[self.position]


def _read_parts(predictor: Predictor, parts: Sequence[_Part]) -> None:
    """Add what the parts cost to their messages' bits, and offer words at every place in them."""
    places = [(row, part.context + i) for row, part in enumerate(parts) for i in range(len(part.targets))]
    reader, logp = predictor._reader_of([part.row for part in parts], places)
    first, words = 0, []
    for row, part in enumerate(parts):
        costs = (float(logp[first + i, piece]) for i, piece in enumerate(part.targets))
        part.reading.bits -= math.fsum(costs) / math.log(2)
        for column, position in part.words:
            root = reader.branch(row, column, logp[first + column - part.context])
            words.append(_Word(part.reading, position, root))
        first += len(part.targets)
    _type_through(reader, words)


def _type_through(reader: Reader, typing: list[_Word]) -> None:
    """Answer, all words together, what a person who types them letter by letter would ask until each word shows."""
    letters = 0
    while typing:
        _answer(reader, [(word, word.token[:letters]) for word in typing])
        typing = [
            word
            for word in typing
            if letters + 1 < len(word.token)
            and (shown := word.reading.offered[word.position, word.token[:letters]])
            and word.token not in shown
        ]
        letters += 1


def _answer(reader: Reader, questions: Sequence[tuple[_Word, str]]) -> None:
    """Search the slots of several (word, prefix) of one batch together."""
    requests = [Request(word.root, prefix, 3) for word, prefix in questions]
    reader.search(requests)
    for (word, prefix), request in zip(questions, requests, strict=True):
        word.reading.offered[word.position, prefix] = [found for found, _ in request.best()]
