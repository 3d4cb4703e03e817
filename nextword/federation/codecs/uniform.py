"""Stochastic uniform quantization, unbiased: int1 to int8, or int4:128 for blocks of 128 numbers.

Suresh et al. 2017, "Distributed mean estimation with limited communication", section 2.2. A block whose largest
magnitude is s has 2^bits levels, evenly from -s to s. With t = (x / s + 1) (2^bits - 1) / 2 and u uniform in [0, 1) the
level is floor(t + u). So its mean is x, and the error is below one step, 2 s / (2^bits - 1). u has 16 bits, so the mean
is off by 2^-17 of a step at most. Zero is no level, but in blocks of zeros alone.
"""

# N blocks, B numbers of a block

from __future__ import annotations

import math
from functools import partial

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs import blocks
from nextword.federation.codecs.packing import Codes, pack, packed_bytes, unpack
from nextword.federation.codecs.stage import LAST, Array, Part, Shape, Undo, whole

_RANDOM_BITS = 16


class Uniform:
    place = LAST

    def __init__(self, bits: int, argument: str = "") -> None:
        self.steps = 2**bits - 1
        self.block = whole(argument or str(blocks.BLOCK), f"int{bits}", 1, blocks.MOST, f"int{bits}:128")
        # A number is off by s / steps in the root of the mean square at most. In a block of B numbers s is at most the
        # block's length, and of normal numbers, as after a rotation, about sqrt(2 ln B) times their deviation.
        self.contracts = math.sqrt(self.block) < self.steps
        self.contracts_rotated = math.sqrt(2 * math.log(max(2, self.block))) < self.steps
        self.level = partial(blocks.evenly, step=2 / self.steps, first=-1.0)
        self.packing = blocks.Packing(partial(packed_bytes, bits), partial(pack, bits), partial(unpack, bits))

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        def quantize(x_NB: Array, real_N: npt.NDArray[np.int64]) -> tuple[blocks.Scales, Codes]:
            upper_N = blocks.rounded_up(blocks.largest(x_NB))
            scale_N = blocks.floats(upper_N)
            per_step_N = np.divide(self.steps / 2, scale_N, out=np.zeros_like(scale_N), where=scale_N > 0)
            t_NB = x_NB * per_step_N[:, None]
            t_NB += _uniform(rng, x_NB.shape)
            t_NB += np.float32(self.steps / 2 + 2.0 ** -(_RANDOM_BITS + 1))  # as _uniform begins at 0
            return upper_N, np.clip(t_NB, 0, self.steps, out=t_NB).astype(np.uint8)

        return [], blocks.write(arrays, self.block, self.packing, quantize)

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        return [], blocks.read(part, shapes, self.block, self.packing, self.level)


def _uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Multiples of 2^-16, evenly from 0 to below 1."""
    size = int(np.prod(shape))
    words = rng.bit_generator.random_raw(-(-size * _RANDOM_BITS // 64))
    halves = np.asarray(words).view(np.uint16)[:size].reshape(shape)
    return np.multiply(halves, np.float32(2.0**-_RANDOM_BITS), dtype=np.float32)
