"""Where private training has its randomness from: who is drawn into a batch, and the noise.

Two sources. `Seeded` is for experiments: it repeats a run to the last bit, and hides nothing from anybody who knows the
seed. `Secret` is for people: a ChaCha20 stream (Bernstein 2008) whose key comes from the system's entropy and stays on
the device, with normal numbers by Box and Muller 1958, their length from 53 bits, so to 8.5 deviations. It takes
several times as long. Neither hides what the grid of floating-point numbers may tell (Mironov 2012, "On significance of
the least significant bits for differential privacy").
"""

from __future__ import annotations

import hashlib
import math
import secrets
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from torch import Tensor

from nextword.files import write_whole

_AT_ONCE = 2**18  # numbers, so that what they are made of stays in the cache
_KEY_BYTES = 32


class Noise(Protocol):
    """A stream of random numbers."""

    def uniform(self, number: int) -> Tensor:
        """In [0, 1), of type float64."""

    def add_normal(self, target: Tensor, deviation: float) -> None:
        """Add to each number of `target` a normal one of this deviation."""


class Seeded:
    """By a seed: for experiments."""

    def __init__(self, rng: np.random.Generator):
        self._generator = torch.Generator().manual_seed(int(rng.integers(2**63)))

    def uniform(self, number: int) -> Tensor:
        return torch.rand(number, generator=self._generator, dtype=torch.float64)

    def add_normal(self, target: Tensor, deviation: float) -> None:
        target.add_(torch.randn(target.shape, generator=self._generator), alpha=deviation)


class Secret:
    """By a key that only the device has."""

    def __init__(self, key: bytes):
        cipher = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None)
        self._stream = cipher.encryptor()

    def uniform(self, number: int) -> Tensor:
        words = np.frombuffer(self._stream.update(bytes(8 * number)), np.uint64)
        return torch.from_numpy((words >> np.uint64(11)).astype(np.float64)).mul_(2.0**-53)

    def add_normal(self, target: Tensor, deviation: float) -> None:
        flat = target.view(-1)
        for first in range(0, len(flat), _AT_ONCE):
            part = flat[first : first + _AT_ONCE]
            half = (len(part) + 1) // 2
            radius = (1 - self.uniform(half)).log_().mul_(-2).sqrt_().mul_(deviation)
            angle, radius = self._angles(half), radius.float()
            part.add_(torch.cat([angle.cos() * radius, angle.sin() * radius])[: len(part)])

    def _angles(self, number: int) -> Tensor:
        """Uniform in [0, 2 pi), of type float32."""
        words = np.frombuffer(self._stream.update(bytes(4 * number)), np.uint32)
        return torch.from_numpy(words.astype(np.float32)).mul_(2 * math.pi * 2.0**-32)


def derived_key(secret: bytes, *about: object) -> bytes:
    """A key of its own for each use of the secret."""
    return hashlib.blake2b(repr(about).encode(), key=secret, digest_size=_KEY_BYTES).digest()


def device_secret(path: Path) -> bytes:
    """The secret in a file, drawn from the system's entropy if there is none yet.

    It is kept so that a round that is done again after a crash has the same noise: else the server would see the same
    training twice under different noise, and that is worth more than once.
    """
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, secrets.token_bytes(_KEY_BYTES), owner_only=True)
    return path.read_bytes()
