"""The default stack: what a device lays over and makes of the shared model for its person, behind the gate.

Candidates are the shared model and the models on the way to the one fine-tuned on the person's history, each under the
n-grams of many and the person's own n-gram, trusted as far as serves the person's validation messages
(`personalization.trust`). The best of them ships if it beats the shared model alone there. Candidates know the training
part of the history alone; what wins is made again with the whole, whose newest part is the most like what comes next.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nextword.layers import Layer
from nextword.model import LanguageModel
from nextword.ngram_layer import NgramConfig
from nextword.predictor import Predictor
from nextword.text import normalise, tokens
from personalization.finetune import Tuner, part_of_the_way
from personalization.gate import NOTHING, GateConfig, Verdict, judge
from personalization.own_ngram import OwnNgram
from personalization.trust import Overlay, trusted


@dataclass(frozen=True)
class StackConfig:
    """What is tried, and how it is judged."""

    own: NgramConfig | None = NgramConfig()  # None: no own n-gram
    many: bool = True  # the n-grams of many, where there are any
    gate: GateConfig = GateConfig()


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
    """What a person uses, what it is made of, and what the gate decided."""

    predictor: Predictor
    verdict: Verdict
    way: float  # to the fine-tuned weights; 0 for the shared ones
    trusts: tuple[float, ...]  # of the n-grams of many and of the own n-gram, those that were tried

    @property
    def shipped(self) -> bool:
        return self.verdict.choice is not None


def personalize(
    shared: Shared,
    train: Sequence[str],
    validation: Sequence[str],
    config: StackConfig | None = None,
    tuner: Tuner | None = None,
) -> Personal:
    """The stack for a person of these raw messages, oldest first; nothing is fine-tuned without a tuner.

    `shared` is left as it was.
    """
    config = config or StackConfig()
    encode = shared.predictor.vocabulary.encode

    def layers(messages: Sequence[str]) -> list[Layer]:
        many = [shared.many] if shared.many and config.many else []
        return [*many, OwnNgram(config.own, messages)] if config.own else many

    def tuned(messages: Sequence[str], way: float) -> Predictor:
        assert tuner is not None
        whole = tuner([pieces for text in messages if (pieces := encode(normalise(text)))])
        return Predictor.of(part_of_the_way(shared.model, whole, way), shared.predictor.vocabulary)

    judged = [tokens(normalise(text)) for text in validation]
    if len(judged) < config.gate.fewest_messages or not any(map(str.strip, train)):
        return Personal(shared.predictor, NOTHING, 0.0, ())
    overlay = Overlay(layers(train), judged)
    nats = shared.predictor.costs(judged)
    ways = (0.0, *tuner.config.ways) if tuner else (0.0,)
    found = [overlay.best(tuned(train, way).costs(judged) if way else nats) for way in ways]
    verdict = judge(overlay.bits(nats), [bits for _, bits in found], config.gate)
    if verdict.choice is None:
        return Personal(shared.predictor, verdict, 0.0, ())
    way, (trusts, _) = ways[verdict.choice], found[verdict.choice]
    everything = [*train, *validation]
    over = trusted(layers(everything), trusts)
    predictor = shared.with_layers(*over, predictor=tuned(everything, way) if way else None)
    return Personal(predictor, verdict, way, trusts)
