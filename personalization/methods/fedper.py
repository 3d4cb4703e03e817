"""Lower layers are shared, the topmost a person's own, trained together (Arivazhagan et al. 2019, "FedPer", section 3).

A newcomer's layers begin where everybody's began and are trained on their history below the shared ones, which stay.
"""

from __future__ import annotations

from nextword.model import LanguageModel
from nextword.model_config import Weights
from personalization.methods.base import Local, State, Trained


class FedPer:
    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        local.load(parameters, state)
        result = local.fit(local.train)
        return Trained(local.change_from(parameters), own_layers(local), result)

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        local.load(parameters, state)
        if state is None:
            train_own_layers(local)
        return local.model


def own_layers(local: Local) -> State:
    """The personal part of the model as it is now."""
    now = local.weights()
    return {name: now[name] for name in sorted(local.personal_names)}


def train_own_layers(local: Local) -> None:
    """Train the personal part alone."""
    local.fit(local.train_own, only=local.personal_names, own=True)
