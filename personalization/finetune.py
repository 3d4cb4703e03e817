"""Fine-tuning on the device: the shared model, trained further on a person's own history.

Candidates for the gate are points on the line through the shared and the fine-tuned weights (Wortsman et al. 2022,
"Robust fine-tuning"). A few messages make a few steps, so twice their way is better for most who have no more; the way
itself is for people with many. Neither takes more training.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from nextword.federation.groups import is_norm
from nextword.federation.noise import Secret, Seeded
from nextword.model import LanguageModel
from nextword.training import TrainConfig, fit
from personalization.adapters import adapted
from personalization.memo import Memo
from personalization.private import DpSgd, fit_privately

Progress = Callable[[int, int, float], None]  # step, steps, bits per piece


@dataclass(frozen=True)
class FinetuneConfig:
    """How a person's candidates are made."""

    train: TrainConfig = TrainConfig(epochs=3, batch_messages=16, learning_rate=3e-4, schedule="cosine")
    part: Literal["whole", "last", "adapters", "norms"] = "whole"  # of the model that is trained
    layers: int = 1  # last: topmost blocks
    rank: int = 8  # adapters
    ways: tuple[float, ...] = (1.0, 2.0)  # shares of the way from the shared to the fine-tuned weights
    private: DpSgd | None = None  # how messages are hidden in the model; None: not at all
    secure: bool = False  # noise from the system's entropy, not from the seed
    most_messages: int = 1000  # the newest, so that the device's time does not grow with all that was ever typed


class Tuner:
    """Fine-tuning for one person. What was trained on the same messages is not trained again.

    Each training begins with the same random numbers, so what it makes depends on nothing that was trained before.
    """

    def __init__(
        self,
        shared: LanguageModel,
        config: FinetuneConfig,
        rng: np.random.Generator,
        *,
        progress: Progress | None = None,
    ):
        self.shared, self.config, self._rng, self._progress = shared, config, rng, progress
        self.memo = Memo()

    @property
    def ways(self) -> tuple[float, ...]:
        """Of the candidates."""
        return self.config.ways

    def __call__(self, messages: Sequence[Sequence[int]]) -> LanguageModel:
        """A copy of the shared model, trained on the newest messages (pieces). It is not to be changed."""
        newest = tuple(map(tuple, messages[-self.config.most_messages :]))
        rng = copy.deepcopy(self._rng)
        return self.memo.of(newest, lambda: tune(self.shared, newest, self.config, rng, progress=self._progress).eval())


def tune(
    shared: LanguageModel,
    messages: Sequence[Sequence[int]],
    config: FinetuneConfig,
    rng: np.random.Generator,
    *,
    progress: Progress | None = None,
) -> LanguageModel:
    """A copy of the shared model, trained on messages (pieces); `progress` is told as by `nextword.training.fit`."""
    tuned = copy.deepcopy(shared)
    if config.part == "adapters":
        with adapted(tuned, config.rank, rng) as changes:
            _fit(tuned, messages, config, rng, changes.own, progress)
            return changes.merged()
    _fit(tuned, messages, config, rng, _trained(shared, config), progress)
    return tuned


def _fit(
    model: LanguageModel,
    messages: Sequence[Sequence[int]],
    config: FinetuneConfig,
    rng: np.random.Generator,
    only: Container[str] | None,
    progress: Progress | None,
) -> None:
    if config.private is None:
        fit(model, messages, config.train, rng, only=only, progress=progress)
    else:
        noise = Secret(secrets.token_bytes(32)) if config.secure else Seeded(rng)
        fit_privately(model, messages, config.train, config.private, noise, only=only, progress=progress)


def _trained(shared: LanguageModel, config: FinetuneConfig) -> frozenset[str] | None:
    """The parameters that move; None: all of them."""
    names = [name for name, _ in shared.named_parameters()]
    if config.part == "norms":  # scales alone
        return frozenset(filter(is_norm, names))
    if config.part == "last":  # the topmost blocks, and the norm above them
        first = shared.config.layers - config.layers
        top = tuple(f"blocks.{number}." for number in range(first, shared.config.layers))
        return frozenset(name for name in names if name.startswith((*top, "norm.")))
    return None


def part_of_the_way(shared: LanguageModel, tuned: LanguageModel, way: float) -> LanguageModel:
    """The model that lies so far between the two, as a share of the whole way."""
    if way == 1.0:
        return tuned
    between, starts = copy.deepcopy(tuned), dict(shared.named_parameters())
    with torch.no_grad():
        for name, value in between.named_parameters():
            value.lerp_(starts.get(name, torch.zeros_like(value)), 1.0 - way)  # an output bias begins at zero
    return between
