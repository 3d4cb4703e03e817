"""What sums with Skellam noise cost the privacy of a user who adds to them.

Agarwal, Kairouz & Liu 2021, "The Skellam mechanism for differentially private federated learning", theorem 3.5 over
several numbers (corollary 3.6): where a user adds whole numbers of norms at most Delta_1 and Delta_2, and the noise of
each number is the difference of two Poisson numbers, of variance mu, the Rényi divergence of a whole order alpha > 1 is

    at most  alpha Delta_2^2 / (2 mu) + min(((2 alpha - 1) Delta_2^2 + 6 Delta_1) / (4 mu^2),  3 Delta_1 / (2 mu)).

The first term is the Gaussian mechanism's. Between whole orders (alpha - 1) D_alpha is convex, so at most the line
between its neighbours; below order 2 the divergence is at most that of order 2. What whole numbers of norm Delta_2 are
in Delta_1 is at most Delta_2^2, and at most sqrt(D) Delta_2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nextword.federation.ledger import ORDERS, Curve
from nextword.federation.skellam import Scheme


@dataclass(frozen=True)
class Skellam:
    """One sum: the variance of its noise, and the norms of what a user adds, all in steps of the grid."""

    variance: float
    l1: float
    l2: float

    @classmethod
    def of(cls, scheme: Scheme, answered: int) -> Skellam:
        """The sum of so many devices' numbers."""
        l2 = math.sqrt(scheme.norm_squared)
        return cls(answered * scheme.share_variance, min(l2**2, math.sqrt(scheme.padded) * l2), l2)

    @property
    def noise_multiplier(self) -> float:
        """Of the Gaussian mechanism with the same deviation, over what a user adds."""
        return math.sqrt(self.variance) / self.l2

    def divergence(self, order: int) -> float:
        """The bound at a whole order."""
        if not self.variance:
            return math.inf
        mu, squared = self.variance, self.l2**2
        beyond = min(((2 * order - 1) * squared + 6 * self.l1) / (4 * mu**2), 3 * self.l1 / (2 * mu))
        return order * squared / (2 * mu) + beyond


@lru_cache(maxsize=1024)
def curve(of: Skellam) -> Curve:
    """The Rényi divergences of one sum, at all orders of the ledger."""
    found: Curve = np.array([_at(of, order) for order in ORDERS])
    found.setflags(write=False)
    return found


def _at(of: Skellam, order: float) -> float:
    low, high = max(2, math.floor(order)), max(2, math.ceil(order))
    if low == high:
        return of.divergence(low)
    share = order - low
    line = (1 - share) * (low - 1) * of.divergence(low) + share * (high - 1) * of.divergence(high)
    return line / (order - 1)
