"""The systems that `nextword evaluate` sets side by side: a class each, which makes for a person what they would use.

All are given the person's history alone: `Someone` holds no test message.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from data.splits import Split, contributes
from nextword import checkpoint
from nextword.eightbit import stored_bytes
from nextword.federation.ledger import PrivacySpent, spent, steps
from nextword.federation.published import Published
from nextword.metrics import WordModel
from nextword.model import LanguageModel
from nextword.ngram import Mixture, Trigram
from nextword.predictor import Predictor
from nextword.text import normalise, tokens
from nextword.training import TrainConfig
from personalization import device, stack
from personalization.finetune import FinetuneConfig, Progress, Tuner, tune
from personalization.methods import State
from personalization.nearest import JUDGED_BY, nearest
from personalization.private import DpSgd, noise_for
from personalization.stack import Shared, StackConfig

QUIET = 0.25  # the noise multiplier up to which the learning rate is what it is without noise
PRIVATE_TUNING = FinetuneConfig(  # of two thousand numbers, since the noise on five million is louder than any person
    train=TrainConfig(epochs=3, batch_messages=16, learning_rate=5.0, optimizer="sgd", schedule="cosine"), part="norms"
)


@dataclass(frozen=True)
class Someone:
    """A person who is measured, without their test: raw messages, oldest first."""

    user: str
    ordinal: int | None  # among the participants; None for a newcomer
    train: tuple[str, ...]
    validation: tuple[str, ...]
    seed: int

    @classmethod
    def of(cls, split: Split, ordinal: int | None, seed: int) -> Someone:
        return cls(split.user, ordinal, split.train, split.validation, seed)

    @property
    def history(self) -> tuple[str, ...]:
        return (*self.train, *self.validation)

    def with_newest(self, messages: int) -> Someone:
        """As if only so many messages, the newest, were at hand; a tenth of them, two at least, are for validation."""
        history = self.history[-messages:]
        newest = min(max(2, len(history) // 10), len(history) - 1)
        return replace(self, train=history[:-newest], validation=history[-newest:])

    def rng(self) -> np.random.Generator:
        """The randomness of what is trained for this person."""
        return device.generator(self.seed, 0, self.user)


class Made(NamedTuple):
    """What a person would use, the seconds of one core their history took, and whether the gate let it pass."""

    model: WordModel
    seconds: float = 0.0
    shipped: bool | None = None  # None: there is no gate
    kept_bytes: int | None = 0  # by the device, beside messages and what all have; None: not known


class System(Protocol):
    """One row of the table."""

    @property
    def name(self) -> str:
        """What the row is called."""

    def prepare(self) -> None:
        """Load what all people share; called once, before processes part."""

    def for_person(self, someone: Someone) -> Made:
        """What this person would use."""


class Base(Protocol):
    """What others build on."""

    def prepare(self) -> None:
        """Load what all people share; may be called again."""

    def shared(self, someone: Someone) -> Shared:
        """The model that this person has in common with others."""

    def instead(self, someone: Someone) -> Predictor:
        """What everybody has, against which the gate judges what is made of the shared model, and else is used."""

    def spent(self, someone: Someone) -> float:
        """Seconds that finding this person's took before, and will not take again."""


class Counts:
    """The trigram of the participants' history, and for the next system one that knows no validation message."""

    name = "trigram"

    def __init__(self, pooled: Sequence[Split]):
        self.pooled = pooled
        self.counted = frozenset(split.user for split in pooled)

    @cached_property
    def trigram(self) -> Trigram:
        return _counted(contributes(split) for split in self.pooled)

    @cached_property
    def unseen(self) -> Trigram:
        return _counted(device.contribution(split, hold_back=True) for split in self.pooled)

    def prepare(self) -> None:
        assert self.trigram

    def for_person(self, someone: Someone) -> Made:
        return Made(self.trigram)


class CountsWithOwn:
    """The trigram mixed with the person's own.

    Whoever was counted chooses the weight against a trigram that has not counted their validation messages.
    """

    name = "trigram+own"

    def __init__(self, counts: Counts):
        self.counts = counts

    def prepare(self) -> None:
        self.counts.prepare()
        assert self.counts.unseen

    def for_person(self, someone: Someone) -> Made:
        began = time.process_time()
        own = Mixture.with_own(
            self.counts.trigram,
            _tokens(someone.train),
            _tokens(someone.validation),
            unseen=self.counts.unseen if someone.user in self.counts.counted else None,
        )
        return Made(own, time.process_time() - began)


class Checkpointed:
    """A model as it is, in floats or in eight bits."""

    def __init__(self, name: str, folder: Path, *, eight_bit: bool = False):
        self.name, self.folder, self.eight_bit = name, folder, eight_bit

    @cached_property
    def predictor(self) -> Predictor:
        return Predictor.load(self.folder, eight_bit=self.eight_bit)

    @cached_property
    def model(self) -> LanguageModel:
        return checkpoint.load(self.folder)[0]

    def prepare(self) -> None:
        assert self.predictor

    def for_person(self, someone: Someone) -> Made:
        return Made(self.predictor)

    def shared(self, someone: Someone) -> Shared:
        return Shared(self.model, self.predictor)

    def instead(self, someone: Someone) -> Predictor:
        return self.predictor

    def spent(self, someone: Someone) -> float:
        return 0.0


class Clustered:
    """Of several models the one under which the person's history costs the fewest bits, found on the device alone.

    `layers` are the person's own, which their device lays over each for that; `max_pieces` is where the run cuts
    messages.
    """

    def __init__(
        self,
        published: Published,
        name: str = "clustered",
        layers: Callable[[Someone], State] = lambda someone: {},
        max_pieces: int = 64,
    ):
        self.name, self.layers, self.max_pieces = name, layers, max_pieces
        self.models = [Checkpointed(folder.name, folder) for folder in published.clusters]
        self.final = Checkpointed("final", published.final)
        self._chosen: tuple[Someone, int, float] | None = None  # for whom, which, and the seconds of choosing

    def prepare(self) -> None:
        for model in (*self.models, self.final):
            model.prepare()

    def choice(self, someone: Someone) -> int:
        """The number of the model among those given."""
        if self._chosen is None or self._chosen[0] != someone:
            began = time.process_time()
            encode = self.models[0].predictor.vocabulary.encode
            messages = [pieces for text in someone.train[-JUDGED_BY:] if (pieces := encode(normalise(text)))]
            own = self.layers(someone)
            models = (_under(model.model, own) for model in self.models)
            chosen = nearest(models, messages, max_pieces=self.max_pieces)
            self._chosen = someone, chosen, time.process_time() - began
        return self._chosen[1]

    def for_person(self, someone: Someone) -> Made:
        began = time.process_time() - self.spent(someone)
        chosen = self.choice(someone)
        return Made(self.models[chosen].predictor, time.process_time() - began)

    def shared(self, someone: Someone) -> Shared:
        return self.models[self.choice(someone)].shared(someone)

    def instead(self, someone: Someone) -> Predictor:
        """The final model, the largest cluster's, which a device uses before it has chosen."""
        return self.final.predictor

    def spent(self, someone: Someone) -> float:
        return self._chosen[2] if self._chosen is not None and self._chosen[0] == someone else 0.0


@dataclass
class WithNgrams:
    """A model under the n-grams of many that its run has found: a row, and what others build on."""

    name: str
    base: Base
    published: Published
    _last: tuple[Predictor, Predictor] | None = None  # of the base, and under them: a model is measured once

    def prepare(self) -> None:
        self.base.prepare()
        assert self.published.layers  # read once, before processes part

    def shared(self, someone: Someone) -> Shared:
        shared = self.base.shared(someone)
        if self._last is None or self._last[0] is not shared.predictor:
            self._last = shared.predictor, shared.predictor.under(self.published.layers)
        return shared._replace(predictor=self._last[1])

    def instead(self, someone: Someone) -> Predictor:
        bare, over = self.base.instead(someone), self.shared(someone).predictor
        return over if self._last and bare is self._last[0] else bare.under(self.published.layers)

    def for_person(self, someone: Someone) -> Made:
        began = time.process_time() - self.spent(someone)
        predictor = self.shared(someone).predictor
        return Made(predictor, time.process_time() - began)

    def spent(self, someone: Someone) -> float:
        return self.base.spent(someone)


class Tunings(Protocol):
    """What the stack may make a model with, by person."""

    def of(self, someone: Someone) -> stack.Tuning:
        """For this person."""


class Tuners:
    """Fine-tuning of one model, by person; systems that fine-tune alike share it, so that each person is tuned once."""

    def __init__(self, base: Base, config: FinetuneConfig, progress: Progress | None = None):
        self.base, self.config, self.progress = base, config, progress
        self._last: tuple[Someone, Tuner] | None = None

    def of(self, someone: Someone) -> Tuner:
        if self._last is None or self._last[0] != someone:
            shared = self.base.shared(someone).model
            self._last = someone, Tuner(shared, self.config, someone.rng(), progress=self.progress)
        return self._last[1]

    def forget(self) -> None:
        """Keep nothing that was made for the last person."""
        self._last = None


@dataclass
class Personalized:
    """What the default stack makes of a model for a person, all of it or a part (`personalization.stack`)."""

    name: str
    base: Base
    config: StackConfig
    tuners: Tunings | None = None  # None: nothing is made but layers

    def prepare(self) -> None:
        self.base.prepare()

    def for_person(self, someone: Someone) -> Made:
        began = time.process_time() - self.base.spent(someone)
        tuner = self.tuners.of(someone) if self.tuners else None
        if tuner:
            tuner.memo.begin()
        shared, instead = self.base.shared(someone), self.base.instead(someone)
        personal = stack.personalize(shared, someone.train, someone.validation, self.config, tuner, against=instead)
        seconds = time.process_time() - began + (tuner.memo.seconds_spared if tuner else 0.0)
        return Made(personal.predictor, seconds, personal.shipped, personal.kept_bytes)

    def forget(self) -> None:
        """Keep nothing of the last person: some hundred megabytes."""
        if isinstance(self.tuners, Tuners):
            self.tuners.forget()


@dataclass
class PrivatelyTuned:
    """Norms fine-tuned on the whole history so that they tell little of any message; no gate, which would ask again.

    The shared model is taken for public. The learning rate is `config`'s without noise, and falls as one over the
    noise, so that the noise moves the model as far whatever the epsilon.
    """

    base: Base
    epsilon: float  # of one message
    config: FinetuneConfig = PRIVATE_TUNING
    clip_norm: float = 0.3
    sampling_rate: float = 0.1
    delta: float = 1e-5

    @property
    def name(self) -> str:
        return f"private-{self.epsilon:g}"

    @cached_property
    def private(self) -> FinetuneConfig:
        train, rate = self.config.train, self.sampling_rate
        noise = noise_for(self.epsilon, self.delta, sampling_rate=rate, steps=steps(train.epochs, rate))
        train = replace(train, learning_rate=train.learning_rate * QUIET / max(QUIET, noise))
        return replace(self.config, train=train, private=DpSgd(noise, self.clip_norm, rate))

    @property
    def spent(self) -> PrivacySpent:
        """The same for every person; an epsilon of these messages alone, whatever the shared model has had of them."""
        assert self.private.private is not None
        released = self.private.private.released(self.config.train.epochs)
        return spent([released], self.delta, unit="message", rounds=1, sampling="Poisson, of messages")

    def prepare(self) -> None:
        self.base.prepare()
        assert self.private

    def for_person(self, someone: Someone) -> Made:
        began = time.process_time() - self.base.spent(someone)
        shared = self.base.shared(someone)
        encode = shared.predictor.vocabulary.encode
        history = someone.history[-self.config.most_messages :]
        messages = [pieces for text in history if (pieces := encode(normalise(text)))]
        tuned = tune(shared.model, messages, self.private, someone.rng()).eval()
        kept = stored_bytes(tuned.weights())
        return Made(Predictor.of(tuned, shared.predictor.vocabulary), time.process_time() - began, kept_bytes=kept)


def _under(model: LanguageModel, layers: State) -> LanguageModel:
    """The model with some layers of a person's own."""
    if not layers:
        return model
    personal = copy.deepcopy(model)
    personal.set_weights({**model.weights(), **layers})
    return personal


def _counted(people: Iterable[Sequence[str]]) -> Trigram:
    return Trigram(tokens(normalise(text)) for texts in people for text in texts)


def _tokens(texts: Iterable[str]) -> list[list[str]]:
    return [tokens(normalise(text)) for text in texts]
