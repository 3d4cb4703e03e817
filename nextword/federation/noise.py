"""Where noise and secret draws come from: on a device, and on the server.

Two sources. `Seeded` is for experiments: it repeats a run to the last bit, and hides nothing from anybody who knows the
seed. `Secret` is for people: a ChaCha20 stream (Bernstein 2008; RFC 8439) whose key is made, by BLAKE2 (RFC 7693), of a
secret that comes from the system's entropy and stays where it was drawn. It takes several times as long.

Normal numbers are Box and Muller's 1958, their length from 53 bits, so to 8.5 deviations; or by `gaussian` from 64 bits
each. None of them hides what the grid of floating-point numbers may tell (Mironov 2012, "On significance of the least
significant bits for differential privacy"): that is for who adds them to see to.

A key that is made of the secret, a label and what the noise is for gives the same noise for the same thing again, and
fresh noise for anything else: one noise over two sums would tell their difference. That is the reasoning of
deterministic signatures (RFC 6979), and why a run that is resumed draws what it drew before.
"""

from __future__ import annotations

import hashlib
import math
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from torch import Tensor

KEY_BYTES = 32
_AT_ONCE = 2**18  # numbers, so that what they are made of stays in the cache


class Noise(Protocol):
    """A stream of random numbers."""

    def uniform(self, number: int) -> Tensor:
        """In [0, 1), of type float64."""

    def add_normal(self, target: Tensor, deviation: float) -> None:
        """Add to each number of `target` a normal one of this deviation."""

    def generator(self) -> np.random.Generator:
        """For what must be as hard to know as the noise, though nobody is shown it: whom dropout drops."""


class Seeded:
    """By a seed: for experiments."""

    def __init__(self, rng: np.random.Generator):
        self._rng = rng
        self._generator = torch.Generator().manual_seed(int(rng.integers(2**63)))

    def uniform(self, number: int) -> Tensor:
        return torch.rand(number, generator=self._generator, dtype=torch.float64)

    def add_normal(self, target: Tensor, deviation: float) -> None:
        target.add_(torch.randn(target.shape, generator=self._generator), alpha=deviation)

    def generator(self) -> np.random.Generator:
        return self._rng


class Secret:
    """By a key that nobody else has."""

    def __init__(self, key: bytes):
        cipher = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None)
        self._stream = cipher.encryptor()

    def words(self, number: int) -> npt.NDArray[np.uint64]:
        """Of 64 bits each."""
        return np.frombuffer(self._stream.update(bytes(8 * number)), np.uint64)

    def uniform(self, number: int) -> Tensor:
        return torch.from_numpy((self.words(number) >> np.uint64(11)).astype(np.float64)).mul_(2.0**-53)

    def add_normal(self, target: Tensor, deviation: float) -> None:
        flat = target.view(-1)
        for first in range(0, len(flat), _AT_ONCE):
            part = flat[first : first + _AT_ONCE]
            half = (len(part) + 1) // 2
            radius = (1 - self.uniform(half)).log_().mul_(-2).sqrt_().mul_(deviation)
            angle, radius = self._angles(half), radius.float()
            part.add_(torch.cat([angle.cos() * radius, angle.sin() * radius])[: len(part)])

    def generator(self) -> np.random.Generator:
        return np.random.default_rng(self.words(4))

    def _angles(self, number: int) -> Tensor:
        """Uniform in [0, 2 pi), of type float32."""
        words = np.frombuffer(self._stream.update(bytes(4 * number)), np.uint32)
        return torch.from_numpy(words.astype(np.float32)).mul_(2 * math.pi * 2.0**-32)


def gaussian(secret: int, label: str, of: bytes, size: int) -> npt.NDArray[np.float64]:
    """`size` independent standard normal numbers, for one label and for `of`, what they are added to.

    One from 64 bits: a sign, and the place in half of the distribution, which reaches to 9.2 standard deviations.
    """
    from scipy.special import ndtri

    digest = hashlib.blake2b(of, key=secret.to_bytes(KEY_BYTES), person=b"nextword noise", digest_size=KEY_BYTES)
    digest.update(label.encode())
    words = Secret(digest.digest()).words(size)
    half = ((words >> np.uint64(1)).astype(np.float64) + 0.5) * 2.0**-64  # above 0, at most a half
    normal: npt.NDArray[np.float64] = ndtri(half)
    return np.where(words & np.uint64(1), normal, -normal)


def of_round(secret: int, server_round: int, name: str, of: bytes, size: int) -> npt.NDArray[np.float64]:
    """Standard normal numbers for a parameter in a round, whose sum has the digest `of`."""
    return gaussian(secret, f"update/{server_round}/{name}", of, size)


def derived_key(secret: bytes, *about: object) -> bytes:
    """A key of its own for each use of the secret."""
    return hashlib.blake2b(repr(about).encode(), key=secret, digest_size=KEY_BYTES).digest()
