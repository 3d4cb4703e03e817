"""Numbers in blocks, each with a scale of its own: what all quantizers have in common.

A number becomes a code, which stands for a level, and scale times level is read for it. A part holds the scales, then
the packed codes. A scale is written as the upper half of a float32.
"""

# N blocks, B numbers of a block

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs.packing import Codes, from_planes, planes, squeeze, unsqueeze
from nextword.federation.codecs.stage import AT_ONCE, Array, Part, Shape, count, in_blocks, shaped

BLOCK = 256  # numbers that share a scale, if the run file names no other count
MOST = 2**16
_SCALE_BYTES = 2
LEAST = 2.0**-100  # of a scale that is not 0: its inverse is finite
_LARGEST = 0x7F7F  # the largest finite number's upper half

Scales = npt.NDArray[np.uint16]  # upper halves


class Packing(NamedTuple):
    """How codes become bytes: so many for so many codes."""

    num_bytes: Callable[[int], int]
    pack: Callable[[Codes], Part]
    unpack: Callable[[Part, int], Codes]


def write(
    arrays: list[Array],
    block: int,
    packing: Packing,
    quantize: Callable[[Array, npt.NDArray[np.int64]], tuple[Scales, Codes]],
) -> Part:
    """The part of all numbers. `quantize` is given some blocks [N, B], the last one filled up with zeros, and how many
    numbers of each are real [N]; it answers with their scales [N] and codes [N, B].
    """
    size = sum(array.size for array in arrays)
    number = -(-size // block)
    scales_N, codes_NB = np.empty(number, np.uint16), np.empty((number, block), np.uint8)
    real_N = np.minimum(block, size - block * np.arange(number))
    first = 0
    for x_NB in in_blocks(arrays, block):
        rows = slice(first, first + len(x_NB))
        scales_N[rows], codes_NB[rows] = quantize(x_NB, real_N[rows])
        first += len(x_NB)
    return squeeze(np.concatenate([planes(scales_N), packing.pack(codes_NB.reshape(-1)[:size])]))


def read(
    part: Part, shapes: list[Shape], block: int, packing: Packing, level: Callable[[Codes], Array]
) -> Callable[[list[Array]], list[Array]]:
    """The way back to arrays of these shapes; `level` of codes makes float32 of a new array.

    Raises ValueError for a part of another size, or damaged scales.
    """
    size = count(shapes)
    scales_bytes = -(-size // block) * _SCALE_BYTES
    plain = unsqueeze(part, scales_bytes + packing.num_bytes(size))
    upper_N: Scales = from_planes(plain[:scales_bytes], np.uint16)
    if upper_N.max(initial=0) > _LARGEST:
        raise ValueError("a scale that is negative or not finite")
    codes = packing.unpack(plain[scales_bytes:], size)
    return lambda none: shaped(_scaled(codes, level, floats(upper_N), block), shapes)


def largest(x_NB: Array) -> Array:
    """The largest magnitude of each block [N], of finite numbers.

    Without its sign a number is larger where its bits are, and whole numbers are compared in half the time.
    """
    found_N: Array = (x_NB.view(np.uint32) & np.uint32(0x7FFF_FFFF)).max(1).view(np.float32)
    return found_N


def evenly(codes: Codes, step: float, first: float) -> Array:
    """Levels one step apart."""
    levels = np.multiply(codes, np.float32(step), dtype=np.float32)
    levels += np.float32(first)
    return levels


def rounded(scale_N: Array) -> Scales:
    """Scales as they are written, to the nearest."""
    upper_N = (scale_N.view(np.uint32) + np.uint32(0x8000)) >> np.uint32(16)
    written_N: Scales = np.minimum(upper_N, np.uint32(_LARGEST)).astype(np.uint16)
    return written_N


def rounded_up(scale_N: Array) -> Scales:
    """Scales as they are written, so that no number of a block lies beyond its own."""
    raised_N = np.where(scale_N > 0, np.maximum(scale_N, np.float32(LEAST)), np.float32(0))
    upper_N = (raised_N.view(np.uint32) + np.uint32(0xFFFF)) >> np.uint32(16)
    written_N: Scales = np.minimum(upper_N, np.uint32(_LARGEST)).astype(np.uint16)
    return written_N


def floats(upper_N: Scales) -> Array:
    """Scales as they are read."""
    return (upper_N.astype(np.uint32) << np.uint32(16)).view(np.float32)


def _scaled(codes: Codes, level: Callable[[Codes], Array], scale_N: Array, block: int) -> Array:
    numbers = np.empty(codes.size, np.float32)
    rows = max(1, AT_ONCE // block)
    for row in range(0, len(scale_N), rows):
        here = slice(row * block, (row + rows) * block)
        levels = level(codes[here])
        whole = levels.size // block
        np.multiply(
            levels[: whole * block].reshape(-1, block),
            scale_N[row : row + whole, None],
            out=numbers[here][: whole * block].reshape(-1, block),
        )
        numbers[here][whole * block :] = levels[whole * block :] * scale_N[row + whole : row + whole + 1]
    return numbers
