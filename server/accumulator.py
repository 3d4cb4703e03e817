"""A weighted sum of updates that does not depend on the order in which they arrive.

Floating-point addition is not associative, so a plain sum would depend on how users are spread over nodes. Here each
weighted update is rounded once to a multiple of 2^-32 and added as a 64-bit integer, which is exact. With at most 2^15
updates of magnitude up to 2^5 and weight up to 300 < 2^9 the sum stays below 2^(15 + 5 + 9 + 32) = 2^61: no overflow.
Nor with noise, which the settings keep below 10^5 * 10^3 * sqrt(2) * 9.3 * 2^32 < 2^62.4: `noise.gaussian` ends there;
correlated noise (`server.ftrl`) has tails at most 5 times as long, and a tenth of the multiplier.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nextword.federation.codec import Shapes, Update
from nextword.federation.records import MAX_MAGNITUDE, MAX_MESSAGES

SCALE = 2.0**32
MAX_UPDATES = 2**15
_BLOCK = 2**14  # numbers at a time, so that the steps in between stay in the cache


class Accumulator:
    """The running sum: one int64 array per parameter, however many updates were added."""

    def __init__(self, shapes: Shapes) -> None:
        self._sums: dict[str, npt.NDArray[np.int64]] = {
            name: np.zeros(shape, np.int64) for name, shape in shapes.items()
        }
        self._scaled = np.empty(_BLOCK, np.float64)
        self._whole = np.empty(_BLOCK, np.int64)
        self.weight = 0
        self.count = 0

    def add(self, update: Update, weight: int) -> None:
        """Add `weight` times `update`. Raises ValueError, and adds nothing, where it is not finite or too large."""
        if not 0 <= weight <= MAX_MESSAGES:
            raise ValueError(f"weight {weight} is outside 0 to {MAX_MESSAGES}")
        if self.count >= MAX_UPDATES:
            raise ValueError(f"more than {MAX_UPDATES} updates in a round")
        for name, values in update.items():
            largest = max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))
            if not largest <= MAX_MAGNITUDE:  # also true of NaN
                raise ValueError(f"{name} is not finite or changes by more than {MAX_MAGNITUDE:g}")
        for name, values in update.items():
            flat, total = values.reshape(-1), self._sums[name].reshape(-1)
            for first in range(0, flat.size, _BLOCK):
                block = flat[first : first + _BLOCK]
                scaled, whole = self._scaled[: block.size], self._whole[: block.size]
                np.multiply(block, weight * SCALE, out=scaled, dtype=np.float64)
                np.rint(scaled, out=whole, casting="unsafe")
                total[first : first + _BLOCK] += whole
        self.weight += weight
        self.count += 1

    def digest(self) -> bytes:
        """A hash of the sum: another for any other sum."""
        found = hashlib.blake2b(digest_size=32)
        for name in sorted(self._sums):
            found.update(self._sums[name].data)
        return found.digest()

    def noisy_mean(self, weight: float, noise: Callable[[str, int], npt.NDArray[np.float64]]) -> Update:
        """The sum with `noise` (of a parameter's name and size), over a weight that does not depend on what was added.

        The noise is rounded to the grid of the sum. So the result is a function of a sum on a grid with continuous
        noise, and its low bits tell nothing (Mironov 2012, "On significance of the least significant bits for
        differential privacy").
        """
        noised: Update = {}
        for name, total in self._sums.items():
            added = np.rint(noise(name, total.size) * SCALE).astype(np.int64)
            noised[name] = ((total + added.reshape(total.shape)) / (SCALE * weight)).astype(np.float32)
        return noised

    def mean(self) -> Update | None:
        """The weighted mean, or None where no weight was added."""
        if not self.weight:
            return None
        return {name: (total / (SCALE * self.weight)).astype(np.float32) for name, total in self._sums.items()}
