"""Everything is shared (McMahan et al. 2017, Algorithm 1, ClientUpdate)."""

from __future__ import annotations

from nextword.model import LanguageModel
from nextword.model_config import Weights
from personalization.methods.base import Local, State, Trained


class FedAvg:
    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        local.load(parameters)
        result = local.fit(local.train)
        return Trained(local.change_from(parameters), None, result)

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        local.load(parameters)
        return local.model
