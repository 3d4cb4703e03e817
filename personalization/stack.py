"""The default stack: what a device lays over and makes of the shared model for its person, behind the gate.

Candidates are the shared model and those on the line to the one fine-tuned on the person's history, each under what
everybody has over the model (the n-grams of many), the person's own n-gram and what they wrote after like contexts,
trusted as far as serves the person's validation messages (`personalization.trust`). The best of them ships if it beats
what everybody has there. Both have the n-grams of many, which have counted these messages if the person took part.
Candidates know the training part of the history alone; what wins is made again with the whole, whose newest part is the
most like what comes next. Of few messages all judge, each part what was made of the others (Stone 1974,
"Cross-validatory choice"), where two or three validation messages would choose by chance.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

from nextword.eightbit import stored_bytes
from nextword.layers import Layer
from nextword.model import LanguageModel
from nextword.near_contexts import NearConfig, NearContexts
from nextword.ngram_layer import NgramConfig
from nextword.predictor import Predictor
from nextword.text import normalise, tokens
from personalization.finetune import part_of_the_way
from personalization.gate import NOTHING, Bits, GateConfig, Verdict, judge
from personalization.memo import Memo
from personalization.own_ngram import OwnNgram
from personalization.trust import JUDGING, NEAR, OWN, PRIORS, Overlay, trusted


@dataclass(frozen=True)
class StackConfig:
    """What is tried, and how it is judged."""

    own: NgramConfig | None = NgramConfig()  # None: no own n-gram
    near: NearConfig | None = NearConfig()  # None: contexts are not compared
    few: int = 60  # messages up to which all of a history judge; 0: validation messages alone, always
    folds: int = 4  # parts of so short a history, the validation messages one of them
    eight_bit: bool = False  # how fine-tuned models read
    gate: GateConfig = GateConfig()

    def __post_init__(self) -> None:
        if self.folds < 2 or self.few < 0:
            raise ValueError("stack: folds must be at least 2, few at least 0")


class Shared(NamedTuple):
    """What everybody has: the model, and a predictor of it under the layers that everybody has."""

    model: LanguageModel
    predictor: Predictor


class Tuning(Protocol):
    """Makes a model of a person's messages from the shared one."""

    @property
    def memo(self) -> Memo:
        """Keeps what was made of its models."""

    @property
    def ways(self) -> tuple[float, ...]:
        """Shares of the way from the shared weights to those that were made; each is a candidate."""

    def __call__(self, messages: Sequence[Sequence[int]]) -> LanguageModel:
        """Of these messages (pieces). It is not to be changed."""


class _Candidate(NamedTuple):
    """What was made of the training part, and how it and its like did on what judges."""

    way: float
    predictor: Predictor
    layers: Mapping[str, Layer]
    trusts: Mapping[str, float]
    bits: Bits  # what each message costs
    without: Bits  # and without the person's layers


class Personal(NamedTuple):
    """What a person uses, what it is made of, and what the gate decided."""

    predictor: Predictor
    model: LanguageModel  # by which it reads, in floats
    candidate: Predictor  # the best that was made of the training part alone, whether it has won or not
    verdict: Verdict
    way: float  # to the fine-tuned weights; 0 for the shared ones
    trusts: Mapping[str, float]  # of the person's layers over it, as OWN, NEAR
    near: NearContexts | None = None  # the layer of it, where it is trusted

    @property
    def shipped(self) -> bool:
        return self.verdict.choice is not None

    @property
    def kept_bytes(self) -> int:
        """What a device keeps of it beside the messages: weights in eight bits, and states of contexts."""
        weights = stored_bytes(self.model.weights()) if self.way else 0
        return weights + (len(self.near.stored()) if self.near else 0)


def personalize(
    shared: Shared,
    train: Sequence[str],
    validation: Sequence[str],
    config: StackConfig | None = None,
    tuner: Tuning | None = None,
    *,
    against: Predictor | None = None,
) -> Personal:
    """The stack for a person of these raw messages, oldest first; nothing is fine-tuned without a tuner.

    What is made of the shared model must win `against` a predictor, which is used where nothing does: the shared one
    unless another is given. Then the shared one, as that of a cluster, is a candidate too. `shared` is left as it was.
    """
    config = config or StackConfig()
    encode, everybodys = shared.predictor.vocabulary.encode, shared.predictor.layers

    def layers(predictor: Predictor, messages: Sequence[str]) -> dict[str, Layer]:
        found: dict[str, Layer] = {}
        if config.own:
            found[OWN] = OwnNgram(config.own, messages)
        if config.near:
            found[NEAR] = NearContexts(predictor.states, [tokens(normalise(text)) for text in messages], config.near)
        return found

    def tuned(tuner: Tuning, messages: Sequence[str], way: float) -> tuple[LanguageModel, Predictor]:
        whole = tuner([pieces for text in messages if (pieces := encode(normalise(text)))])
        model = part_of_the_way(shared.model, whole, way)
        return model, Predictor.of(model, shared.predictor.vocabulary, eight_bit=config.eight_bit)

    def made_of(messages: Sequence[str], way: float, *, keep: bool = False) -> Shared:
        if not way or tuner is None:
            return shared
        key = "all", *messages, way, config.eight_bit
        make = partial(tuned, tuner, messages, way)
        model, predictor = tuner.memo.of(key, make) if keep else make()
        return Shared(model, predictor.under(everybodys))

    plain = against or shared.predictor
    if len(validation) < config.gate.fewest_messages or not any(map(str.strip, train)):
        return Personal(plain, shared.model, plain, NOTHING, 0.0, {})
    parts = _parts(train, validation, config)
    judged = [[tokens(normalise(text))[:JUDGING] for text in texts] for _, texts in parts]

    def candidate(way: float) -> _Candidate:
        nats: list[list[float]] = []
        overlays: list[Overlay] = []
        for (known, _), texts in zip(parts, judged, strict=True):
            made = made_of(known, way).predictor  # of many megabytes: no longer than it is read
            over = layers(made, known)
            nats += made.costs(texts)  # and while the states of these texts are at hand they are looked up
            priors = [PRIORS[name].after(len(train)) for name in over]
            overlays.append(Overlay([*over.values()], texts, priors, below=everybodys))
        overlay = Overlay.joined(overlays)
        trusts, bits = overlay.best(nats)
        return _Candidate(way, made, over, dict(zip(over, trusts, strict=True)), bits, overlay.bits(nats))

    with shared.predictor.states.remembering():  # as parts have messages in common
        candidates = [candidate(way) for way in ((0.0, *tuner.ways) if tuner else (0.0,))]
    before = candidates[0].without
    if plain is not shared.predictor:
        texts = [*itertools.chain(*judged)]
        before = Overlay([], texts, below=plain.layers).bits(plain.costs(texts))
    verdict = judge(before, [each.bits for each in candidates], config.gate)
    # Where nothing ships, the candidate is the one that came nearest to it.
    least = min(range(len(candidates)), key=lambda number: float(candidates[number].bits.sum()))
    best = candidates[least if verdict.choice is None else verdict.choice]
    way, trusts = best.way, best.trusts
    tried = best.predictor.under(trusted(best.layers, trusts))
    if verdict.choice is None:
        return Personal(plain, shared.model, tried, verdict, 0.0, {})
    everything = [*train, *validation]
    final, bare = made_of(everything, way, keep=True)
    known = layers(bare, everything)
    near = known.get(NEAR) if trusts.get(NEAR) else None
    assert near is None or isinstance(near, NearContexts)
    return Personal(bare.under(trusted(known, trusts)), final, tried, verdict, way, trusts, near)


def _parts(
    train: Sequence[str], validation: Sequence[str], config: StackConfig
) -> list[tuple[Sequence[str], Sequence[str]]]:
    """What is known and what it is judged by, once for each part that judges; last the two as they are given."""
    found: list[tuple[Sequence[str], Sequence[str]]] = [(train, validation)]
    if len(train) + len(validation) <= config.few:
        parts = min(config.folds - 1, len(train))
        cuts = [len(train) * part // parts for part in range(parts + 1)]
        found[:0] = [([*train[:a], *train[b:], *validation], train[a:b]) for a, b in itertools.pairwise(cuts)]
    return found
