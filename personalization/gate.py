"""The gate: on the device, a personal candidate ships only where it wins on the person's own held-back messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class GateConfig:
    """`margin`: by how many standard errors of the paired gain a candidate must win."""

    margin: float = 2.0
    fewest_messages: int = 3  # with fewer to judge by, nothing ships

    def __post_init__(self) -> None:
        if self.margin < 0 or self.fewest_messages < 1:
            raise ValueError("gate: margin must be at least 0, fewest-messages at least 1")


@dataclass(frozen=True)
class Verdict:
    """What the gate decided: the index of the candidate that ships, or None for the shared model."""

    choice: int | None
    gain_bits: float  # of the choice per validation message; 0 for the shared model
    standard_error_bits: float


def judge(
    shared_bits: NDArray[np.float64], candidate_bits: Sequence[NDArray[np.float64]], config: GateConfig
) -> Verdict:
    """Choose between the shared model and candidates by what each validation message costs under them, in bits.

    The candidate with the largest mean paired gain is taken if that gain exceeds `margin` standard errors and zero:
    so no candidate ships that loses on validation, and a gain that few messages could show by chance does not either.
    """
    n = len(shared_bits)
    if n < config.fewest_messages or not candidate_bits:
        return Verdict(None, 0.0, 0.0)
    gains = [shared_bits - bits for bits in candidate_bits]
    best = max(range(len(gains)), key=lambda index: float(gains[index].mean()))
    mean, error = float(gains[best].mean()), float(gains[best].std(ddof=1)) / math.sqrt(n)
    if not (math.isfinite(mean) and mean > 0 and mean > config.margin * error):
        return Verdict(None, 0.0, error if math.isfinite(error) else 0.0)
    return Verdict(best, mean, error)
