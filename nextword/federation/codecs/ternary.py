"""Three levels, unbiased, five numbers in a byte: -s, 0 or s, where s is the block's largest magnitude.

Wen et al. 2017, "TernGrad", equations 1 to 3: x becomes s sign(x) with probability |x| / s, else 0. Where a few
are large most numbers become 0, and zstandard makes less than 1.6 bits of each.
"""

# N blocks, B numbers of a block

from __future__ import annotations

import numpy as np

from nextword.federation.codecs import blocks
from nextword.federation.codecs.packing import pack_trits, packed_trits_bytes, squeeze, unpack_trits, unsqueeze
from nextword.federation.codecs.stage import LAST, Array, Part, Shape, Undo, count, shaped, whole


class Ternary:
    place = LAST
    contracts = False

    def __init__(self, argument: str = "") -> None:
        self.block = whole(argument or str(blocks.BLOCK), "ternary", 1, blocks.MOST, "ternary:128")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        x_NB = blocks.in_blocks(arrays, self.block)
        scale_N, written = blocks.write_scales(blocks.largest(x_NB))
        codes_NB = np.empty(x_NB.shape, np.uint8)
        for rows in blocks.slices(x_NB.shape):
            taken_NB = rng.random(x_NB[rows].shape, dtype=np.float32) * scale_N[rows, None] < np.abs(x_NB[rows])
            codes_NB[rows] = 1 + np.where(taken_NB, np.sign(x_NB[rows]), 0)
        size = sum(array.size for array in arrays)
        return [], squeeze(np.concatenate([written, pack_trits(codes_NB.reshape(-1)[:size])]))

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        size = count(shapes)
        number = blocks.num_blocks(size, self.block)
        plain = unsqueeze(part, number * blocks.SCALE_BYTES + packed_trits_bytes(size))
        scale_N = blocks.read_scales(plain[: number * blocks.SCALE_BYTES])
        codes = unpack_trits(plain[number * blocks.SCALE_BYTES :], size)
        return [], lambda none: shaped(blocks.scaled(codes, 1.0, -1.0, scale_N, self.block), shapes)
