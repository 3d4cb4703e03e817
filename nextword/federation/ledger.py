"""What all that was released of a run has cost the privacy of one user, or of one message.

Each release is a sum to which one unit adds a vector of at most length 1 (in units of the clip norm), plus Gaussian
noise of standard deviation `noise_multiplier`; the unit takes part with probability `sampling_rate`, by a draw of its
own that stays secret (Poisson sampling). Neighbours are two runs of which one has the unit's data and the other has
none in its place (Kairouz et al. 2021, "Practical and private (deep) learning without sampling or shuffling", section
2), so the numbers of users and of messages count as public. Releases may depend on all that were released before.

Composition goes to epsilon at a delta by one of three accountants, all upper bounds:

- "gaussian": exact, where nothing was sampled. Several Gaussian mechanisms are one, of 1 / sigma^2 = the sum of theirs
  (Dong et al. 2022, "Gaussian differential privacy", corollary 2), and one has (Balle & Wang 2018, theorem 8)
      delta = Phi(1 / (2 sigma) - epsilon sigma) - e^epsilon Phi(-1 / (2 sigma) - epsilon sigma).
- "prv": Gopi et al. 2021, "Numerical composition of differential privacy"; at most 0.02 above the truth.
- "rdp": Mironov et al. 2019, "Rényi differential privacy of the sampled Gaussian mechanism", and the conversion of
  Balle et al. 2020, theorem 21: looser, and right for large epsilon too.

Without noise epsilon is infinite.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Accountant = Literal["gaussian", "prv", "rdp"]
Unit = Literal["user", "message"]
Curve = npt.NDArray[np.float64]  # Rényi divergences, one for each of the orders

ORDERS = [*(1 + x / 10 for x in range(1, 100)), *range(11, 64), *range(64, 257, 8), 384, 512, 768]
_MOST_BY_PRV = 100.0  # its numerical grid grows with epsilon


@dataclass(frozen=True)
class Gaussian:
    """So many releases with this noise, in units of the most that one unit adds."""

    noise_multiplier: float
    sampling_rate: float = 1.0
    steps: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.noise_multiplier < math.inf and 0 <= self.sampling_rate <= 1 and self.steps >= 0):
            raise ValueError(f"{self}: noise must be finite and not negative, a rate from 0 to 1, steps 0 or more")


@dataclass(frozen=True)
class PrivacySpent:
    """(epsilon, delta)-differential privacy of one unit after so many rounds, and by whom it was worked out."""

    epsilon: float
    delta: float
    unit: Unit
    accountant: Accountant
    rounds: int
    sampling: str  # in words

    def __str__(self) -> str:
        return (
            f"epsilon {self.epsilon:.3g} at delta {self.delta:.3g} for a {self.unit} "
            f"({self.accountant}; {self.rounds} rounds; {self.sampling})"
        )

    def event(self) -> dict[str, Any]:
        """As it stands in events and summaries: an infinite epsilon is None, which JSON has a word for."""
        return asdict(self) | {"epsilon": self.epsilon if math.isfinite(self.epsilon) else None}


def steps(epochs: int, sampling_rate: float) -> int:
    """In which what is drawn at this rate, each by itself, is drawn `epochs` times on average."""
    return round(epochs / sampling_rate)


def spent(
    mechanisms: Iterable[Gaussian],
    delta: float,
    *,
    unit: Unit,
    rounds: int,
    sampling: str,
    accountant: Literal["prv", "rdp"] = "prv",
) -> PrivacySpent:
    """What these releases have cost together: exactly where nothing was sampled, else by `accountant`.

    Where PRV's grid would be too large, which is where there is hardly any privacy, RDP takes its place, and is named.
    """
    composed = merged(mechanisms)
    by: Accountant = accountant
    if all(mechanism.sampling_rate == 1 for mechanism in composed):
        by = "gaussian"
    elif accountant == "prv" and not epsilon(composed, delta, "rdp") <= _MOST_BY_PRV:
        by = "rdp"
    return PrivacySpent(epsilon(composed, delta, by), delta, unit, by, rounds, sampling)


def epsilon(mechanisms: Iterable[Gaussian], delta: float, accountant: Accountant) -> float:
    """Of the composition. Raises ValueError where the accountant cannot tell: "gaussian" of anything sampled."""
    if not 0 < delta < 1:
        raise ValueError(f"delta = {delta:g} must be above 0 and below 1")
    composed = merged(mechanisms)
    if not composed:
        return 0.0
    if any(mechanism.noise_multiplier == 0 for mechanism in composed):
        return math.inf
    if accountant == "gaussian":
        if any(mechanism.sampling_rate < 1 for mechanism in composed):
            raise ValueError("the gaussian accountant knows nothing of sampling: use prv or rdp")
        return gaussian_epsilon(sum(one.steps / one.noise_multiplier**2 for one in composed) ** -0.5, delta)
    return _by_prv(composed, delta) if accountant == "prv" else _by_rdp(composed, delta)


def merged(mechanisms: Iterable[Gaussian]) -> tuple[Gaussian, ...]:
    """The same releases, equal ones together, without those that nobody can have taken part in."""
    steps: Counter[tuple[float, float]] = Counter()
    for one in mechanisms:
        if one.steps and one.sampling_rate:
            steps[one.noise_multiplier, one.sampling_rate] += one.steps
    return tuple(Gaussian(*key, number) for key, number in sorted(steps.items()))


def gaussian_delta(noise_multiplier: float, epsilon: float) -> float:
    """The delta of one Gaussian mechanism at this epsilon, exactly (Balle & Wang 2018, theorem 8)."""
    from scipy.special import log_ndtr, ndtr

    half = 1 / (2 * noise_multiplier)
    shift = epsilon * noise_multiplier
    return float(ndtr(half - shift) - math.exp(epsilon + log_ndtr(-half - shift)))


def gaussian_epsilon(noise_multiplier: float, delta: float) -> float:
    """The least epsilon at which one Gaussian mechanism has this delta."""
    if gaussian_delta(noise_multiplier, 0.0) <= delta:
        return 0.0
    low, high = 0.0, 1.0
    while gaussian_delta(noise_multiplier, high) > delta:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if gaussian_delta(noise_multiplier, middle) > delta else (low, middle)
    return high


@lru_cache(maxsize=64)
def _by_prv(composed: tuple[Gaussian, ...], delta: float) -> float:
    from opacus.accountants import PRVAccountant

    accountant = PRVAccountant()
    accountant.history = [(one.noise_multiplier, one.sampling_rate, one.steps) for one in composed]
    with warnings.catch_warnings():  # about the orders by which it finds the size of its grid
        warnings.simplefilter("ignore")
        found = float(accountant.get_epsilon(delta))
    return math.inf if math.isnan(found) else max(0.0, found)


def _by_rdp(composed: tuple[Gaussian, ...], delta: float) -> float:
    curves = [one.steps * renyi_curve(one.noise_multiplier, one.sampling_rate) for one in composed]
    return curve_epsilon(np.sum(curves, axis=0), delta)


def curve_epsilon(curve: Curve, delta: float) -> float:
    """The least epsilon that these divergences at all orders allow at this delta (Balle et al. 2020, theorem 21)."""
    from opacus.accountants.analysis.rdp import get_privacy_spent

    if not curve.any():
        return 0.0
    if not np.isfinite(curve).any():
        return math.inf
    with warnings.catch_warnings():  # about an order at the end of the list: the bound holds there too
        warnings.simplefilter("ignore")
        found, _ = get_privacy_spent(orders=ORDERS, rdp=curve, delta=delta)
    return max(0.0, float(found))


@lru_cache(maxsize=1024)
def renyi_curve(noise_multiplier: float, sampling_rate: float) -> Curve:
    """The Rényi divergences of one release, at all orders."""
    from opacus.accountants.analysis.rdp import compute_rdp

    curve: Curve = compute_rdp(q=sampling_rate, noise_multiplier=noise_multiplier, steps=1, orders=ORDERS)
    curve.setflags(write=False)
    return curve
