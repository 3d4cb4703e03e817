"""The default stack: what a device lays over and makes of the shared model for its person, behind the gate.

First the n-grams of many, the person's own, or both over the shared model, then the shared model fine-tuned under what
has won. Each step must win on the person's validation messages, word by word as the keyboard shows them, against what
came out of the step before; candidates know the training part of the history alone. What wins is made again with the
whole history.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
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
    layers_gate: GateConfig = GateConfig(margin=0.5)
    finetune: FinetuneConfig = field(default_factory=FinetuneConfig)


class Shared(NamedTuple):
    """What everybody has: the model, a predictor of it, and the n-grams of many for it, if any."""

    model: LanguageModel
    predictor: Predictor
    many: Layer | None = None

    def with_layers(self, *layers: Layer, predictor: Predictor | None = None) -> Predictor:
        """A predictor with these layers over the model; it reads with the same weights."""
        if not layers and predictor is None:
            return self.predictor
        made = copy.copy(predictor or self.predictor)
        made.layers = list(layers)
        made.forget_context()
        return made


class Personal(NamedTuple):
    """What ships, and how the gate decided about each step."""

    predictor: Predictor
    layers: Verdict
    finetuned: Verdict

    @property
    def shipped(self) -> bool:
        return self.layers.choice is not None or self.finetuned.choice is not None


def personalize(
    shared: Shared, train: Sequence[str], validation: Sequence[str], config: StackConfig, rng: np.random.Generator
) -> Personal:
    """The stack for a person of these raw messages, oldest first. `shared` is left as it was."""
    encode = shared.predictor.vocabulary.encode
    judged = [tokens(normalise(text)) for text in validation]
    many = [shared.many] if shared.many else []

    def own(messages: Sequence[str]) -> Layer:
        return OwnNgram(config.own, messages)

    # Each as a function of the messages it may know.
    choices: list[Callable[[Sequence[str]], list[Layer]]] = [lambda messages: [*many, own(messages)]]
    if many:
        choices += [lambda messages: [own(messages)], lambda messages: many]
    scores = [word_scores(shared.with_layers(*choice(train)), judged) for choice in choices]
    reference = word_scores(shared.with_layers(), judged)
    about_layers = judge(reference, scores, config.layers_gate)
    won = about_layers.choice
    layers = choices[won] if won is not None else lambda messages: []
    standing = scores[won] if won is not None else reference

    messages = [encode(normalise(text)) for text in train]
    about_tuned = Verdict(None, 0.0, 0.0)
    tuned: Predictor | None = None
    if any(messages) and len(judged) >= config.finetune.gate.fewest_messages:
        whole = tune(shared.model, messages, config.finetune, rng)
        candidates = [part_of_the_way(shared.model, whole, way) for way in config.finetune.ways]
        tuned_scores = [word_scores(_over(shared, model, layers(train)), judged) for model in candidates]
        about_tuned = judge(standing, tuned_scores, config.finetune.gate)
        if about_tuned.choice is not None:
            everything = [*messages, *(encode(normalise(text)) for text in validation)]
            whole = tune(shared.model, everything, config.finetune, rng)
            way = config.finetune.ways[about_tuned.choice]
            tuned = Predictor.of(part_of_the_way(shared.model, whole, way).eval(), shared.predictor.vocabulary)
    predictor = shared.with_layers(*layers([*train, *validation]), predictor=tuned)
    return Personal(predictor, about_layers, about_tuned)


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
