"""The numbers of the measuring rule `keyboard-1`, for any system that predicts words.

Targets are the words of a message (`text.is_word`), its first one included; the context is what stands before it in
the same message. A word is a hit if it is the first (top-1) or among the first three (top-3) offered before a letter
of it is typed.

Keystrokes: without suggestions a message costs one key for each character of its normalised text, spaces included;
sending is not counted. With them, words are accepted from a bar of three as `nextword.keystrokes` types them. (Before a
symbol or at the end of a message there is no space to win.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from nextword.keystrokes import SLOTS, Reading, keys_saved
from nextword.predictor import Predictor
from nextword.statistics import bootstrap_interval, calibration_error, loss_is_beyond_noise
from nextword.text import is_word, normalise, spans

_Places = list[tuple[int, int]]  # where each token of a text begins and ends
_READ_MESSAGES = 64  # at once: a batch for models that read in batches, and a limit to what they hold


class WordModel(Protocol):
    """A system under test. It may read messages in batches; questions about a reading come afterwards."""

    def read(self, messages: Sequence[Sequence[str]]) -> Sequence[Reading]:
        """Read messages, each a list of tokens (`text.tokens` of normalised text)."""


@dataclass(frozen=True)
class UserResult:
    """What one system does on one user's test messages."""

    user: str
    words: int
    top1_hits: int
    top3_hits: int
    bits: float
    characters: int  # of the normalised texts, and one for each message's end
    keys_typed: int
    keys_without: int
    hits: npt.NDArray[np.bool_] = field(repr=False, compare=False)  # top-1, for each word in order
    said: npt.NDArray[np.float16] = field(repr=False, compare=False)  # how probable each word offered is called,
    was: npt.NDArray[np.bool_] = field(repr=False, compare=False)  # and whether it was the word

    @property
    def top1(self) -> float:
        return self.top1_hits / self.words

    @property
    def top3(self) -> float:
        return self.top3_hits / self.words

    @property
    def bits_per_character(self) -> float:
        return self.bits / self.characters

    @property
    def keystroke_savings(self) -> float:
        return 1 - self.keys_typed / self.keys_without


def measure(model: WordModel, messages: Sequence[str], *, user: str) -> UserResult:
    """Measure `model` on a user's test `messages` (texts)."""
    [result] = measure_all([model], messages, user=user)
    return result


def measure_all(models: Sequence[WordModel], messages: Sequence[str], *, user: str) -> list[UserResult]:
    """Measure each of some models on a user's test `messages` (texts), as if alone; what lies over one model, at once.

    So the model reads and searches once for all layers that people lay over it.
    """
    texts = [normalise(message) for message in messages]
    tallies = [_Tally() for _ in models]
    for some, places in _chunks(texts):
        read = _read_all(models, _cut(some, places))
        for tally, of_model in zip(tallies, read, strict=True):
            for text, place, reading in zip(some, places, of_model, strict=True):
                tally.add(text, place, reading)
    keys = sum(map(len, texts))
    return [tally.result(user, keys, len(texts)) for tally in tallies]


@dataclass
class _Tally:
    """What one system has done so far."""

    hits: list[bool] = field(default_factory=list)
    said: list[float] = field(default_factory=list)
    was: list[bool] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    top3_hits: int = 0
    saved: int = 0

    def add(self, text: str, places: _Places, reading: Reading) -> None:
        self.costs.append(reading.bits)
        for position, (start, end) in enumerate(places):
            word = text[start:end]
            if not is_word(word):
                continue
            offered = list(reading.slots(position, ""))[:SLOTS]
            self.hits.append(offered[:1] == [word])
            self.top3_hits += word in offered
            chances = reading.chances(position)[:SLOTS]
            self.said += chances
            self.was += [other == word for other in offered[: len(chances)]]
            self.saved += keys_saved(reading, position, word, space_follows=text[end : end + 1] == " ")

    def result(self, user: str, keys: int, messages: int) -> UserResult:
        return UserResult(
            user=user,
            words=len(self.hits),
            top1_hits=sum(self.hits),
            top3_hits=self.top3_hits,
            bits=math.fsum(self.costs),
            characters=keys + messages,
            keys_typed=keys - self.saved,
            keys_without=keys,
            hits=np.array(self.hits, dtype=np.bool_),
            said=np.array(self.said, dtype=np.float16),
            was=np.array(self.was, dtype=np.bool_),
        )


def summarise(
    results: Sequence[UserResult],
    *,
    reference: Sequence[UserResult] | None = None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """The figures of one system over users, in the JSON form of `evaluate`; shares are fractions of 1.

    Users without a word in their test are left out. `top1`, `top3`, `bits_per_character` and `keystroke_savings` are
    means over users, `top1_words` and `top3_words` are over all words; `calibration_error` is that of the words offered
    before a letter is typed, all users' together. Intervals are bootstrap 95 % over users.
    With the results of a `reference` system on the same users in the same order, the gains in top-1 over it are added,
    paired by user: their mean (also relative to the reference's mean, and the mean of each user's relative gain, where
    the reference has a hit), the interval of that mean, the shares of users
    with more and with fewer hits, the worst user's gain, and the shares of users who gain or lose more than chance
    gives (`statistics.loss_is_beyond_noise`; where the systems are equally good, up to 5 % of users land in each).

    Raises ValueError if nobody has a word, or if the two results are not of the same users and words.
    """
    if reference is not None:
        if [(r.user, r.words) for r in results] != [(r.user, r.words) for r in reference]:
            raise ValueError("results and reference are not of the same users and words, in the same order")
        reference = [r for r in reference if r.words]
    results = [r for r in results if r.words]
    if not results:
        raise ValueError("no user has a word in their test messages, so there is nothing to summarise")
    words = sum(r.words for r in results)
    top1_U = np.array([r.top1 for r in results])
    bits = float(np.mean([r.bits_per_character for r in results]))
    said, was = np.concatenate([r.said for r in results]), np.concatenate([r.was for r in results])
    summary: dict[str, Any] = {
        "users": len(results),
        "words": words,
        "top1": float(top1_U.mean()),
        "top3": float(np.mean([r.top3 for r in results])),
        "top1_interval": list(bootstrap_interval(top1_U, rng)),
        "top1_words": sum(r.top1_hits for r in results) / words,
        "top3_words": sum(r.top3_hits for r in results) / words,
        "bits_per_character": bits if math.isfinite(bits) else None,
        "keystroke_savings": float(np.mean([r.keystroke_savings for r in results])),
        "calibration_error": calibration_error(said.astype(np.float64), was) if len(said) else None,
    }
    return summary if reference is None else {**summary, **_gains(results, reference, rng)}


def _gains(
    results: Sequence[UserResult], reference: Sequence[UserResult], rng: np.random.Generator
) -> Mapping[str, Any]:
    pairs = list(zip(results, reference, strict=True))
    # From whole numbers, so that equal counts are exactly no gain.
    gain_U = np.array([(ours.top1_hits - theirs.top1_hits) / ours.words for ours, theirs in pairs])
    before = float(np.mean([theirs.top1 for theirs in reference]))
    relative = [ours.top1_hits / theirs.top1_hits - 1 for ours, theirs in pairs if theirs.top1_hits]
    return {
        "gain_top1": float(gain_U.mean()),
        "gain_interval": list(bootstrap_interval(gain_U, rng)),
        "gain_relative": float(gain_U.mean()) / before if before else None,
        "gain_relative_users": float(np.mean(relative)) if relative else None,
        "better_share": float((gain_U > 0).mean()),
        "worse_share": float((gain_U < 0).mean()),
        "worst_gain": float(gain_U.min()),
        "better_beyond_noise_share": float(np.mean([loss_is_beyond_noise(b.hits, a.hits) for a, b in pairs])),
        "worse_beyond_noise_share": float(np.mean([loss_is_beyond_noise(a.hits, b.hits) for a, b in pairs])),
    }


def readings(model: WordModel, texts: Sequence[str]) -> Iterator[tuple[str, _Places, Reading]]:
    """Each normalised text with the places of its tokens and the model's reading."""
    for some, places in _chunks(texts):
        yield from zip(some, places, model.read(_cut(some, places)), strict=True)


def _chunks(texts: Sequence[str]) -> Iterator[tuple[Sequence[str], list[_Places]]]:
    """Normalised texts that are read at once, with the places of their tokens."""
    for first in range(0, len(texts), _READ_MESSAGES):
        some = texts[first : first + _READ_MESSAGES]
        yield some, [spans(text) for text in some]


def _cut(texts: Sequence[str], places: Sequence[_Places]) -> list[list[str]]:
    return [[text[start:end] for start, end in place] for text, place in zip(texts, places, strict=True)]


def _read_all(models: Sequence[WordModel], messages: Sequence[Sequence[str]]) -> list[Sequence[Reading]]:
    """What each model reads of messages (as tokens); predictors over one model do so together."""
    over: dict[int, list[Predictor]] = {}  # by the states that they share
    for model in models:
        if isinstance(model, Predictor):
            over.setdefault(id(model.states), []).append(model)
    together: dict[int, Sequence[Reading]] = {}
    for predictors in over.values():
        together |= zip(map(id, predictors), predictors[0].read_with(predictors, messages), strict=True)
    return [together[id(model)] if isinstance(model, Predictor) else model.read(messages) for model in models]
