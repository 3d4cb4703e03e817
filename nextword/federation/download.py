"""The shared parameters on the way down: as they are, or in eight bits (`nextword.eightbit`), entropy coded.

A device trains from what it received, and its update is the change from there; the server keeps the parameters whole.
Rounding is to the nearest, so all devices receive the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import safetensors
import safetensors.numpy
import zstandard

from nextword.eightbit import quantize, restore

_LEVEL = 3
_EIGHT_BIT = "int8"

Parameters = dict[str, npt.NDArray[np.float32]]


def write(parameters: Mapping[str, npt.NDArray[np.float32]], kind: Literal["float32", "int8"]) -> dict[str, Any]:
    """The arrays that travel."""
    if kind == "float32":
        return dict(parameters)
    stored = {name: np.ascontiguousarray(array) for name, array in quantize(parameters).items()}
    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(safetensors.numpy.save(stored))
    return {_EIGHT_BIT: np.frombuffer(frame, np.uint8)}


def read(arrays: Mapping[str, npt.NDArray[Any]], kind: Literal["float32", "int8"], most_bytes: int) -> Parameters:
    """The parameters again, in at most so many bytes. Raises ValueError for what `write` cannot have written."""
    if kind == "float32":
        return dict(arrays)
    try:
        frame = arrays[_EIGHT_BIT].tobytes()
        if not 0 <= zstandard.frame_content_size(frame) <= most_bytes:
            raise ValueError("parameters of another size")
        return restore(safetensors.numpy.load(zstandard.ZstdDecompressor().decompress(frame)))
    except (KeyError, zstandard.ZstdError, safetensors.SafetensorError) as error:
        raise ValueError(f"parameters that cannot be read ({error})") from None
