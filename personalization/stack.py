"""The default stack: what a device lays over and makes of the shared model for its person, behind the gate.

First the person's own n-gram over the shared model and the n-grams of many, then the shared model fine-tuned under all
of them. Each step must win on the person's validation messages, word by word as the keyboard shows them, against what
came out of the step before; candidates know the training part of the history alone. What wins is made again with the
whole history.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from nextword.layers import Layer
from nextword.model import LanguageModel
from nextword.ngram_layer import NgramConfig
from nextword.predictor import Predictor
from nextword.text import is_word, normalise, tokens
from personalization.finetune import FinetuneConfig, part_of_the_way, tune
from personalization.gate import GateConfig, Scores, Verdict, judge
from personalization.own_ngram import OwnNgram


@dataclass(frozen=True)
class StackConfig:
    """How a person's candidates are made and judged."""

    own: NgramConfig = NgramConfig()
    own_gate: GateConfig = GateConfig(margin=0.5)
    finetune: FinetuneConfig = field(default_factory=FinetuneConfig)


class Shared(NamedTuple):
    """What everybody has: the model, a predictor of it, and the n-grams of many over it, if any."""

    model: LanguageModel
    predictor: Predictor
    layers: Sequence[Layer]

    def with_layers(self, *own: Layer, predictor: Predictor | None = None) -> Predictor:
        """A predictor with these layers over the shared ones; it reads with the same weights."""
        made = copy.copy(predictor or self.predictor)
        made.layers = [*self.layers, *own]
        made.forget_context()
        return made


class Personal(NamedTuple):
    """What ships, and how the gate decided about each step."""

    predictor: Predictor
    own: Verdict
    finetuned: Verdict

    @property
    def shipped(self) -> bool:
        return self.own.choice is not None or self.finetuned.choice is not None


def personalize(
    shared: Shared, train: Sequence[str], validation: Sequence[str], config: StackConfig, rng: np.random.Generator
) -> Personal:
    """The stack for a person of these raw messages, oldest first. `shared` is left as it was."""
    encode = shared.predictor.vocabulary.encode
    judged = [tokens(normalise(text)) for text in validation]

    def own(messages: Sequence[str]) -> list[Layer]:
        return [OwnNgram(config.own, messages)]

    base, with_own = shared.with_layers(), shared.with_layers(*own(train))
    reference, score = word_scores(base, judged), word_scores(with_own, judged)
    about_own = judge(reference, [score], config.own_gate)
    layers = own if about_own.choice is not None else lambda messages: []
    standing = score if about_own.choice is not None else reference

    messages = [encode(normalise(text)) for text in train]
    about_tuned = Verdict(None, 0.0, 0.0)
    tuned: Predictor | None = None
    if any(messages) and len(judged) >= config.finetune.gate.fewest_messages:
        whole = tune(shared.model, messages, config.finetune, rng)
        candidates = [part_of_the_way(shared.model, whole, way) for way in config.finetune.ways]
        scores = [word_scores(_over(shared, model, layers(train)), judged) for model in candidates]
        about_tuned = judge(standing, scores, config.finetune.gate)
        if about_tuned.choice is not None:
            everything = [*messages, *(encode(normalise(text)) for text in validation)]
            whole = tune(shared.model, everything, config.finetune, rng)
            way = config.finetune.ways[about_tuned.choice]
            tuned = Predictor.of(part_of_the_way(shared.model, whole, way).eval(), shared.predictor.vocabulary)
    predictor = shared.with_layers(*layers([*train, *validation]), predictor=tuned)
    return Personal(predictor, about_own, about_tuned)


def word_scores(predictor: Predictor, messages: Sequence[Sequence[str]]) -> Scores:
    """What messages (tokens) cost in bits, and how many of their words are the first that is offered."""
    bits, hits = np.zeros(len(messages)), np.zeros(len(messages), np.int64)
    for number, (message, reading) in enumerate(zip(messages, predictor.read(messages), strict=True)):
        bits[number] = reading.bits
        words = ((place, token) for place, token in enumerate(message) if is_word(token))
        hits[number] = sum(reading.slots(place, "")[:1] == [token] for place, token in words)
    return Scores(bits, hits)


def _over(shared: Shared, model: LanguageModel, layers: Sequence[Layer]) -> Predictor:
    return shared.with_layers(*layers, predictor=Predictor.of(model, shared.predictor.vocabulary))
