"""The systems that `nextword evaluate` sets side by side: a class each, which makes for a person what they would use.

All are given the person's history alone: `Someone` holds no test message.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from data.splits import Split, contributes
from nextword import checkpoint
from nextword.federation.config import ClientConfig, PersonalConfig
from nextword.federation.ngrams import Growth
from nextword.layers import Layer
from nextword.metrics import WordModel
from nextword.model import LanguageModel
from nextword.ngram import Mixture, Trigram
from nextword.predictor import Predictor
from nextword.text import normalise, tokens
from nextword.training import score
from personalization import device, stack
from personalization.finetune import FinetuneConfig, personalize
from personalization.methods import METHODS, Local
from personalization.own_ngram import OwnNgram
from personalization.stack import Shared, StackConfig
from personalization.store import DeviceStore


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
        """As if only so many messages, the newest, were at hand; a tenth of them, the newest, are for validation."""
        history = self.history[-messages:]
        newest = max(1, len(history) // 10)
        return replace(self, train=history[:-newest], validation=history[-newest:])

    def rng(self) -> np.random.Generator:
        """The randomness of what is trained for this person."""
        return device.generator(self.seed, 0, self.user)


class Made(NamedTuple):
    """What a person would use, and what it took: seconds of work on their history, and whether the gate let it pass."""

    model: WordModel
    seconds: float = 0.0
    shipped: bool | None = None  # None: there is no gate


class System(Protocol):
    """One row of the table."""

    @property
    def name(self) -> str:
        """What the row is called."""

    def prepare(self) -> None:
        """Load what all people share; called once, before processes part."""

    def for_person(self, someone: Someone) -> Made:
        """What this person would use."""


class Base(System, Protocol):
    """A system that others build on."""

    def shared(self, someone: Someone) -> Shared:
        """The model that this person has in common with others."""


class Counts:
    """The trigram of the participants' history, and for the next system one that knows no validation message."""

    name = "trigram"

    def __init__(self, pooled: Sequence[Split]):
        self.pooled = pooled
        self.counted = frozenset(split.user for split in pooled)

    def prepare(self) -> None:
        self.trigram = _counted(contributes(split) for split in self.pooled)
        self.unseen = _counted(device.contribution(split, hold_back=True) for split in self.pooled)

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
        """Nothing more."""

    def for_person(self, someone: Someone) -> Made:
        began = time.perf_counter()
        own = Mixture.with_own(
            self.counts.trigram,
            _tokens(someone.train),
            _tokens(someone.validation),
            unseen=self.counts.unseen if someone.user in self.counts.counted else None,
        )
        return Made(own, time.perf_counter() - began)


class Checkpointed:
    """A model as it is, in floats or in eight bits."""

    def __init__(self, name: str, folder: Path, *, eight_bit: bool = False):
        self.name, self.folder, self.eight_bit = name, folder, eight_bit

    def prepare(self) -> None:
        self.predictor = Predictor.load(self.folder, eight_bit=self.eight_bit)
        self._model: LanguageModel | None = None

    def for_person(self, someone: Someone) -> Made:
        return Made(self.predictor)

    def shared(self, someone: Someone) -> Shared:
        if self._model is None:
            self._model, _ = checkpoint.load(self.folder)
        return Shared(self._model, self.predictor)


class Clustered:
    """Of several models the one under which the person's history costs the fewest bits, found on the device alone."""

    name = "clustered"

    def __init__(self, folders: Sequence[Path]):
        self.models = [Checkpointed(folder.name, folder) for folder in folders]
        self._chosen: tuple[str, int] | None = None

    def prepare(self) -> None:
        for model in self.models:
            model.prepare()

    def choice(self, someone: Someone) -> int:
        """The number of the model among those given."""
        if self._chosen is None or self._chosen[0] != someone.user:
            encode = self.models[0].predictor.vocabulary.encode
            messages = [encode(normalise(text)) for text in someone.train[-device.JUDGED_BY :]]
            costs = [float(score(model.shared(someone).model, messages).bits.sum()) for model in self.models]
            found = int(np.argmin(costs))
            self._chosen = someone.user, found
        return self._chosen[1]

    def for_person(self, someone: Someone) -> Made:
        began = time.perf_counter()
        chosen = self.choice(someone)
        return Made(self.models[chosen].predictor, time.perf_counter() - began)

    def shared(self, someone: Someone) -> Shared:
        return self.models[self.choice(someone)].shared(someone)


@dataclass
class WithNgrams:
    """A model under the n-grams of many that a run has found."""

    base: Base
    path: Path
    layer: Layer | None = None

    @property
    def name(self) -> str:
        return self.base.name + "+ngrams"

    def prepare(self) -> None:
        vocabulary = checkpoint.read(self.path.parent / "final").vocabulary
        self.layer = Growth.load(self.path, vocabulary).layer()

    def for_person(self, someone: Someone) -> Made:
        assert self.layer is not None
        return Made(self.base.shared(someone).with_layers(self.layer))

    def shared(self, someone: Someone) -> Shared:
        return self.base.shared(someone)._replace(many=self.layer)


@dataclass
class WithOwn:
    """A model under the person's own n-gram, whether it wins or not."""

    base: Base

    @property
    def name(self) -> str:
        return self.base.name + "+own"

    def prepare(self) -> None:
        """Nothing more."""

    def for_person(self, someone: Someone) -> Made:
        began = time.perf_counter()
        own = OwnNgram(messages=someone.history)
        return Made(self.base.shared(someone).with_layers(own), time.perf_counter() - began)


@dataclass
class Finetuned:
    """A model fine-tuned on the person's history, behind the gate."""

    base: Base
    config: FinetuneConfig
    name: str = "finetuned"

    def prepare(self) -> None:
        """Nothing more."""

    def for_person(self, someone: Someone) -> Made:
        began = time.perf_counter()
        shared = self.base.shared(someone)
        encode = shared.predictor.vocabulary.encode
        train, validation = (
            [encode(normalise(text)) for text in texts] for texts in (someone.train, someone.validation)
        )
        tuned, verdict = personalize(shared.model, train, validation, self.config, someone.rng())
        if tuned is shared.model:
            return Made(shared.predictor, time.perf_counter() - began, shipped=False)
        predictor = Predictor.of(tuned, shared.predictor.vocabulary)
        return Made(predictor, time.perf_counter() - began, shipped=verdict.choice is not None)


@dataclass
class ByMethod:
    """What the run's method leaves on a participant's device, or makes on a newcomer's."""

    base: Base
    start: Path
    client: ClientConfig
    personal: PersonalConfig
    devices: Path

    @property
    def name(self) -> str:
        return self.personal.method

    def prepare(self) -> None:
        """Nothing more."""

    def for_person(self, someone: Someone) -> Made:
        began = time.perf_counter()
        shared = self.base.shared(someone)
        vocabulary = shared.predictor.vocabulary
        model, _ = checkpoint.load(self.start)
        local = Local(
            model,
            {name: value.copy() for name, value in model.weights().items()},
            [pieces for text in someone.history if (pieces := vocabulary.encode(normalise(text)))],
            device.train_config(self.client),
            self.personal,
            someone.rng(),
        )
        state = DeviceStore(self.devices).load(someone.ordinal) if someone.ordinal is not None else None
        final = shared.model.weights()
        parameters = {name: value for name, value in final.items() if name not in local.personal_names}
        used = METHODS[self.personal.method].personal_model(local, parameters, state)
        return Made(Predictor.of(used.eval(), vocabulary), time.perf_counter() - began)


@dataclass
class Stacked:
    """The default stack (`personalization.stack`)."""

    base: Base
    config: StackConfig
    name: str = "personal"

    def prepare(self) -> None:
        """Nothing more."""

    def for_person(self, someone: Someone) -> Made:
        began = time.perf_counter()
        personal = stack.personalize(
            self.base.shared(someone), someone.train, someone.validation, self.config, someone.rng()
        )
        return Made(personal.predictor, time.perf_counter() - began, personal.shipped)


def _counted(people: Iterable[Sequence[str]]) -> Trigram:
    return Trigram(tokens(normalise(text)) for texts in people for text in texts)


def _tokens(texts: Iterable[str]) -> list[list[str]]:
    return [tokens(normalise(text)) for text in texts]
