"""What all methods share: what they have at hand on a device, and what they give back."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

import numpy as np

from nextword.federation.codec import Update
from nextword.federation.config import PersonalConfig
from nextword.federation.groups import personal_names
from nextword.federation.ledger import Gaussian
from nextword.federation.noise import Noise
from nextword.model import LanguageModel
from nextword.model_config import Weights
from nextword.training import TrainConfig, TrainResult, fit
from personalization.adapters import without_changes
from personalization.private import DpSgd, fit_privately

State = Mapping[str, np.ndarray]  # what stays on the device, by parameter


@dataclass(frozen=True)
class Private:
    """That a device trains privately, all that it trains or only what it shares, and what has been released so far."""

    settings: DpSgd
    noise: Noise
    parts: Literal["shared", "all"]
    released: list[Gaussian] = field(default_factory=list)


@dataclass(frozen=True)
class Local:
    """A device in a round: its person's history in pieces, the settings, and `model` as working space."""

    model: LanguageModel
    start: Weights  # with which the run began, of all parameters: personal ones begin there
    messages: Sequence[Sequence[int]]
    train: TrainConfig
    personal: PersonalConfig
    rng: np.random.Generator
    private: Private | None = None
    frozen: frozenset[str] = frozenset()  # parameters that are not sent, and trained only where they are personal

    @property
    def train_own(self) -> TrainConfig:
        """How what is personal is trained."""
        rate = self.personal.learning_rate or self.train.learning_rate
        return dataclasses.replace(self.train, epochs=self.personal.epochs, learning_rate=rate)

    @property
    def personal_names(self) -> frozenset[str]:
        """The parameters that are not shared."""
        return personal_names(self.personal, self.model.config, self.start)

    def fit(
        self,
        config: TrainConfig,
        *,
        only: Container[str] | None = None,
        anchor: Weights | None = None,
        own: bool = False,
    ) -> TrainResult:
        """Train the model on the messages, privately where that is asked; `own` is training that is not shared."""
        if self.frozen and not own:
            still = self.frozen - self.personal_names
            names = (name for name, _ in self.model.named_parameters() if only is None or name in only)
            only = frozenset(name for name in names if without_changes(name) not in still)
        private = self.private
        if private is None or (own and private.parts == "shared"):
            return fit(self.model, self.messages, config, self.rng, only=only, anchor=anchor)
        private.released.append(private.settings.released(config.epochs))
        return fit_privately(
            self.model, self.messages, config, private.settings, private.noise, only=only, anchor=anchor
        )

    def load(self, parameters: Weights, state: State | None = None) -> None:
        """Fill the model: with shared `parameters`, the person's own `state`, and where neither is, the start."""
        self.model.set_weights({**self.start, **parameters, **(state or {})})

    def weights(self) -> Update:
        """A copy of the model's weights."""
        return {name: value.copy() for name, value in self.model.weights().items()}

    def change_from(self, parameters: Weights) -> Update:
        """The update: how far the shared parameters have moved from those received."""
        now = self.model.weights()
        return {name: now[name] - before for name, before in parameters.items()}


class Trained(NamedTuple):
    """An update, what stays on the device (None: nothing), and how the training of the shared parameters went."""

    delta: Update
    state: State | None
    result: TrainResult


class Method(Protocol):
    """A federated method as a device sees it. `parameters` are the shared ones, `state` what it kept, None at first."""

    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        """One round on the device."""

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        """What the person uses after the last round, maybe `local.model`. Without a state, they are a newcomer."""
