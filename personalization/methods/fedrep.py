"""Personal layers first with the shared ones frozen, then the reverse (Collins et al. 2021, Algorithm 1)."""

from __future__ import annotations

from nextword.model import LanguageModel
from nextword.model_config import Weights
from personalization.methods.base import Local, State, Trained
from personalization.methods.fedper import own_layers, train_own_layers


class FedRep:
    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        local.load(parameters, state)
        train_own_layers(local)
        kept = own_layers(local)
        result = local.fit(local.train, only=frozenset(parameters))
        return Trained(local.change_from(parameters), kept, result)

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        """The personal layers are fitted to the final shared ones, for participants too."""
        local.load(parameters, state)
        train_own_layers(local)
        return local.model
