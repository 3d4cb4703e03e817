"""One to four bits for a number that a rotation has made nearly normal: eden1 to eden4, eden2:4096 for larger blocks.

Vargaftik et al. 2022, "EDEN: communication-efficient and robust distributed mean estimation for federated learning",
section 3: of the levels that are best for normal numbers (Max 1960, "Quantizing for minimum distortion", table I) each
number takes the nearest, in units of the block's root mean square. All of a block are then scaled by x x / x q, where q
are the levels, so that over all rotations the mean is x. Of a block's energy 57, 13, 3.6 and 1.0 % is the error by 1 to
4 bits. Stochastic rounding between levels up to the largest number has several times as much.
"""

# N blocks, B numbers of a block, L levels

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs import blocks
from nextword.federation.codecs.packing import Codes, pack, packed_bytes, unpack
from nextword.federation.codecs.stage import LAST, Array, Part, Shape, Undo, whole

_BLOCK = 1024  # as many as are rotated together
_POSITIVE = {  # levels for normal numbers; the others are their negatives
    1: (0.7979,),
    2: (0.4528, 1.510),
    3: (0.2451, 0.7560, 1.344, 2.152),
    4: (0.1284, 0.3881, 0.6568, 0.9424, 1.256, 1.618, 2.069, 2.733),
}
BITS = tuple(_POSITIVE)


class Eden:
    place = LAST
    contracts = True  # of a rotated block pi / 2 - 1 of the energy is lost at most

    def __init__(self, bits: int, argument: str = "") -> None:
        self.block = whole(argument or str(_BLOCK), f"eden{bits}", 1, blocks.MOST, f"eden{bits}:4096")
        positive = np.array(_POSITIVE[bits], np.float32)
        self.levels_L = np.concatenate([-positive[::-1], positive])
        self.packing = blocks.Packing(partial(packed_bytes, bits), partial(pack, bits), partial(unpack, bits))

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        return [], blocks.write(arrays, self.block, self.packing, self._quantize)

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        return [], blocks.read(part, shapes, self.block, self.packing, self.levels_L.take)

    def _quantize(self, x_NB: Array, real_N: npt.NDArray[np.int64]) -> tuple[blocks.Scales, Codes]:
        largest_N = blocks.largest(x_NB)  # by which they are divided, so that squares neither vanish nor overflow
        per_largest_N = np.divide(1, largest_N, out=np.zeros_like(largest_N), where=largest_N >= blocks.LEAST)
        y_NB = x_NB * per_largest_N[:, None]
        energy_N = np.einsum("nb,nb->n", y_NB, y_NB)
        root_N = np.sqrt(energy_N / real_N.astype(np.float32))
        codes_NB = np.zeros(y_NB.shape, np.uint8)
        for between in (self.levels_L[1:] + self.levels_L[:-1]) / 2:
            codes_NB += y_NB >= (between * root_N)[:, None]
        along_N = np.einsum("nb,nb->n", y_NB, self.levels_L.take(codes_NB))
        scale_N = np.divide(energy_N, along_N, out=np.zeros_like(energy_N), where=along_N > 0) * largest_N
        return blocks.rounded(scale_N), codes_NB
