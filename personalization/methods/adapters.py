"""Low-rank changes and an output bias of one's own over a shared model (Pillutla et al. 2022, FedAlt).

Algorithm 2 there: the person's changes are trained first with the shared parameters frozen, then these below the
changes, which stay (`personalization.adapters`).
"""

from __future__ import annotations

from nextword.model import LanguageModel
from nextword.model_config import Weights
from personalization.adapters import Adapters, adapted
from personalization.methods.base import Local, State, Trained


class FederatedAdapters:
    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        local.load(parameters)
        with adapted(local.model, local.personal.rank, local.rng) as changes:
            _fit_own(local, changes, state)
            result = local.fit(local.train, only=changes.below)
            kept = changes.state()
        return Trained(local.change_from(parameters), kept, result)

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        """The changes are fitted to the final shared parameters, for participants too."""
        local.load(parameters)
        with adapted(local.model, local.personal.rank, local.rng) as changes:
            _fit_own(local, changes, state)
            return changes.merged()


def _fit_own(local: Local, changes: Adapters, state: State | None) -> None:
    if state is not None:
        changes.load(state)
    local.fit(local.train_own, only=changes.own, own=True)
