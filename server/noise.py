"""Gaussian noise that nobody can subtract who does not hold the run's secret.

The bits are ChaCha20's (RFC 8439), keyed by a hash (BLAKE2, RFC 7693) of the secret, a label and what the noise is for.
So a run that is resumed draws the same noise for the same sum, and fresh noise where another sum has come together:
one noise over two sums would tell their difference. That is the reasoning of deterministic signatures (RFC 6979).
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms


def gaussian(secret: int, label: str, of: bytes, size: int) -> npt.NDArray[np.float64]:
    """`size` independent standard normal numbers.

    One from 64 bits: a sign, and the place in half of the distribution, which reaches to 9.2 standard deviations.
    """
    from scipy.special import ndtri

    words = np.frombuffer(_stream(secret, label, of, 8 * size), np.uint64)
    half = ((words >> np.uint64(1)).astype(np.float64) + 0.5) * 2.0**-64  # above 0, at most a half
    normal: npt.NDArray[np.float64] = ndtri(half)
    return np.where(words & np.uint64(1), normal, -normal)


def of_round(secret: int, server_round: int, name: str, of: bytes, size: int) -> npt.NDArray[np.float64]:
    """Standard normal numbers for a parameter in a round, whose sum has the digest `of`."""
    return gaussian(secret, f"update/{server_round}/{name}", of, size)


def _stream(secret: int, label: str, of: bytes, size: int) -> bytes:
    digest = hashlib.blake2b(of, key=secret.to_bytes(32), person=b"nextword noise", digest_size=32)
    digest.update(label.encode())
    cipher = Cipher(algorithms.ChaCha20(digest.digest(), bytes(16)), mode=None)
    return cipher.encryptor().update(bytes(size))
