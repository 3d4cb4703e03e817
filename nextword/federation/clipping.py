"""How long an update may be: on the device before it is encoded, on the server after it was decoded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nextword.federation.codec import Update

_BLOCK = 2**14  # numbers at a time, so that their squares in float64 stay in the cache
_ROUNDING = 2.0**-20  # far more than scaling to float32 can add to a norm


def is_finite(arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Whether no number of any array is NaN or infinite."""
    return all(bool(np.isfinite(values).all()) for values in arrays.values())


def norm(update: Update) -> float:
    """The Euclidean norm over all parameters, in float64."""
    total = 0.0
    for values in update.values():
        flat = values.reshape(-1)
        for first in range(0, flat.size, _BLOCK):
            block = flat[first : first + _BLOCK].astype(np.float64)
            total += float(block @ block)
    return math.sqrt(total)


def clipped(update: Update, most: float) -> Update:
    """The same update where its norm is at most `most`; else scaled down, so that it is not exceeded by a rounding."""
    length = norm(update)
    if length <= most:
        return update
    scale = most * (1 - _ROUNDING) / length
    if scale < np.finfo(np.float32).tiny:  # a float32 has few digits there, too few for the bound
        return {name: (values * np.float64(scale)).astype(np.float32) for name, values in update.items()}
    return {name: values * np.float32(scale) for name, values in update.items()}
