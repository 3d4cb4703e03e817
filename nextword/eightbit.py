"""Weights in eight bits, for storage: each row of a matrix as whole numbers of -127 to 127 and one scale.

    w[r, c] ~ scale[r] * q[r, c],   scale[r] = max_c |w[r, c]| / 127,   q = round(w / scale)

so no weight moves by more than half its row's scale. Vectors stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_SCALE = ".scale"  # after a matrix's name: its rows' scales


def quantize(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights by name, matrices as int8 with their scales beside them."""
    stored: dict[str, Tensor] = {}
    for name, values in weights.items():
        if values.dim() < 2:
            stored[name] = values
            continue
        scale_R = values.abs().amax(1) / 127
        whole = (values / scale_R.clamp_min(torch.finfo(values.dtype).tiny)[:, None]).round()
        stored[name], stored[name + _SCALE] = whole.to(torch.int8), scale_R
    return stored


def restore(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights again; float weights pass through unchanged. Raises ValueError for a matrix without its scales."""
    weights: dict[str, Tensor] = {}
    for name, values in stored.items():
        if values.dtype == torch.int8:
            scale_R = stored.get(name + _SCALE)
            if scale_R is None or scale_R.shape != values.shape[:1]:
                raise ValueError(f"the eight-bit weights {name} have no scales that fit")
            weights[name] = values.float() * scale_R[:, None]
        elif not (name.endswith(_SCALE) and name.removesuffix(_SCALE) in stored):
            weights[name] = values
    return weights
