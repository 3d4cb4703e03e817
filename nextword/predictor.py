"""The predictor: text in, ranked words out. No tensor crosses this door."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nextword import checkpoint
from nextword.eightbit import is_quantized, quantize, restore
from nextword.layers import Layer, blend, layered_prefix, source
from nextword.near_contexts import ModelStates
from nextword.own_words import OwnWords
from nextword.reading import Reading, read
from nextword.runtime import Cache, Floats, Runtime
from nextword.search import Reader, Request, index_of, window_start
from nextword.slips import LETTERS, meant
from nextword.text import normalise, split_typed, tokens
from nextword.vocabulary import Vocabulary

if TYPE_CHECKING:
    from nextword.model import LanguageModel

_LIKELY = 1e-4  # letters more probable than this are meant as they were typed
_INTENTS = 3  # corrections looked into,
_WORTHWHILE = 0.02  # and how probable each must be beside the letters as they were typed
_HIDDEN = 12  # blocked words behind which others are looked for at once; behind more, where those leave too few
_CONTEXT_CHARACTERS = 2000  # more than the model's window holds
_BRANCHES_KEPT = 512  # read after one context, of all beginnings asked about; each holds what follows it [V]


@dataclass(frozen=True)
class Suggestion:
    """A word offered, how probable it is (given the letters typed), and which model offers it."""

    word: str
    probability: float
    source: str


class _Intent(NamedTuple):
    """Letters that may be meant by those typed."""

    letters: str
    slip: float  # the probability to type what was typed instead of them
    mass: float  # the probability that the word begins with them
    words: dict[str, float]  # those found, with their probabilities


class Predictor:
    """A language model as a keyboard sees it."""

    def __init__(
        self, runtime: Runtime, vocabulary: Vocabulary, *, source: str = "shared", corrects_slips: bool = True
    ):
        self.vocabulary, self.source, self.corrects_slips = vocabulary, source, corrects_slips
        self._runtime, self._index = runtime, index_of(vocabulary)
        # The model's, for layers that compare contexts; all predictors over one model have the same.
        self.states = ModelStates(runtime, vocabulary)
        self._context: str | None = None
        self._pieces: list[int] = []
        self.layers: list[Layer] = []  # over the model, from it upwards
        self.own_words = OwnWords()  # over all layers; candidates like any others
        self.blocked: set[str] = set()  # words never offered, normalised
        self._cache: Cache | None = None  # of the pieces, the start piece among them

    @classmethod
    def load(cls, folder: Path | str = checkpoint.BUNDLED, *, eight_bit: bool | None = None) -> Predictor:
        """From a checkpoint, the bundled one unless another is given.

        With `eight_bit` the weights are rounded first, without it they run as they are stored.
        """
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

    def under(self, layers: Sequence[Layer]) -> Predictor:
        """The same, with these layers over what lies over the model already; both read with the same weights."""
        made = copy.copy(self)
        made.layers = [*self.layers, *layers]
        made.forget_context()
        return made

    def suggest(self, context: str, typed: str = "", k: int = 3) -> list[Suggestion]:
        """The `k` most probable words after the text `context` that go on from the letters `typed`, best first.

        Any text is answered; there are fewer than `k` only where few words fit (`typed` begins no word, say).
        Where the letters lead nowhere likely, what may have been meant by them is offered too (`nextword.slips`).
        Probabilities are the model's own: that this word comes next, rather than another word, a symbol or the end;
        once letters are typed, that this is the word, given the letters. Words come as they are written
        (`nextword.casing`). Raises ValueError for `k` below 1.
        """
        if k < 1:
            raise ValueError(f"one suggestion or more can be asked for, not {k}")
        before, begun = split_typed(typed)
        if before or (typed.strip() and not begun):
            return []
        text = _end(context)
        self._read_context(normalise(text))
        intended = [self._intent(begun, 1.0, k)]
        if begun:
            intended += self._slips(begun, intended[0].mass, k)
        total = sum(intent.slip * intent.mass for intent in intended)
        scores: dict[str, float] = {}
        alone: dict[str, float] = {}  # whatever was typed
        for intent in intended:
            for word, p in intent.words.items():
                scores[word] = scores.get(word, 0.0) + intent.slip * p
                alone[word] = p
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]
        total = max(total, sum(scores.values()))
        return [self._suggestion(word, p / total, alone[word], text, typed) for word, p in best]

    def letters(self, context: str, typed: str = "") -> dict[str, float]:
        """How probable each letter is to come next after `typed`, of those that a bare keyboard has.

        They sum to 1 or less: the word may end here, go on otherwise or, before a letter is typed, be a symbol. Empty
        where nothing is known.
        """
        before, begun = split_typed(typed)
        if before or (typed.strip() and not begun):
            return {}
        self._read_context(normalise(_end(context)))
        self._reader.search([Request(self._root, begun, 1)])
        layers, words = self._layers, self._tokens
        likely = self._reader.masses(self._root, [begun + letter for letter in LETTERS]).tolist()
        mass = self._reader.mass(self._root, begun) if begun else 1.0
        if layers:
            likely = [
                layered_prefix(p, layers, words, begun + letter) for letter, p in zip(LETTERS, likely, strict=True)
            ]
            mass = layered_prefix(mass, layers, words, begun) if begun else 1.0
        mass = max(mass, sum(likely))
        return dict(zip(LETTERS, (p / mass for p in likely), strict=True)) if mass else {}

    def forget_context(self) -> None:
        """Read the next context anew, as after a change of text field."""
        self._context, self._pieces, self._cache = None, [], None

    def _intent(self, letters: str, slip: float, k: int) -> _Intent:
        """Search the words that begin with `letters`."""
        most = k + sum(word.startswith(letters) for word in self.blocked)  # of which k at least are not blocked
        size = min(most, k + _HIDDEN)
        while True:
            found = self._best(letters, size)
            words = {word: p for word, p in found.items() if word not in self.blocked}
            if len(words) >= k or len(found) < size or size == most:
                break
            size = min(most, 2 * size)
        mass = self._reader.mass(self._root, letters) if letters else 1.0
        if letters and (layers := self._layers):
            mass = layered_prefix(mass, layers, self._tokens, letters)
        return _Intent(letters, slip, mass, words)

    def _best(self, letters: str, k: int) -> dict[str, float]:
        """The `k` most probable words that begin with `letters`, blocked ones among them."""
        layers = self._layers
        request = Request(self._root, letters, 2 * k if layers else k)
        self._reader.search([request])
        words = dict(request.best())
        return blend(words, self._below, layers, self._tokens, letters, k) if layers else words

    def _below(self, word: str) -> float:
        return self._root.probability(self.vocabulary.encode_token(word))

    @property
    def _layers(self) -> list[Layer]:
        return [*self.layers, self.own_words] if self.own_words else self.layers

    def _slips(self, begun: str, mass: float, k: int) -> list[_Intent]:
        """What may be meant instead of the letters typed, where these, of that probability, lead nowhere likely."""
        if not self.corrects_slips or len(begun) < 2 or mass > _LIKELY:
            return []
        slips = meant(begun)
        likely = self._reader.masses(self._root, [letters for letters, _ in slips])
        chances = {letters: slip * p for (letters, slip), p in zip(slips, likely.tolist(), strict=True)}
        if layers := self._layers:
            for letters, slip in slips:
                chances[letters] = slip * layered_prefix(chances[letters] / slip, layers, self._tokens, letters)
        best = sorted(slips, key=lambda slip: -chances[slip[0]])[:_INTENTS]
        worthwhile = _WORTHWHILE * mass
        return [self._intent(letters, slip, k) for letters, slip in best if chances[letters] > worthwhile]

    def _suggestion(self, word: str, probability: float, unconditional: float, context: str, typed: str) -> Suggestion:
        layers = self._layers
        layer = source(layers, self._tokens, word, unconditional)
        form = next((form for layer in reversed(layers) if (form := layer.written(word))), None)
        written = self.vocabulary.casing.written(word, context, typed, form=form)
        return Suggestion(written, probability, layer.source if layer else self.source)

    def read(self, messages: Sequence[Sequence[str]]) -> list[Reading]:
        """Read messages (as tokens) for the metrics: what they cost, and what the bar would have shown at each word.

        As if nobody ever slipped.
        """
        [readings] = self.read_with([self], messages)
        return readings

    def read_with(self, others: Sequence[Predictor], messages: Sequence[Sequence[str]]) -> list[list[Reading]]:
        """As each of some predictors over this model (with its `states`) would `read` them; the model does so once."""
        self.states.expect(messages)
        return read(self._runtime, self._index, self.vocabulary, messages, [other._layers for other in others])

    def costs(self, messages: Sequence[Sequence[str]]) -> list[list[float]]:
        """What each token of each message, and its end, costs the model alone, in nats, whatever lies over it."""
        self.states.expect(messages)
        [readings] = read(self._runtime, self._index, self.vocabulary, messages, offering=False)
        return [[-logp for logp in reading.logp] for reading in readings]

    def _read_context(self, context: str) -> None:
        """Read a context, or only what is new in it: a letter typed costs nothing, a word its own pieces."""
        if context == self._context:
            if self._reader.num_branches > _BRANCHES_KEPT:
                self._begin(self._root.next_logp)
            return
        self._tokens = tokens(context)
        encoded = self.vocabulary.encode_tokens(self._tokens)
        pieces = [Vocabulary.bos, *encoded[window_start(len(encoded)) :]]
        # What follows the last piece is wanted, so that one at least is read.
        known = min(_common(self._pieces, pieces), len(pieces) - 1)
        past = self._cache.first(known) if self._cache and known else None
        new = np.array([pieces[known:]], np.int64)
        logp, hidden, self._cache = self._runtime.read(new, np.array([new.shape[1] - 1], np.int64), past)
        self._begin(logp[0])
        self.states.tell(self._tokens, hidden[0])
        self._context, self._pieces = context, pieces

    def _begin(self, next_logp: Floats) -> None:
        """After the context that was read, with no word looked at yet."""
        assert self._cache is not None
        self._reader = Reader(self._runtime, self._index, self._cache)
        self._root = self._reader.branch(0, self._cache.num_pieces - 1, next_logp)


def _end(text: str) -> str:
    """The end of a long text, cut so that it seldom changes while the text grows."""
    text = text.rstrip()
    return text[max(0, (len(text) - 1) // _CONTEXT_CHARACTERS - 1) * _CONTEXT_CHARACTERS :]


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many pieces two sequences begin with alike."""
    shortest = min(len(one), len(other))
    return next((i for i in range(shortest) if one[i] != other[i]), shortest)
