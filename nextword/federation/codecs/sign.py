"""One bit a number: its sign, times the block's mean magnitude. Biased, so it is made for error feedback.

Karimireddy et al. 2019, "Error feedback fixes SignSGD and other gradient compression schemes", section 4: of all
multiples of the signs, the mean magnitude times them is the nearest.
"""

# N blocks, B numbers of a block

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs import blocks
from nextword.federation.codecs.packing import Codes, pack, packed_bytes, unpack
from nextword.federation.codecs.stage import LAST, Array, Part, Shape, Undo, whole

_PACKING = blocks.Packing(partial(packed_bytes, 1), partial(pack, 1), partial(unpack, 1))


class Sign:
    place = LAST
    contracts = True

    def __init__(self, argument: str = "") -> None:
        self.block = whole(argument or str(blocks.BLOCK), "sign", 1, blocks.MOST, "sign:1024")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        return [], blocks.write(arrays, self.block, _PACKING, _quantize)

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        return [], blocks.read(part, shapes, self.block, _PACKING, partial(blocks.evenly, step=2.0, first=-1.0))


def _quantize(x_NB: Array, real_N: npt.NDArray[np.int64]) -> tuple[blocks.Scales, Codes]:
    mean_N = np.abs(x_NB).sum(1) / real_N.astype(np.float32)
    return blocks.rounded_up(mean_N), (x_NB >= 0).view(np.uint8)
