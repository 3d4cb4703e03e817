"""What a person has written after contexts like this one, as a layer over a model (`nextword.layers`).

Khandelwal et al. 2020, "Generalization through memorization: nearest neighbor language models", section 2, over words:
with h the model's last hidden state after a context, and h_i those before the words w_i (and the ends) of a history,

    mass(w | context) = share (sum over w_i = w of exp(cos(h, h_i) / temperature)) / (sum over all i of it)

and the rest, 1 - share, is what lies below. All of a history's newest part is compared: it is a person's, so it is
short. Nothing is trained.
"""

# N words and ends of the history, D width

from __future__ import annotations

import bisect
import itertools
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol, Self

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from nextword.layers import END, beginning
from nextword.runtime import Floats, Runtime
from nextword.search import WINDOW, windows
from nextword.text import is_word
from nextword.vocabulary import Vocabulary

Masses = NDArray[np.float32]  # by the numbers of tokens
_CACHED = 1000  # contexts, each of some kB to tens of kB
_ROWS = 16  # windows read at once

_Seen = tuple[int, tuple[str, ...]]


@dataclass(frozen=True)
class NearConfig:
    """How near a context must be, how far what followed it is believed, how much of a history is compared."""

    temperature: float = 0.1
    share: float = 0.95
    most_contexts: int = 12_000  # in whole messages, the newest; 1 kB each at width 256

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and 0 < self.share < 1 and self.most_contexts > 0):
            raise ValueError("near contexts: temperature and most_contexts must be above 0, share in (0, 1)")


class States(Protocol):
    """What a model makes of contexts."""

    def of(self, messages: Sequence[Sequence[str]]) -> Floats:
        """Before each token and after the last of each message (tokens), one message after another [N, D]."""

    def after(self, context: Sequence[str]) -> Floats:
        """After all these tokens [D]."""


class ModelStates:
    """A model's last hidden states. What was read anyway is told, so that it need not be read again."""

    def __init__(self, runtime: Runtime, vocabulary: Vocabulary) -> None:
        self._runtime, self._vocabulary = runtime, vocabulary
        self._known: dict[_Seen, Floats] = {}
        self._expected: Sequence[Sequence[str]] = ()
        self._remembered: dict[tuple[str, ...], Floats] | None = None

    def of(self, messages: Sequence[Sequence[str]]) -> Floats:
        if self._remembered is None:
            return self._read(messages)
        whole = [*map(tuple, messages)]
        new = [message for message in dict.fromkeys(whole) if message not in self._remembered]
        ends = np.cumsum([len(message) + 1 for message in new])
        self._remembered.update(zip(new, np.split(self._read(new), ends[:-1]), strict=False))
        return np.concatenate([self._read([]), *(self._remembered[message] for message in whole)])

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Read each message once meanwhile, however often its states are wanted."""
        before, self._remembered = self._remembered, {}
        try:
            yield
        finally:
            self._remembered = before

    def _read(self, messages: Sequence[Sequence[str]]) -> Floats:
        read: list[tuple[list[int], list[int]]] = []  # rows of pieces, and the columns that are wanted
        for message in messages:
            encoded = [self._vocabulary.encode_token(token) for token in message]
            wanted = {*itertools.accumulate(map(len, encoded), initial=0)}  # pieces before a token, or the end
            first = 0
            for row, begins in windows(list(itertools.chain.from_iterable(encoded))):
                columns = range(begins, len(row))
                read.append((row, [column for column in columns if first + column - begins in wanted]))
                first += len(columns)
        last = np.cumsum([0, *(len(columns) for _, columns in read)])
        states = np.empty((last[-1], self._runtime.config.width), np.float32)
        order = sorted(range(len(read)), key=lambda number: len(read[number][0]))  # so that hardly anything is padded
        for start in range(0, len(order), _ROWS):
            batch = order[start : start + _ROWS]
            width = max(len(read[number][0]) for number in batch)
            padded = [[*row, *[Vocabulary.pad] * (width - len(row))] for row, _ in (read[number] for number in batch)]
            places = [row * width + column for row, number in enumerate(batch) for column in read[number][1]]
            into = np.concatenate([np.arange(last[number], last[number + 1]) for number in batch])
            states[into] = self._runtime.hidden(np.array(padded, np.int64), np.array(places, np.int64))
        return states

    def after(self, context: Sequence[str]) -> Floats:
        if self._expected:
            contexts = (_seen(message, place) for message in self._expected for place in range(len(message) + 1))
            self._known = dict(zip(contexts, self.of(self._expected), strict=True))
            self._expected = ()
        found = self._known.get(_seen(context, len(context)))
        return self.of([context])[-1] if found is None else found

    def expect(self, messages: Sequence[Sequence[str]]) -> None:
        """Have the states of these messages at hand, and no others, once one is asked for."""
        self._known, self._expected = {}, messages

    def tell(self, context: Sequence[str], state: Floats) -> None:
        """Have the state after this context at hand, and no other."""
        self._known, self._expected = {_seen(context, len(context)): state}, ()


class NearContexts:
    """Of messages (tokens), oldest first, and the states before their tokens."""

    source = "own"

    def __init__(
        self,
        states: States,
        messages: Sequence[Sequence[str]] = (),
        config: NearConfig | None = None,
        *,
        only: Container[str] | None = None,
    ):
        """`only` holds the words that may have mass, where not all may; it is asked when messages are learned."""
        self.config, self._only = config or NearConfig(), only
        self._states = states
        self._hold([], np.zeros(0, np.int64), states.of([]))
        self.learn(messages)

    @classmethod
    def of_stored(
        cls, states: States, stored: bytes, config: NearConfig | None = None, *, only: Container[str] | None = None
    ) -> Self:
        """From what `stored` gave, with the same model's states. Raises ValueError for what is no such thing."""
        try:
            found = safetensors.numpy.load(stored)
            message_N, states_ND = found["message"], found["states"].astype(np.float32)
            followed = found["next"].tobytes().decode().split("\n") if len(message_N) else []  # an end alone is "", too
            if not (message_N.shape == (len(followed),) and states_ND.ndim == 2 and len(states_ND) == len(followed)):
                raise ValueError("of different lengths")
        except (safetensors.SafetensorError, KeyError, ValueError) as error:
            raise ValueError(f"near contexts that cannot be read ({error})") from error
        made = cls(states, (), config, only=only)
        made._hold(followed, message_N, states_ND)
        return made

    def stored(self) -> bytes:
        """All of it, to be kept; the states in half precision."""
        followed = np.frombuffer("\n".join(self._next).encode(), np.uint8)  # no token has a line's end in it
        states = self._states_ND.astype(np.float16)
        return safetensors.numpy.save({"next": followed, "message": self._message_N, "states": states})

    @property
    def words(self) -> Sequence[str]:
        """Those that followed a context and may have mass, sorted."""
        return self._words

    def learn(self, messages: Sequence[Sequence[str]]) -> None:
        """Compare these messages too, the newest last; old ones make room for them."""
        sizes = np.array([len(message) + 1 for message in messages], np.int64)
        fitting = int(np.searchsorted(np.cumsum(sizes[::-1]), self.config.most_contexts, side="right"))
        newest = messages[len(messages) - fitting :]
        number = int(self._message_N[-1]) + 1 if len(self._message_N) else 0
        message_N = np.repeat(np.arange(number, number + fitting), sizes[len(messages) - fitting :])
        # Of what was known whole messages stay, as many as there is room for; none where not all new ones fit.
        room = self.config.most_contexts - len(message_N) if fitting == len(messages) else 0
        known = self._message_N
        stays = np.flatnonzero(known > known[-room - 1]) if len(known) > room else np.arange(len(known))
        self._hold(
            [*(self._next[place] for place in stays), *(token for message in newest for token in (*message, END))],
            np.concatenate([known[stays], message_N]),
            np.concatenate([self._states_ND[stays], _unit(self._states.of(newest))]),
        )

    def forget(self, word: str) -> None:
        """Take a word out, and what comes after it in its messages, since states there know of it."""
        kept = np.flatnonzero(self._met(word) == 0)
        self._hold([self._next[place] for place in kept], self._message_N[kept], self._states_ND[kept])

    def rename(self, word: str, other: str) -> None:
        """Another word is what followed where a word did; what comes after it is taken out as by `forget`."""
        is_word_N = np.array([token == word for token in self._next], bool)
        kept = np.flatnonzero(self._met(word) - is_word_N == 0)
        followed = [other if is_word_N[place] else self._next[place] for place in kept]
        self._hold(followed, self._message_N[kept], self._states_ND[kept])

    def rest(self, context: Sequence[str]) -> float:
        return 1 - self.config.share if self._next else 1.0

    def mass(self, context: Sequence[str], token: str) -> float:
        place = self._number.get(token)
        return 0.0 if place is None else float(self._at(context)[place])

    def prefix_mass(self, context: Sequence[str], prefix: str) -> float:
        first, last = self._begun(prefix)
        return float(self._at(context)[first:last].sum(dtype=np.float64))

    def top(self, context: Sequence[str], k: int, prefix: str) -> list[tuple[str, float]]:
        first, last = self._begun(prefix)
        masses = self._at(context)[first:last]
        best = np.argsort(-masses, kind="stable")[:k]  # of equals the first by spelling
        return [(self._words[first + place], float(masses[place])) for place in best if masses[place] > 0]

    def written(self, word: str) -> str | None:
        """Nothing is known here of capitals."""
        return None

    def _hold(self, followed: list[str], message_N: NDArray[np.int64], states_ND: Floats) -> None:
        """What followed each context, in which message, and the context's state, of length 1."""
        self._next, self._message_N, self._states_ND = followed, message_N, states_ND
        tokens = set(followed)
        words = set(filter(is_word, tokens))
        offered = words if self._only is None else {word for word in words if word in self._only}
        self._words = sorted(offered)  # then all that is no word
        self._number = {token: place for place, token in enumerate((*self._words, *sorted(tokens - words)))}
        nothing = len(self._number)  # what a word that may have no mass stands for
        self._next_N = np.array([self._number.get(token, nothing) for token in followed], np.int64)
        # Of no method: `self` in it would keep all of this, and the model, until Python looks for cycles.
        masses = partial(_masses, self._states, self.config, self._next_N, states_ND)
        self._found = lru_cache(_CACHED)(masses)

    def _met(self, word: str) -> NDArray[np.int64]:
        """How often each message had the word up to, and with, what followed each context [N]."""
        is_word_N = np.array([token == word for token in self._next], bool)
        times_N = np.cumsum(is_word_N)
        begins = np.flatnonzero(np.diff(self._message_N, prepend=-1))
        earlier = np.repeat(times_N[begins] - is_word_N[begins], np.diff([*begins, len(times_N)]))  # in other messages
        met: NDArray[np.int64] = times_N - earlier
        return met

    def _begun(self, prefix: str) -> tuple[int, int]:
        """From where to where the words stand that begin so."""
        first = bisect.bisect_left(self._words, prefix)
        return first, first + len(beginning(self._words, prefix))

    def _at(self, context: Sequence[str]) -> Masses:
        """The masses of all tokens after a context."""
        return self._found(tuple(context))


def _seen(message: Sequence[str], place: int) -> _Seen:
    """What stands for the first `place` tokens: how many they are, and all that a window holds of them.

    All of them for each place of a message of 100,000 words would be 40 GB.
    """
    return place, tuple(message[max(0, place - WINDOW) : place])


def _masses(
    states: States, config: NearConfig, next_N: NDArray[np.int64], states_ND: Floats, context: tuple[str, ...]
) -> Masses:
    if not len(next_N):
        return np.zeros(0, np.float32)
    cosine_N = states_ND @ _unit(states.after(context)[None])[0]
    weight_N = np.exp((cosine_N - cosine_N.max()) / config.temperature)
    masses = np.bincount(next_N, weight_N)
    shared: Masses = (masses * (config.share / masses.sum())).astype(np.float32)
    return shared


def _unit(states_ND: Floats) -> Floats:
    """Each state at length 1."""
    unit: Floats = states_ND / np.maximum(np.linalg.norm(states_ND, axis=1, keepdims=True), 1e-12)
    return unit
