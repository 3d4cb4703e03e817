"""Three levels, unbiased, five numbers in a byte: -s, 0 or s, where s is the block's largest magnitude.

Wen et al. 2017, "TernGrad", equations 1 to 3: x becomes s sign(x) with probability |x| / s, else 0. Where a few
are large most numbers become 0, and zstandard makes less than 1.6 bits of each.
"""

# N blocks, B numbers of a block

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs import blocks
from nextword.federation.codecs.packing import Codes, pack_trits, packed_trits_bytes, unpack_trits
from nextword.federation.codecs.stage import LAST, Array, Part, Shape, Undo, whole

_PACKING = blocks.Packing(packed_trits_bytes, pack_trits, unpack_trits)


class Ternary:
    place = LAST
    contracts = False

    def __init__(self, argument: str = "") -> None:
        self.block = whole(argument or str(blocks.BLOCK), "ternary", 1, blocks.MOST, "ternary:128")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        def quantize(x_NB: Array, real_N: npt.NDArray[np.int64]) -> tuple[blocks.Scales, Codes]:
            upper_N = blocks.rounded_up(blocks.largest(x_NB))
            taken_NB = rng.random(x_NB.shape, dtype=np.float32) * blocks.floats(upper_N)[:, None] < np.abs(x_NB)
            signs_NB = np.where(x_NB >= 0, np.uint8(2), np.uint8(0))
            return upper_N, np.where(taken_NB, signs_NB, np.uint8(1))

        return [], blocks.write(arrays, self.block, _PACKING, quantize)

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        return [], blocks.read(part, shapes, self.block, _PACKING, partial(blocks.evenly, step=1.0, first=-1.0))
