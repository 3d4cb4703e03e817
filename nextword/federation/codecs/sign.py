"""One bit a number: its sign, times the block's mean magnitude. Biased, so it is made for error feedback.

Karimireddy et al. 2019, "Error feedback fixes SignSGD and other gradient compression schemes", section 4: of all
multiples of the signs, the mean magnitude times them is the nearest.
"""

# N blocks, B numbers of a block

from __future__ import annotations

import numpy as np

from nextword.federation.codecs import blocks
from nextword.federation.codecs.packing import pack, packed_bytes, squeeze, unpack, unsqueeze
from nextword.federation.codecs.stage import LAST, Array, Part, Shape, Undo, count, shaped, whole


class Sign:
    place = LAST
    contracts = True

    def __init__(self, argument: str = "") -> None:
        self.block = whole(argument or str(blocks.BLOCK), "sign", 1, blocks.MOST, "sign:1024")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        x_NB = blocks.in_blocks(arrays, self.block)
        size = sum(array.size for array in arrays)
        numbers_N = np.minimum(self.block, size - self.block * np.arange(len(x_NB)))
        mean_N = (np.abs(x_NB).sum(1, dtype=np.float64) / numbers_N).astype(np.float32)
        written = blocks.write_scales(mean_N)[1]
        return [], squeeze(np.concatenate([written, pack((x_NB >= 0).view(np.uint8).reshape(-1)[:size], 1)]))

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        size = count(shapes)
        number = blocks.num_blocks(size, self.block)
        plain = unsqueeze(part, number * blocks.SCALE_BYTES + packed_bytes(size, 1))
        scale_N = blocks.read_scales(plain[: number * blocks.SCALE_BYTES])
        codes = unpack(plain[number * blocks.SCALE_BYTES :], 1, size)
        return [], lambda none: shaped(blocks.scaled(codes, 2.0, -1.0, scale_N, self.block), shapes)
