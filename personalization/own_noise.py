"""Noise that a device adds to its own update before it leaves, so that no server has to be trusted with less.

By `privacy.method = "local"` an update is clipped to C and each number has Gaussian noise of deviation z C; what is
made of it afterwards, encoding included, is post-processing. That is local differential privacy of a user
(Kasiviswanathan et al. 2011, "What can we learn privately?", section 3), with the Gaussian mechanism. Any two updates
must look alike, not one and none, and two of norm C are up to 2 C apart: the figure is that of a multiplier of z / 2.
Noise is added in float32, whose grid it does not hide (`nextword.federation.noise`). By "distributed" it is a share of
what the sum needs (`nextword.federation.skellam`).

Clip norm, noise and bits are the device's own settings, not what the server's message says; how many share the noise is
the server's to say, and more than the settings' `federation.users-per-round` are refused. The noise is drawn from the
device's secret, for this very update in this very round: a round that is done again after a crash from the same
parameters and the same kept state sends the same bytes, which tell nothing new and are paid once, and another update
meets other noise.

By "local" each device keeps an account of what it has sent (`personalization.spending`), and sends nothing beyond
`privacy.epsilon-budget`: a server that asks one more often than it tells, in one round from several parameters, or out
of turn when what the device keeps has changed, is counted there. By "distributed" nothing counts on the device, since
what a share costs depends on who else answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nextword.federation import records
from nextword.federation.clipping import clipped, is_finite
from nextword.federation.codec import Codec, Update
from nextword.federation.codecs.stage import Part
from nextword.federation.config import RunConfig
from nextword.federation.noise import Secret, derived_key
from nextword.federation.skellam import SKELLAM, Scheme

NUMBERS: dict[str, int | float] = {records.NUM_MESSAGES: 1, records.NUM_PIECES: 0, records.BITS_PER_PIECE: 0.0}
"""What travels beside such an update, the same for everybody: the user's own numbers have no noise."""


def encode(
    config: RunConfig, server_round: int, user: int, cohort: int, update: Update, secret: bytes
) -> dict[str, Part]:
    """An update as it travels, of one of the `cohort` users asked. Raises ValueError where a number is not finite."""
    about = (config.privacy.method, server_round, user, cohort, config.privacy.model_dump(), digest(update))
    noise = Secret(derived_key(secret, *about))
    if config.privacy.method == "local":
        noisy = with_noise(update, config.privacy.clip_norm, config.privacy.noise_multiplier, noise)
        return Codec(config.update.codec).encode(noisy, (config.seed, server_round, user))
    if not 1 <= cohort <= config.federation.users_per_round:
        raise ValueError(f"noise shared by {cohort} users, where a round asks {config.federation.users_per_round}")
    scheme = Scheme.of(config.privacy, sum(values.size for values in update.values()), cohort)
    return {SKELLAM: scheme.pack(scheme.encode(update, (config.seed, server_round), noise))}


def or_nothing(update: Update, parameters: Update) -> Update:
    """The update, or zeros where there is none, or where training went astray: that must not show in who answers."""
    if update and is_finite(update):
        return update
    return {name: np.zeros_like(values) for name, values in parameters.items()}


def with_noise(update: Update, clip_norm: float, noise_multiplier: float, noise: Secret) -> Update:
    """The clipped update with Gaussian noise on each number. Raises ValueError where none is, or one is not finite."""
    if not any(values.size for values in update.values()):
        raise ValueError("an update without numbers cannot have noise")
    for name, values in update.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{name} is not finite")
    noisy = {name: np.array(values, np.float32) for name, values in sorted(clipped(update, clip_norm).items())}
    if noise_multiplier:
        for values in noisy.values():
            noise.add_normal(torch.from_numpy(values), noise_multiplier * clip_norm)
    return noisy


def digest(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Of all its numbers."""
    found = hashlib.blake2b(digest_size=32)
    for name in sorted(arrays):
        found.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return found.digest()
