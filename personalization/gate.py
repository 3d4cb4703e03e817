"""The gate: on the device, a personal candidate ships only where it wins on the person's own held-back messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.float64]  # what each message costs


@dataclass(frozen=True)
class GateConfig:
    """`margin`: by how many standard errors of the paired gain a candidate must win."""

    margin: float = 0.5
    fewest_messages: int = 2  # with fewer to judge by, nothing ships

    def __post_init__(self) -> None:
        if not 0 <= self.margin < math.inf or self.fewest_messages < 2:
            raise ValueError("gate: margin must be at least 0 and finite, fewest-messages at least 2")


@dataclass(frozen=True)
class Verdict:
    """What the gate decided: the index of the candidate that ships, or None for the shared model."""

    choice: int | None
    gain_bits: float  # of the choice per validation message; 0 for the shared model
    standard_error_bits: float


NOTHING = Verdict(None, 0.0, 0.0)


def judge(shared: Bits, candidates: Sequence[Bits], config: GateConfig) -> Verdict:
    """Choose between the shared model and candidates by what each validation message costs them.

    A candidate may ship if its mean paired gain exceeds `margin` standard errors and zero. Of the candidates that may,
    the one with the largest gain does.
    """
    n = len(shared)
    if n < config.fewest_messages:
        return NOTHING
    best = NOTHING
    for index, candidate in enumerate(candidates):
        gains = shared - candidate
        mean, error = float(gains.mean()), float(gains.std(ddof=1)) / math.sqrt(n)
        if math.isfinite(mean) and mean > max(best.gain_bits, config.margin * error):
            best = Verdict(index, mean, error)
    return best
