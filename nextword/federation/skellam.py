"""Distributed differential privacy: whole numbers whose sum is private, though no single one of them must be.

Agarwal, Kairouz & Liu 2021, "The Skellam mechanism for differentially private federated learning", Algorithm 1, with
the conditional rounding of Kairouz, Liu & Steinke 2021, "The distributed discrete Gaussian mechanism for federated
learning with secure aggregation", Algorithm 1 and theorem 1. Each of n devices

    1. clips its update to the norm C, rotates it (`codecs.hadamard`), where that is asked, and multiplies it by s;
    2. rounds each number up or down at random, without bias, and all once more until the norm of the rounded vector is

           at most Delta,   Delta^2 = min((s C + sqrt(d))^2, s^2 C^2 + d / 4 + sqrt(2 ln(1 / beta)) (s C + sqrt(d) / 2))

       which fails with probability beta at most. So the bound holds always; the condition biases by as good as nothing;
    3. adds its share of the noise: Skellam, the difference of two Poisson numbers, of variance mu / n;
    4. and takes all modulo 2^bits.

The server adds what comes, modulo 2^bits, and undoes scale and rotation of the sum alone. Skellam numbers are closed
under sums, so of m devices the sum holds exactly Skellam noise of variance m mu / n, and `skellam_cost` tells what that
is worth. Here mu = (z s C)^2: in the end the sum has noise of deviation z C. With `enough` below 1 each device adds
more, so that the noise is whole when this share of them answers.

These functions are what a secure sum carries: `encode` makes what it masks, `add` is its addition, and `decode` takes
what it reveals. Where the server adds in the open, as long as no secure sum stands between, it sees each device's
numbers with that device's share of the noise alone, which is hardly private: the figure is for who sees the sums only.
Devices must be told n truly, and must add their noise. Before who knows the shares of some, or where some added none,
there is the noise of the others, and the figure for as many as these.

The scale is the largest power of two at which no number of the sum, noise included, wraps around but with probability
`WRAP` in a round, by Chernoff's bound. Rounding makes Delta longer than s C, more so on a coarser grid: where by more
than `MOST_GROWTH`, more bits are needed. A sum that wraps around is as private, and wrong.
"""

# d numbers of an update, D with those that fill the last block of a rotation up, n users

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nextword.federation.clipping import clipped
from nextword.federation.codec import Shapes, Update
from nextword.federation.codecs.hadamard import BLOCK, Hadamard
from nextword.federation.codecs.packing import pack, packed_bytes, unpack
from nextword.federation.codecs.stage import NOTHING, Part, shaped
from nextword.federation.noise import Secret
from nextword.federation.privacy_config import MOST_BITS, PrivacyConfig

Integers = npt.NDArray[np.uint32]  # below 2^bits
Key = Sequence[int]  # (seed, round): no secret, the same for all devices of a round

SKELLAM = "skellam"  # the part of a message
WRAP = 1e-6  # probability that any number of a round's sum wraps around
REJECTED = 1e-6  # beta: of a rounding that is too long
MOST_GROWTH = 1.1  # of the bound on the norm, by rounding
_MOST_DEVIATION = 2.0**17  # of a share in steps of the grid: a finer one gains nothing, and its tables grow
_MOST_SQUARES = 2**62  # of a rounded update, whose squares are added up in 64 bits with a sign
_SCALES = range(64, -64, -1)  # exponents of two
_TRIES = 100
_STEPS = 3  # of a search, where a table leaves so many
_AT_ONCE = 2**16  # numbers, so that the steps in between stay in the cache
_ROTATION = 2  # a stream of random numbers


@dataclass(frozen=True)
class Scheme:
    """The arithmetic of a round: both sides make it from the settings, the size of an update and the users asked."""

    size: int  # d
    users: int  # n
    clip_norm: float
    bits: int
    rotate: bool
    scale: float
    share_variance: float  # of each device's noise, in steps of the grid

    @classmethod
    def of(cls, privacy: PrivacyConfig, size: int, users: int) -> Scheme:
        """Raises ValueError, with the fewest bits that work, where the settings have too few."""
        if not size:
            raise ValueError("an update without numbers cannot be summed")
        if found := cls._fit(privacy, size, users, privacy.bits):
            return found
        more = (bits for bits in range(privacy.bits + 1, MOST_BITS + 1) if cls._fit(privacy, size, users, bits))
        nearest = f"privacy.bits={fewest}" if (fewest := next(more, 0)) else cls._nearest(privacy, size, users)
        raise ValueError(
            f"privacy.bits = {privacy.bits} are too few for sums of {users} updates of {size} numbers with noise of "
            f"{privacy.noise_multiplier:g}: set {nearest}"
        )

    @classmethod
    def _fit(cls, privacy: PrivacyConfig, size: int, users: int, bits: int) -> Scheme | None:
        """With the finest grid that so many bits allow, unless that is too coarse."""
        sharers = math.ceil(privacy.enough * users)
        for exponent in _SCALES:
            scale = 2.0**exponent
            share = (privacy.noise_multiplier * privacy.clip_norm * scale) ** 2 / sharers
            found = cls(size, users, privacy.clip_norm, bits, privacy.rotate, scale, share)
            if found.norm_squared < _MOST_SQUARES and share <= _MOST_DEVIATION**2 and found.reach < 2 ** (bits - 1):
                grown = math.sqrt(found.norm_squared) > MOST_GROWTH * scale * privacy.clip_norm
                return None if grown else found
        return None

    @classmethod
    def _nearest(cls, privacy: PrivacyConfig, size: int, users: int) -> str:
        """Settings that work, where no number of bits is enough: less noise, or fewer users."""
        for halvings in range(1, 16):
            noise = float(f"{privacy.noise_multiplier / 2**halvings:.3g}")
            if cls._fit(privacy.model_copy(update={"noise_multiplier": noise}), size, users, MOST_BITS):
                return f"privacy.bits={MOST_BITS} and privacy.noise-multiplier={noise:g}"
            if cls._fit(privacy, size, fewer := max(1, users // 2**halvings), MOST_BITS):
                return f"privacy.bits={MOST_BITS} and federation.users-per-round={fewer}"
        return "privacy.method=central"

    @property
    def padded(self) -> int:
        """D, how many numbers are sent."""
        return -(-self.size // BLOCK) * BLOCK if self.rotate else self.size

    @property
    def norm_squared(self) -> int:
        """Delta^2: the most that the squares of a device's rounded numbers add up to."""
        length, root = self.scale * self.clip_norm, math.sqrt(self.padded)
        likely = length**2 + root**2 / 4 + math.sqrt(2 * math.log(1 / REJECTED)) * (length + root / 2)
        return math.floor(min((length + root) ** 2, likely))

    @property
    def reach(self) -> float:
        """The magnitude that no number of the sum exceeds but with probability `WRAP`, if all n devices answer.

        For every theta > 0, by Markov's inequality, (ln E exp(theta X) + ln(2 D / WRAP)) / theta is one. Of X, what is
        rounded is sub-Gaussian of variance n / 4 (Hoeffding 1963), the noise has ln E = mu (cosh theta - 1), and the n
        updates, all alike at worst, are n s C, or rotated sub-Gaussian of variance (n s C)^2 / 1024.
        """
        theta = np.geomspace(1e-12, 10, 4000)
        length = self.users * self.scale * self.clip_norm
        fixed, variance = (0.0, length**2 / BLOCK) if self.rotate else (length, 0.0)
        spread = theta**2 * (variance + self.users / 4) / 2
        noise = self.users * self.share_variance * 2 * np.sinh(theta / 2) ** 2
        return fixed + float(np.min((spread + noise + math.log(2 * self.padded / WRAP)) / theta))

    def encode(self, update: Update, key: Key, secret: Secret) -> Integers:
        """What a device sends [D]. Raises ValueError where there is no number, or one is not finite."""
        if sum(values.size for values in update.values()) != self.size:
            raise ValueError(f"an update without its {self.size} numbers cannot be summed")
        for name, values in update.items():
            if not np.isfinite(values).all():
                raise ValueError(f"{name} is not finite")
        short = clipped(update, self.clip_norm)
        x = np.concatenate([np.asarray(short[name], np.float32).reshape(-1) for name in sorted(short)])
        if self.rotate:
            (x,), _ = Hadamard().encode([x], np.random.default_rng([*key, _ROTATION]))
        scaled, most = x.astype(np.float64) * self.scale, self.scale * self.clip_norm
        if (length := float(np.linalg.norm(scaled))) > most:  # by what a rotation in float32 has added
            scaled *= most / length
        rounded = self._rounded(scaled, secret)
        return self._modulo(rounded + skellam(self.share_variance, self.padded, secret))

    def _rounded(self, x: npt.NDArray[np.float64], secret: Secret) -> npt.NDArray[np.int64]:
        for _ in range(_TRIES):
            rounded: npt.NDArray[np.int64] = np.floor(x + secret.uniform(x.size).numpy()).astype(np.int64)
            if int(rounded @ rounded) <= self.norm_squared:
                return rounded
        raise ValueError("an update could not be rounded within its norm")

    def zero(self) -> Integers:
        """The sum of nobody's numbers."""
        return np.zeros(self.padded, np.uint32)

    def add(self, one: Integers, other: Integers) -> Integers:
        """The sum modulo 2^bits."""
        return self._modulo(one.astype(np.int64) + other.astype(np.int64))

    def decode(self, total: Integers, shapes: Shapes, key: Key) -> Update:
        """The sum of updates that a sum modulo 2^bits stands for."""
        half = np.int64(2 ** (self.bits - 1))
        whole = self._modulo(total.astype(np.int64) + half).astype(np.int64) - half
        x = (whole / self.scale).astype(np.float32)
        names = sorted(shapes)
        if self.rotate:
            _, undo = Hadamard().open(NOTHING, [(self.size,)], np.random.default_rng([*key, _ROTATION]))
            (x,) = undo([x])
        return dict(zip(names, shaped(x, [shapes[name] for name in names]), strict=True))

    def _modulo(self, numbers: npt.NDArray[np.int64]) -> Integers:
        remainder: Integers = (numbers & np.int64(2**self.bits - 1)).astype(np.uint32)
        return remainder

    def pack(self, numbers: Integers) -> Part:
        """So many bits each: their lowest bytes one after another, then the next, then the bits that are left."""
        whole, left = divmod(self.bits, 8)
        parts = [((numbers >> np.uint32(8 * byte)) & np.uint32(0xFF)).astype(np.uint8) for byte in range(whole)]
        if left:
            parts.append(pack(left, (numbers >> np.uint32(8 * whole)).astype(np.uint8)))
        return np.concatenate(parts)

    def unpack(self, part: npt.NDArray[np.uint8]) -> Integers:
        """The numbers again. Raises ValueError for anything that `pack` cannot have written."""
        whole, left = divmod(self.bits, 8)
        size = whole * self.padded + (packed_bytes(left, self.padded) if left else 0)
        if part.dtype != np.uint8 or part.shape != (size,):
            raise ValueError(f"{part.size} bytes are not {self.padded} numbers of {self.bits} bits")
        numbers = self.zero()
        for byte in range(whole):
            place = part[byte * self.padded : (byte + 1) * self.padded]
            numbers |= place.astype(np.uint32) << np.uint32(8 * byte)
        if left:
            numbers |= unpack(left, part[whole * self.padded :], self.padded).astype(np.uint32) << np.uint32(8 * whole)
        return numbers


def skellam(variance: float, size: int, secret: Secret) -> npt.NDArray[np.int64]:
    """Skellam numbers of mean 0: each the difference of two Poisson ones of half the variance."""
    if not variance:
        return np.zeros(size, np.int64)
    table = _table(variance / 2)
    numbers = np.empty(size, np.int64)
    for first in range(0, size, _AT_ONCE):
        part = numbers[first : first + _AT_ONCE]
        np.subtract(table.reached(secret.words(part.size)), table.reached(secret.words(part.size)), out=part)
    return numbers


class _Table(NamedTuple):
    """Thresholds in order, and how many of them the first word has reached that begins with each choice of `bits`."""

    thresholds: npt.NDArray[np.uint64]
    below: npt.NDArray[np.int64]
    bits: int

    def reached(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """How many thresholds each word has reached: a binary search, most of which a table has done before."""
        cell = (words >> np.uint64(64 - self.bits)).astype(np.int64)
        found, most = self.below[cell], self.below[cell + 1]
        wide = np.flatnonzero(most - found > _STEPS)
        for _ in range(_STEPS):
            found += self.thresholds.take(found, mode="clip") <= words
        np.minimum(found, most, out=found)
        found[wide] = np.searchsorted(self.thresholds, words[wide], side="right")
        return found


@lru_cache(maxsize=4)
def _table(mean: float) -> _Table:
    thresholds = _thresholds(mean)
    bits = min(20, len(thresholds).bit_length() + 1)
    cells = np.arange(2**bits, dtype=np.uint64) << np.uint64(64 - bits)
    below = np.searchsorted(thresholds, cells, side="right")
    return _Table(thresholds, np.append(below, len(thresholds)), bits)


def _thresholds(mean: float) -> npt.NDArray[np.uint64]:
    """2^64 P(X <= k) of a Poisson number X, for each k from the least that ever comes.

    How many of them a word of 64 bits has reached is X, less that least one. Each half is added up from its own end, so
    that small probabilities keep their digits; what is rarer than 2^-64 never comes.
    """
    root = math.sqrt(mean)
    middle = math.floor(mean)
    low, high = max(0, math.floor(mean - 10 * root)), math.ceil(mean + 10 * root + 60)
    upwards = np.cumprod(mean / np.arange(middle + 1, high + 1, dtype=np.float64))
    downwards = np.cumprod(np.arange(middle, low, -1, dtype=np.float64) / mean)
    probability = np.concatenate([downwards[::-1], [1.0], upwards])
    probability /= math.fsum(probability)
    at_most, more = np.cumsum(probability), np.cumsum(probability[::-1])[::-1]
    lower = (at_most[at_most <= 0.5] * 2.0**64).astype(np.uint64)
    beyond = (more[len(lower) + 1 :] * 2.0**64).astype(np.uint64)
    upper = np.uint64(0) - beyond[beyond > 0]  # modulo 2^64
    return np.concatenate([lower, upper])
