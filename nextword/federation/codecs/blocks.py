"""Numbers in blocks, each with a scale of its own: what all quantizers have in common.

A scale is written as the upper half of a float32, rounded up, so that no number of its block lies beyond it.
"""

# N blocks, B numbers of a block

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs.packing import from_planes, planes
from nextword.federation.codecs.stage import Array, Part

BLOCK = 256  # numbers that share a scale, if the run file names no other count
MOST = 2**16
SCALE_BYTES = 2
_AT_ONCE = 2**16  # numbers, so that the steps in between stay in the cache
_LEAST = 2.0**-100  # of a scale that is not 0: its inverse is finite
_LARGEST = 0x7F7F  # the largest finite number's upper half


def in_blocks(arrays: list[Array], block: int) -> Array:
    """All numbers as [N, B], the last block filled up with zeros."""
    size = sum(array.size for array in arrays)
    if len(arrays) == 1 and size % block == 0:
        return arrays[0].reshape(-1, block)
    blocks = np.zeros(num_blocks(size, block) * block, np.float32)
    first = 0
    for array in arrays:
        blocks[first : first + array.size] = array.reshape(-1)
        first += array.size
    return blocks.reshape(-1, block)


def num_blocks(size: int, block: int) -> int:
    """Of so many numbers."""
    return -(-size // block)


def largest(blocks_NB: Array) -> Array:
    """The largest magnitude of each block [N]."""
    found_N = np.empty(len(blocks_NB), np.float32)
    for rows in slices(blocks_NB.shape):
        found_N[rows] = np.abs(blocks_NB[rows]).max(1, initial=0)
    return found_N


def slices(shape: tuple[int, ...]) -> Iterator[slice]:
    """Some blocks at a time."""
    step = max(1, _AT_ONCE // shape[1])
    return (slice(first, first + step) for first in range(0, shape[0], step))


def write_scales(scales_N: Array) -> tuple[Array, Part]:
    """The scales as the receiver will read them, and their bytes."""
    raised_N = np.where(scales_N > 0, np.maximum(scales_N, np.float32(_LEAST)), np.float32(0))
    upper_N = ((raised_N.view(np.uint32) + np.uint32(0xFFFF)) >> np.uint32(16)).astype(np.uint16)
    upper_N = np.minimum(upper_N, np.uint16(_LARGEST))
    return _floats(upper_N), planes(upper_N)


def read_scales(part: Part) -> Array:
    """The scales again. Raises ValueError for one that is negative or not finite."""
    upper_N = from_planes(part, np.uint16)
    if upper_N.max(initial=0) > _LARGEST:
        raise ValueError("a scale that is negative or not finite")
    return _floats(upper_N)


def scaled(codes: npt.NDArray[np.uint8], step: float, first: float, scales_N: Array, block: int) -> Array:
    """scale (code step + first) for each code."""
    numbers = np.empty(codes.size, np.float32)
    whole = codes.size // block * block
    levels_NB, out_NB = codes[:whole].reshape(-1, block), numbers[:whole].reshape(-1, block)
    for rows in slices(levels_NB.shape):
        level_NB = np.multiply(levels_NB[rows], np.float32(step), dtype=np.float32)
        level_NB += np.float32(first)
        np.multiply(level_NB, scales_N[rows][: len(level_NB), None], out=out_NB[rows])
    if whole < codes.size:
        numbers[whole:] = (codes[whole:] * np.float32(step) + np.float32(first)) * scales_N[-1]
    return numbers


def _floats(upper_N: npt.NDArray[np.uint16]) -> Array:
    return (upper_N.astype(np.uint32) << np.uint32(16)).view(np.float32)
