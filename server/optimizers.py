"""What the server does with a round's mean update (Reddi et al. 2021, "Adaptive federated optimization").

The formulas, first steps included, are those of Flower's strategies of the same names; they are written here on plain
arrays because their state must survive a restart, which Flower's do not offer.
"""

# x parameters, delta the mean update, m first moment, v second moment, t the round from 1

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from nextword.federation.codec import Update
from nextword.federation.config import ServerConfig

Array = npt.NDArray[np.floating[Any]]
State = dict[str, Update]


class ServerOptimizer(ABC):
    """Holds its `state`, arrays by moment and parameter, which a checkpoint keeps."""

    moments: tuple[str, ...] = ()

    def __init__(self, config: ServerConfig, rounds: int) -> None:
        self.config = config
        self.rounds = rounds
        self.state: State = {}

    def rate(self, t: int) -> float:
        """The learning rate of round t: constant, or config.rate * (1 + cos(pi (t - 1) / rounds)) / 2."""
        if self.config.schedule == "constant":
            return self.config.rate
        return self.config.rate * (1 + math.cos(math.pi * (t - 1) / self.rounds)) / 2

    def step(self, parameters: Update, delta: Update, server_round: int) -> Update:
        """The parameters after this round; those that `delta` lacks stay as they are, and so do their moments."""
        stepped: Update = {}
        for moment in self.moments:
            self.state.setdefault(moment, {name: np.zeros_like(x) for name, x in parameters.items()})
        for name, x in parameters.items():
            if name not in delta:
                stepped[name] = x
                continue
            before = [self.state[moment][name] for moment in self.moments]
            x_next, after = self.step_array(x, delta[name], before, server_round)
            stepped[name] = x_next.astype(np.float32)
            for moment, value in zip(self.moments, after, strict=True):
                self.state[moment][name] = value.astype(np.float32)
        return stepped

    @abstractmethod
    def step_array(self, x: Array, delta: Array, state: list[Array], t: int) -> tuple[Array, list[Array]]:
        """One parameter array's next value and moments."""


class FedAvg(ServerOptimizer):
    """x + rate * delta (McMahan et al. 2017, with a constant rate of 1)."""

    def step_array(self, x: Array, delta: Array, state: list[Array], t: int) -> tuple[Array, list[Array]]:
        return x + self.rate(t) * delta, []


class FedAvgM(ServerOptimizer):
    """m = momentum * m + delta; x + rate * m (Hsu et al. 2019)."""

    moments = ("m",)

    def step_array(self, x: Array, delta: Array, state: list[Array], t: int) -> tuple[Array, list[Array]]:
        m = self.config.momentum * state[0] + delta
        return x + self.rate(t) * m, [m]


class FedAdam(ServerOptimizer):
    """m and v as Adam's; x + rate_t * m / (sqrt(v) + tau), rate_t = rate * sqrt(1 - beta2^(t+1)) / (1 - beta1^(t+1)).

    The paper has no such correction of the rate; Flower has it, with t + 1 where Adam has t.
    """

    moments = ("m", "v")

    def step_array(self, x: Array, delta: Array, state: list[Array], t: int) -> tuple[Array, list[Array]]:
        c = self.config
        m = c.beta1 * state[0] + (1 - c.beta1) * delta
        v = c.beta2 * state[1] + (1 - c.beta2) * delta**2
        rate = self.rate(t) * float(np.sqrt(1 - c.beta2 ** (t + 1))) / (1 - c.beta1 ** (t + 1))
        return x + rate * m / (np.sqrt(v) + c.tau), [m, v]


class FedYogi(ServerOptimizer):
    """v = v - (1 - beta2) * delta^2 * sign(v - delta^2); x + rate * m / (sqrt(v) + tau)."""

    moments = ("m", "v")

    def step_array(self, x: Array, delta: Array, state: list[Array], t: int) -> tuple[Array, list[Array]]:
        c = self.config
        m = c.beta1 * state[0] + (1 - c.beta1) * delta
        v = state[1] - (1 - c.beta2) * delta**2 * np.sign(state[1] - delta**2)
        return x + self.rate(t) * m / (np.sqrt(v) + c.tau), [m, v]


OPTIMIZERS: dict[str, type[ServerOptimizer]] = {
    "fedavg": FedAvg,
    "fedavgm": FedAvgM,
    "fedadam": FedAdam,
    "fedyogi": FedYogi,
}


def make(config: ServerConfig, rounds: int) -> ServerOptimizer:
    """The optimizer that the run names, for a run of so many rounds."""
    return OPTIMIZERS[config.optimizer](config, rounds)
