"""A whole model of the person's own, held near the shared one (Li et al. 2021, "Ditto", Algorithm 1).

The shared parameters are trained as in FedAvg, and v by gradients of F(v) + lambda / 2 |v - w|^2, w as received; what
pulls it there is a step of its own (`nextword.training.Descent`), so with an infinite lambda v is w.
"""

from __future__ import annotations

import dataclasses

from nextword.model import LanguageModel
from nextword.model_config import Weights
from personalization.methods.base import Local, State, Trained


class Ditto:
    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        local.load(parameters)
        result = local.fit(local.train)
        delta = local.change_from(parameters)
        self.personal_model(local, parameters, state)
        return Trained(delta, local.weights(), result)

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        """v after `personal.epochs` more, near these shared parameters."""
        local.load(parameters, state)
        config = dataclasses.replace(local.train_own, prox=local.personal.pull)
        local.fit(config, anchor={**local.start, **parameters}, own=True)
        return local.model
