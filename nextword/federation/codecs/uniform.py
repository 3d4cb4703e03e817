"""Stochastic uniform quantization, unbiased: int1 to int8, or int4:128 for blocks of 128 numbers.

Suresh et al. 2017, "Distributed mean estimation with limited communication", section 2.2. A block whose largest
magnitude is s has 2^bits levels, evenly from -s to s. With t = (x / s + 1) (2^bits - 1) / 2 and u uniform in [0, 1) the
level is floor(t + u). So its mean is x, and the error is below one step, 2 s / (2^bits - 1). u has 16 bits, so the mean
is off by 2^-17 of a step at most. Zero is no level, but in blocks of zeros alone.
"""

# N blocks, B numbers of a block

from __future__ import annotations

import numpy as np

from nextword.federation.codecs import blocks
from nextword.federation.codecs.packing import pack, packed_bytes, squeeze, unpack, unsqueeze
from nextword.federation.codecs.stage import LAST, Array, Part, Shape, Undo, count, shaped, whole

_FEWEST_THAT_CONTRACT = 3  # bits: with fewer, what is lost may be longer than the update
_RANDOM_BITS = 16


class Uniform:
    place = LAST

    def __init__(self, bits: int, argument: str = "") -> None:
        self.bits, self.contracts = bits, bits >= _FEWEST_THAT_CONTRACT
        self.block = whole(argument or str(blocks.BLOCK), f"int{bits}", 1, blocks.MOST, f"int{bits}:128")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        x_NB = blocks.in_blocks(arrays, self.block)
        scale_N, written = blocks.write_scales(blocks.largest(x_NB))
        steps = 2**self.bits - 1
        per_step_N = np.divide(steps / 2, scale_N, out=np.zeros_like(scale_N), where=scale_N > 0)
        codes_NB = np.empty(x_NB.shape, np.uint8)
        for rows in blocks.slices(x_NB.shape):
            t_NB = x_NB[rows] * per_step_N[rows, None]
            t_NB += _uniform(rng, t_NB.shape)
            t_NB += np.float32(steps / 2)
            np.clip(t_NB, 0, steps, out=t_NB)
            np.copyto(codes_NB[rows], t_NB, casting="unsafe")
        size = sum(array.size for array in arrays)
        return [], squeeze(np.concatenate([written, pack(codes_NB.reshape(-1)[:size], self.bits)]))

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        size = count(shapes)
        number = blocks.num_blocks(size, self.block)
        plain = unsqueeze(part, number * blocks.SCALE_BYTES + packed_bytes(size, self.bits))
        scale_N = blocks.read_scales(plain[: number * blocks.SCALE_BYTES])
        codes = unpack(plain[number * blocks.SCALE_BYTES :], self.bits, size)
        return [], lambda none: shaped(blocks.scaled(codes, 2 / (2**self.bits - 1), -1.0, scale_N, self.block), shapes)


def _uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of 16 bits, evenly within [0, 1)."""
    size = int(np.prod(shape))
    words = rng.bit_generator.random_raw(-(-size * _RANDOM_BITS // 64))
    halves = np.asarray(words).view(np.uint16)[:size].reshape(shape)
    u = np.multiply(halves, np.float32(2.0**-_RANDOM_BITS), dtype=np.float32)
    u += np.float32(2.0 ** -(_RANDOM_BITS + 1))
    return u
