"""A start from which a few steps go far (Fallah et al. 2020, "Per-FedAvg", Algorithm 1, first order).

From one batch a step of `personal.inner_rate` is tried, and the shared parameters move by the gradient found there on
another batch. The person then uses the model after `personal.epochs` of such steps of their own.
"""

from __future__ import annotations

import dataclasses
import math

import torch

from nextword.model import LanguageModel
from nextword.model_config import Weights
from nextword.training import TrainResult, batches, dropping, fit, num_targets, piece_loss
from personalization.methods.base import Local, State, Trained


class PerFedAvg:
    def train(self, local: Local, parameters: Weights, state: State | None) -> Trained:
        local.load(parameters)
        with dropping(local.model, local.train.dropout, local.rng):
            result = _fit_start(local)
        return Trained(local.change_from(parameters), None, result)

    def personal_model(self, local: Local, parameters: Weights, state: State | None) -> LanguageModel:
        local.load(parameters)
        config = dataclasses.replace(
            local.train, epochs=local.personal.epochs, learning_rate=local.personal.inner_rate, optimizer="sgd"
        )
        fit(local.model, local.messages, config, local.rng)
        return local.model


def _fit_start(local: Local) -> TrainResult:
    """Plain gradient steps on the loss after a step."""
    model, config = local.model, local.train
    parameters = list(model.parameters())
    model.train()
    steps, pieces, nats, counted = 0, 0, 0.0, 0
    for _ in range(config.epochs):
        nats, counted = 0.0, 0
        tries, tests = (batches(local.messages, config, local.rng) for _ in range(2))
        for (tried, tried_targets), (inputs, targets) in zip(tries, tests, strict=True):
            before = [value.detach().clone() for value in parameters]
            _step(model, tried, tried_targets, local.personal.inner_rate, config.clip_norm)
            loss = _gradient(model, inputs, targets, config.clip_norm)
            with torch.no_grad():
                for value, origin in zip(parameters, before, strict=True):
                    value.copy_(origin if value.grad is None else origin - config.learning_rate * value.grad)
            size = num_targets(targets)
            steps, pieces, counted, nats = steps + 1, pieces + size, counted + size, nats + loss * size
    return TrainResult(pieces, steps, nats / math.log(2) / counted if counted else math.nan)


def _step(model: LanguageModel, inputs: torch.Tensor, targets: torch.Tensor, rate: float, clip_norm: float) -> None:
    _gradient(model, inputs, targets, clip_norm)
    with torch.no_grad():
        for value in model.parameters():
            if value.grad is not None:
                value.sub_(value.grad, alpha=rate)


def _gradient(model: LanguageModel, inputs: torch.Tensor, targets: torch.Tensor, clip_norm: float) -> float:
    """Leave the clipped gradient in the parameters; returns the loss in nats a piece."""
    model.zero_grad(set_to_none=True)
    loss = piece_loss(model, inputs, targets)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    return float(loss.detach())
