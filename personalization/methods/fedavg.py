"""Everything is shared (McMahan et al. 2017, Algorithm 1, ClientUpdate)."""

from __future__ import annotations

from nextword.model import LanguageModel
from nextword.model_config import Weights
from nextword.training import fit
from personalization.methods.base import Local, State, Trained


class FedAvg:
    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        local.load(parameters)
        result = fit(local.model, local.messages, local.train, local.rng)
        return Trained(local.change_from(parameters), None, result)

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        local.load(parameters)
        return local.model
