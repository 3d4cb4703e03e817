"""Fine-tuning on the device: the shared model, trained further on a person's own history, behind the gate.

The candidates are points on the line from the shared to the fine-tuned weights (Wortsman et al. 2022, "Robust
fine-tuning"): a short way is safer for a person with little text, the whole way better for one with much. The gate
picks one of them or none on the person's validation messages, which took no part in making them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from nextword.model import LanguageModel
from nextword.training import TrainConfig, fit, score
from personalization.adapters import fit_adapters
from personalization.gate import NOTHING, GateConfig, Verdict, judge


@dataclass(frozen=True)
class FinetuneConfig:
    """How a person's candidates are made and judged."""

    train: TrainConfig = TrainConfig(epochs=3, batch_messages=16, learning_rate=3e-4, schedule="cosine")
    part: Literal["whole", "last", "adapters"] = "whole"  # of the model that is trained
    layers: int = 1  # last: topmost blocks
    rank: int = 8  # adapters
    ways: tuple[float, ...] = (0.5, 1.0)  # shares of the way from the shared to the fine-tuned weights
    gate: GateConfig = GateConfig()
    most_messages: int = 1000  # the newest, so that the device's time does not grow with all that was ever typed


def personalize(
    shared: LanguageModel,
    train: Sequence[Sequence[int]],
    validation: Sequence[Sequence[int]],
    config: FinetuneConfig,
    rng: np.random.Generator,
) -> tuple[LanguageModel, Verdict]:
    """Fine-tune on a person's history (pieces of messages); return the model that ships and the gate's verdict.

    The gate judges candidates that know `train` alone. The way that wins is then gone again with the whole history,
    `train` and `validation`, whose newest part is the most like what comes next. `shared` is left as it was, and is
    itself returned where the gate ships nothing.
    """
    if not any(train) or len(validation) < config.gate.fewest_messages:
        return shared, NOTHING
    tuned = tune(shared, train, config, rng)
    candidates = [score(part_of_the_way(shared, tuned, way), validation) for way in config.ways]
    verdict = judge(score(shared, validation), candidates, config.gate)
    if verdict.choice is None:
        return shared, verdict
    tuned = tune(shared, [*train, *validation], config, rng)
    return part_of_the_way(shared, tuned, config.ways[verdict.choice]).eval(), verdict


def tune(
    shared: LanguageModel, messages: Sequence[Sequence[int]], config: FinetuneConfig, rng: np.random.Generator
) -> LanguageModel:
    """A copy of the shared model, trained on the newest messages (pieces)."""
    tuned, newest = copy.deepcopy(shared), messages[-config.most_messages :]
    if config.part == "adapters":
        fit_adapters(tuned, newest, config.train, config.rank, rng)
    else:
        fit(tuned, newest, config.train, rng, only=_last(shared, config.layers) if config.part == "last" else None)
    return tuned


def _last(model: LanguageModel, layers: int) -> frozenset[str]:
    """The parameters of the topmost blocks, and of the norm above them."""
    top = tuple(f"blocks.{number}." for number in range(model.config.layers - layers, model.config.layers))
    return frozenset(name for name, _ in model.named_parameters() if name.startswith((*top, "norm.")))


def part_of_the_way(shared: LanguageModel, tuned: LanguageModel, way: float) -> LanguageModel:
    """The model that lies so far between the two, as a share of the whole way."""
    if way == 1.0:
        return tuned
    between = copy.deepcopy(tuned)
    with torch.no_grad():
        for value, start in zip(between.parameters(), shared.parameters(), strict=True):
            value.lerp_(start, 1.0 - way)
    return between
