"""A mixture of the shared model and a whole one of the person's own (Deng et al. 2020, "APFL", Algorithm 1).

    v <- v - rate grad_v F(alpha v + (1 - alpha) w)

which moves the mixture m = alpha v + (1 - alpha) w by -rate alpha^2 grad F(m). So with plain gradient steps m itself is
trained at alpha^2 times the rate, after w in each round, and v is read off it. alpha is fixed, and with alpha = 0
this is FedAvg; clipping is of the gradient at m.
"""

from __future__ import annotations

import dataclasses

from nextword.model import LanguageModel
from nextword.model_config import Weights
from personalization.methods.base import Local, State, Trained


class Apfl:
    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        local.load(parameters)
        result = local.fit(local.train)
        delta, shared = local.change_from(parameters), local.weights()
        alpha = local.personal.mixing
        if not alpha:
            return Trained(delta, None, result)
        self._mix(local, shared, state)
        mixed = local.model.weights()
        own = {name: (mixed[name] - (1 - alpha) * value) / alpha for name, value in shared.items()}
        return Trained(delta, own, result)

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        if local.personal.mixing:
            self._mix(local, {**local.start, **parameters}, state)
        else:
            local.load(parameters)
        return local.model

    def _mix(self, local: Local, shared: Weights, state: State | None) -> None:
        """Leave the trained mixture in the model."""
        alpha, own = local.personal.mixing, state or shared
        local.load({name: alpha * own[name] + (1 - alpha) * value for name, value in shared.items()})
        rate = alpha**2 * local.train.learning_rate
        config = dataclasses.replace(local.train, epochs=local.personal.epochs, learning_rate=rate)
        local.fit(config, own=True)
