"""User-level central differential privacy: what a round makes of its users' updates.

McMahan et al. 2018, "Learning differentially private recurrent language models", Algorithm 1, with the fixed
denominator of its section 3: each update is clipped to the norm C, Gaussian noise of standard deviation z C is added to
the sum, and the sum is divided by the number of users expected. Who did not arrive, or was rejected, is a zero in the
sum: neither the noise nor the denominator knows of it.

Adaptive clipping (Andrew et al. 2021, "Differentially private learning with adaptive clipping", Algorithm 1): each
device also tells whether its update was within C, and C moves to the quantile by

    C <- C exp(-rate (share within - quantile)).

The count is of b - 1/2, to which a user adds at most 1/2, with noise of its own. Both releases of a round together are
one Gaussian mechanism of multiplier z (their theorem 1), of which the count takes a share s of 1 / z^2:

    sum of updates: z / sqrt(1 - s) in units of C,     count: z / (2 sqrt(s)).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from nextword.federation.clipping import clipped
from nextword.federation.codec import Update
from nextword.federation.noise import gaussian, of_round
from nextword.federation.privacy_config import LARGEST_NORM, SMALLEST_NORM, PrivacyConfig
from server.accumulator import SCALE, Accumulator

RoundNoise = Callable[[int, str, bytes, int], npt.NDArray[np.float64]]  # of round, parameter, the sum's digest, size


class CentralPrivacy:
    """The clip norm in force, and the noise; `secret` is the run's, which nobody else knows.

    `noise` is that of the sums, in units of their deviation: independent over rounds, or `ftrl.CorrelatedNoise`.
    """

    def __init__(
        self, config: PrivacyConfig, secret: int, clip_norm: float | None = None, noise: RoundNoise | None = None
    ) -> None:
        self.config = config
        self.secret = secret
        self.clip_norm = config.clip_norm if clip_norm is None else clip_norm
        self._noise = noise or partial(of_round, secret)

    def admit(self, update: Update) -> Update:
        """The update as it may enter the sum: no longer than the clip norm, the rounding to the sum's grid included."""
        size = sum(values.size for values in update.values())
        return clipped(update, self.clip_norm - math.sqrt(size) / (2 * SCALE))

    def mean(self, total: Accumulator, cohort: float, within: float, server_round: int) -> Update:
        """The noisy mean over `cohort`, the users expected; then the clip norm moves, where it adapts.

        `within` is the sum of b - 1/2 over the users who answered.
        """
        of = total.digest()
        multiplier, share = self.config.noise_multiplier, self.config.quantile_share if self.config.quantile else 0.0
        deviation = multiplier * self.clip_norm / math.sqrt(1 - share)

        def noise(name: str, size: int) -> npt.NDArray[np.float64]:
            if not deviation:
                return np.zeros(size)
            return deviation * self._noise(server_round, name, of, size)

        mean = total.noisy_mean(cohort, noise)
        if self.config.quantile:
            count_of = of + np.float64(within).tobytes()
            count = within + multiplier / (2 * math.sqrt(share)) * float(
                gaussian(self.secret, f"count/{server_round}", count_of, 1)[0]
            )
            self._adapt(min(1.0, max(0.0, 0.5 + count / cohort)))
        return mean

    def _adapt(self, share_within: float) -> None:
        moved = self.clip_norm * math.exp(-self.config.quantile_rate * (share_within - self.config.quantile))
        self.clip_norm = min(LARGEST_NORM, max(SMALLEST_NORM, moved))
