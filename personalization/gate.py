"""The gate: on the device, a personal candidate ships only where it wins on the person's own held-back messages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Judged(Protocol):
    """How a model does on each of N messages, as arrays [N]: what they cost in bits, and how often it was right."""

    @property
    def bits(self) -> NDArray[np.float64]: ...

    @property
    def hits(self) -> NDArray[np.int64]: ...


class Scores(NamedTuple):
    """The scores of a predictor, word by word."""

    bits: NDArray[np.float64]
    hits: NDArray[np.int64]


@dataclass(frozen=True)
class GateConfig:
    """`margin`: by how many standard errors of the paired gain a candidate must win."""

    margin: float = 2.5
    fewest_messages: int = 3  # with fewer to judge by, nothing ships

    def __post_init__(self) -> None:
        if self.margin < 0 or self.fewest_messages < 2:
            raise ValueError("gate: margin must be at least 0, fewest-messages at least 2")


@dataclass(frozen=True)
class Verdict:
    """What the gate decided: the index of the candidate that ships, or None for the shared model."""

    choice: int | None
    gain_bits: float  # of the choice per validation message; 0 for the shared model
    standard_error_bits: float


NOTHING = Verdict(None, 0.0, 0.0)


def judge(shared: Judged, candidates: Sequence[Judged], config: GateConfig) -> Verdict:
    """Choose between the shared model and candidates by their scores on each validation message.

    A candidate may ship if its mean paired gain in bits exceeds `margin` standard errors and zero, and if it is right
    more often: where only bits are gained, more people turn out worse off than better (LOG.md). Of the candidates
    that may, the one with the largest gain does.
    """
    n = len(shared.bits)
    if n < config.fewest_messages:
        return NOTHING
    best = NOTHING
    for index, candidate in enumerate(candidates):
        gains = shared.bits - candidate.bits
        mean, error = float(gains.mean()), float(gains.std(ddof=1)) / math.sqrt(n)
        clear = math.isfinite(mean) and mean > max(0.0, config.margin * error)
        if clear and mean > best.gain_bits and candidate.hits.sum() > shared.hits.sum():
            best = Verdict(index, mean, error)
    return best
