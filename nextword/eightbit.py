"""Weights in eight bits, for storage and for the device: each row of a matrix as whole numbers and one scale.

    w[r, c] ~ scale[r] * q[r, c],   scale[r] = max_c |w[r, c]| / 127,   q = round(w / scale)

so no weight moves by more than half its row's scale. Vectors stay as they are.
"""

# R rows of a matrix

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

SCALE = ".scale"  # after a matrix's name: its rows' scales

Stored = Mapping[str, NDArray[np.generic]]


def quantize(weights: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.generic]]:
    """The weights by name, matrices as int8 with their scales beside them."""
    stored: dict[str, NDArray[np.generic]] = {}
    for name, values in weights.items():
        if values.ndim < 2:
            stored[name] = values
            continue
        scale_R = np.abs(values).max(1) / np.float32(127)
        whole = np.rint(values / np.maximum(scale_R, np.finfo(np.float32).tiny)[:, None])
        stored[name], stored[name + SCALE] = whole.astype(np.int8), scale_R
    return stored


def stored_bytes(weights: Mapping[str, NDArray[np.float32]]) -> int:
    """How many bytes `quantize` makes of them."""
    return sum(
        values.nbytes if values.ndim < 2 else values.size + values.shape[0] * values.itemsize
        for values in weights.values()
    )


def is_quantized(stored: Stored) -> bool:
    return any(values.dtype == np.int8 for values in stored.values())


def restore(stored: Stored) -> dict[str, NDArray[np.float32]]:
    """The weights again; float weights pass through unchanged. Raises ValueError for a matrix without its scales."""
    weights: dict[str, NDArray[np.float32]] = {}
    for name, values in stored.items():
        if values.dtype == np.int8:
            scale_R = stored.get(name + SCALE)
            if scale_R is None or scale_R.shape != values.shape[:1]:
                raise ValueError(f"the eight-bit weights {name} have no scales that fit")
            weights[name] = values.astype(np.float32) * scale_R.astype(np.float32)[:, None]
        elif not (name.endswith(SCALE) and name.removesuffix(SCALE) in stored):
            weights[name] = values.astype(np.float32, copy=False)
    return weights
