"""Whole messages read for the metrics: what they cost, and what the bar would have shown at each word.

The same search as the keyboard's, over many messages at once.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, chain

from nextword.keystrokes import SLOTS
from nextword.layers import END, Layer, blend, layered
from nextword.runtime import Runtime
from nextword.search import Branch, PieceIndex, Reader, Request, windows
from nextword.text import is_word
from nextword.vocabulary import MAX_TOKEN_CHARACTERS, Vocabulary

_SEARCHED = 6  # words looked for where layers may lift one that is not among the model's first
_ROWS = 16  # windows read at once
_NATS_A_BYTE = math.log(257)  # of what a vocabulary cuts off a token: as `nextword.ngram` spells the unknown


def read(
    runtime: Runtime,
    index: PieceIndex,
    vocabulary: Vocabulary,
    messages: Sequence[Sequence[str]],
    stacks: Sequence[Sequence[Layer]] = ((),),
    *,
    offering: bool = True,
) -> list[list[Reading]]:
    """Read messages (as tokens) under each of several stacks of layers, as under each alone.

    The model reads them once. A long message is read in parts, so that few windows' predictions are in memory at once.
    Without `offering` only what they cost is worked out, and words when they are asked for.
    """
    first = [Reading(runtime, index, vocabulary, message, stacks[0]) for message in messages]
    others = [[reading.under(layers) for reading in first] for layers in stacks[1:]]
    readings = [first, *others]
    cut = (replace(part, readings=same) for same in zip(*readings, strict=True) for part in same[0].parts())
    parts = sorted(cut, key=lambda part: len(part.row))  # of like length together, so that hardly anything is padded
    for number in range(0, len(parts), _ROWS):
        _read_parts(runtime, index, parts[number : number + _ROWS], offering=offering)
    return readings


class Reading:
    """One message under one model and the layers over it: what it costs, and the words offered at each place."""

    def __init__(
        self,
        runtime: Runtime,
        index: PieceIndex,
        vocabulary: Vocabulary,
        message: Sequence[str],
        layers: Sequence[Layer] = (),
    ):
        self.message, self.layers = message, layers
        # By the model alone, of each token and of the end, in nats.
        self.logp = [*map(_cut_off, message), 0.0]
        self.offered: dict[tuple[int, str], dict[str, float]] = {}  # best first
        self._runtime, self._index, self._vocabulary = runtime, index, vocabulary

    def under(self, layers: Sequence[Layer]) -> Reading:
        """The same under other layers; what the model itself says is told to both."""
        other = copy.copy(self)
        other.layers, other.offered = layers, {}
        return other

    @property
    def bits(self) -> float:
        """What all tokens and the end cost together, the layers' share in it."""
        whole, bits = [*self.message, END], []
        for place, (token, logp) in enumerate(zip(whole, self.logp, strict=True)):
            mass, rest = layered(self.layers, whole[:place], token)
            bits.append(-math.log2(mass + rest * math.exp(logp)) if mass else -math.log2(rest) - logp / math.log(2))
        return math.fsum(bits)

    def parts(self) -> Iterator[_Part]:
        """The windows of the message, each with the words that begin in what it predicts."""
        encoded = [self._vocabulary.encode_token(token) for token in self.message]
        pieces = [*chain.from_iterable(encoded), Vocabulary.eos]
        token_of = [token for token, spelled in enumerate([*encoded, [Vocabulary.eos]]) for _ in spelled]
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
            yield _Part([self], row, context, targets, token_of[first : first + len(targets)], words)
            first += len(targets)

    def below(self, root: Branch, word: str) -> float:
        """What the model gives to a word after `root`, as far as it has looked: exact for words of one piece."""
        return root.probability(self._vocabulary.encode_token(word))

    def slots(self, position: int, prefix: str) -> list[str]:
        """The three most probable words at token `position` that begin with `prefix`."""
        if (position, prefix) not in self.offered:
            found = [(part, column) for part in self.parts() for column, word in part.words if word == position]
            if not found:
                raise ValueError(f"token {position} of the message is no word")
            part, column = found[0]
            reader, logp = Reader.of_rows(self._runtime, self._index, [part.row], [(0, column)])
            _answer(reader, [(_Word(self, position, reader.branch(0, column, logp[0])), prefix)])
        return list(self.offered[position, prefix])

    def chances(self, position: int) -> list[float]:
        """How probable each of `slots(position, "")` is, among all words, symbols and the end."""
        return [self.offered[position, ""][word] for word in self.slots(position, "")]


def _cut_off(token: str) -> float:
    return -_NATS_A_BYTE * len(token[MAX_TOKEN_CHARACTERS:].encode(errors="replace"))


@dataclass(frozen=True)
class _Part:
    """A row of pieces of a message: which of them are predicted here, and at which columns words begin."""

    readings: Sequence[Reading]  # of the message, under several layers
    row: list[int]
    context: int  # the first column that predicts
    targets: list[int]  # the pieces predicted after columns context, context + 1, ...
    tokens: list[int]  # of which each target is a part
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


def _read_parts(runtime: Runtime, index: PieceIndex, parts: Sequence[_Part], *, offering: bool) -> None:
    """Add what the parts cost to their messages' bits, and offer words at every place in them."""
    places = [(row, part.context + i) for row, part in enumerate(parts) for i in range(len(part.targets))]
    reader, logp = Reader.of_rows(runtime, index, [part.row for part in parts], places)
    first, words = 0, []
    for row, part in enumerate(parts):
        for i, (piece, token) in enumerate(zip(part.targets, part.tokens, strict=True)):
            part.readings[0].logp[token] += float(logp[first + i, piece])  # which is all readings'
        for column, position in part.words:
            after = logp[first + column - part.context]
            # Under layers another search is made, and what they find depends on what it has read.
            bare, layered = reader.branch(row, column, after), reader.branch(row, column, after)
            words += [_Word(each, position, layered if each.layers else bare) for each in part.readings]
        first += len(part.targets)
    if offering:
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
    """Search the slots of several (word, prefix) of one batch together; what stands under several layers, once."""
    requests: dict[tuple[int, str], Request] = {}
    for word, prefix in questions:
        if (key := (id(word.root), prefix)) not in requests:
            requests[key] = Request(word.root, prefix, _SEARCHED if word.reading.layers else SLOTS)
    reader.search(requests.values())
    for word, prefix in questions:
        reading, found = word.reading, dict(requests[id(word.root), prefix].best())
        if reading.layers:
            below = partial(reading.below, word.root)
            found = blend(found, below, reading.layers, reading.message[: word.position], prefix, SLOTS)
        reading.offered[word.position, prefix] = found
