"""The default stack: what a device lays over and makes of the shared model for its person, behind the gate.

Candidates are the shared model and those on the line to the one fine-tuned on the person's history, each under the
n-grams of many, the person's own n-gram and what they wrote after like contexts, trusted as far as serves the person's
validation messages (`personalization.trust`). The best of them ships if it beats the shared model alone there.
Candidates know the training part of the history alone; what wins is made again with the whole, whose newest part is the
most like what comes next.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nextword.eightbit import stored_bytes
from nextword.layers import Layer
from nextword.model import LanguageModel
from nextword.near_contexts import NearConfig, NearContexts
from nextword.ngram_layer import NgramConfig
from nextword.predictor import Predictor
from nextword.text import normalise, tokens
from personalization.finetune import Tuner, part_of_the_way
from personalization.gate import NOTHING, GateConfig, Verdict, judge
from personalization.own_ngram import OwnNgram
from personalization.trust import MANY, NEAR, OWN, PRIORS, Overlay, trusted


@dataclass(frozen=True)
class StackConfig:
    """What is tried, and how it is judged."""

    own: NgramConfig | None = NgramConfig()  # None: no own n-gram
    near: NearConfig | None = NearConfig()  # None: contexts are not compared
    eight_bit: bool = False  # how fine-tuned models read
    gate: GateConfig = GateConfig()


class Shared(NamedTuple):
    """What everybody has: the model, a predictor of it, and the n-grams of many for it, if any."""

    model: LanguageModel
    predictor: Predictor
    many: Layer | None = None


class Personal(NamedTuple):
    """What a person uses, what it is made of, and what the gate decided."""

    predictor: Predictor
    model: LanguageModel  # by which it reads, in floats
    candidate: Predictor  # the best that was made of the training part alone, whether it has won or not
    verdict: Verdict
    way: float  # to the fine-tuned weights; 0 for the shared ones
    trusts: Mapping[str, float]  # of the layers over it, as MANY, OWN, NEAR
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
    tuner: Tuner | None = None,
    *,
    against: Predictor | None = None,
) -> Personal:
    """The stack for a person of these raw messages, oldest first; nothing is fine-tuned without a tuner.

    What is made of the shared model must win `against` a predictor, which is used where nothing does: the shared one
    unless another is given. Then the shared model alone, as that of a cluster, is a candidate too. `shared` is left as
    it was.
    """
    config = config or StackConfig()
    encode = shared.predictor.vocabulary.encode

    def layers(predictor: Predictor, messages: Sequence[str]) -> dict[str, Layer]:
        found: dict[str, Layer] = {MANY: shared.many} if shared.many else {}
        if config.own:
            found[OWN] = OwnNgram(config.own, messages)
        if config.near:
            found[NEAR] = NearContexts(predictor.states, [tokens(normalise(text)) for text in messages], config.near)
        return found

    def model(messages: Sequence[str], way: float) -> LanguageModel:
        if not way or tuner is None:
            return shared.model
        whole = tuner([pieces for text in messages if (pieces := encode(normalise(text)))])
        return part_of_the_way(shared.model, whole, way)

    def predictor(model: LanguageModel) -> Predictor:
        if model is shared.model:
            return shared.predictor
        return Predictor.of(model, shared.predictor.vocabulary, eight_bit=config.eight_bit)

    plain = against or shared.predictor
    judged = [tokens(normalise(text)) for text in validation]
    if len(judged) < config.gate.fewest_messages or not any(map(str.strip, train)):
        return Personal(plain, shared.model, plain, NOTHING, 0.0, {})
    ways = (0.0, *tuner.config.ways) if tuner else (0.0,)
    made = [predictor(model(train, way)) for way in ways]
    over = [layers(each, train) for each in made]
    nats = [each.costs(judged) for each in made]
    overlays = [
        Overlay([*found.values()], judged, [PRIORS[name].after(len(train)) for name in found]) for found in over
    ]
    weighed = [overlay.best(costs) for overlay, costs in zip(overlays, nats, strict=True)]
    before = overlays[0].bits(nats[0] if plain is shared.predictor else plain.costs(judged))
    verdict = judge(before, [bits for _, bits in weighed], config.gate)
    # Where nothing ships, the candidate is the one that came nearest to it.
    least = min(range(len(ways)), key=lambda number: float(weighed[number][1].sum()))
    chosen = least if verdict.choice is None else verdict.choice
    way, trusts = ways[chosen], dict(zip(over[chosen], weighed[chosen][0], strict=True))
    candidate = _under(made[chosen], over[chosen], trusts)
    if verdict.choice is None:
        return Personal(plain, shared.model, candidate, verdict, 0.0, {})
    everything = [*train, *validation]
    final = model(everything, way)
    bare = predictor(final)
    known = layers(bare, everything)
    near = known.get(NEAR) if trusts.get(NEAR) else None
    assert near is None or isinstance(near, NearContexts)
    return Personal(_under(bare, known, trusts), final, candidate, verdict, way, trusts, near)


def _under(predictor: Predictor, layers: Mapping[str, Layer], trusts: Mapping[str, float]) -> Predictor:
    """The same predictor with these layers over its model; it reads with the same weights."""
    if not layers:
        return predictor
    made = copy.copy(predictor)
    made.layers = trusted([*layers.values()], [trusts[name] for name in layers])
    made.forget_context()
    return made
