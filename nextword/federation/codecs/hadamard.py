"""A random rotation before quantizing, so that no number stands out of its block.

Suresh et al. 2017, "Distributed mean estimation with limited communication", section 3: H D x, where D has random signs
and H is the Hadamard matrix over its root's size, which is its own inverse but for its sign. Here in blocks of 1024,
as H32 X H32 over each block as a matrix X of 32 times 32. The receiver draws the same signs from the same seed.
"""

# N blocks, B = 1024 numbers of a block or 128 bytes of their bits, S = 32

from __future__ import annotations

from functools import cache

import numpy as np

from nextword.federation.codecs.stage import (
    AT_ONCE,
    NOTHING,
    ROTATED,
    Array,
    Part,
    Shape,
    Undo,
    count,
    in_blocks,
    nothing,
    shaped,
)

_SIDE = 32
BLOCK = _SIDE**2


class Hadamard:
    place = ROTATED
    contracts = True

    def __init__(self, argument: str = "") -> None:
        nothing(argument, "hadamard")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        bits_NB = _drawn(rng, _num_blocks(sum(array.size for array in arrays)))
        rotated_NB = np.empty((len(bits_NB), BLOCK), np.float32)
        first = 0
        for x_NB in in_blocks(arrays, BLOCK):
            rows = slice(first, first + len(x_NB))
            rotated_NB[rows] = _rotated(x_NB * _signs(bits_NB[rows]))
            first += len(x_NB)
        return [rotated_NB.reshape(-1)], NOTHING

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        if part.size:
            raise ValueError("a rotation has nothing to tell")
        size = count(shapes)
        number = _num_blocks(size)

        def undo(arrays: list[Array]) -> list[Array]:
            bits_NB, rotated_NB = _drawn(rng, number), arrays[0].reshape(number, BLOCK)
            x_NB = np.empty_like(rotated_NB)
            for first in range(0, number, AT_ONCE // BLOCK):
                rows = slice(first, first + AT_ONCE // BLOCK)
                np.multiply(_rotated(rotated_NB[rows]), _signs(bits_NB[rows]), out=x_NB[rows])
            return shaped(x_NB.reshape(-1)[:size], shapes)

        return [(number * BLOCK,)], undo


@cache
def _matrix() -> Array:
    matrix_SS = np.ones((1, 1), np.float32)
    while len(matrix_SS) < _SIDE:
        matrix_SS = np.block([[matrix_SS, matrix_SS], [matrix_SS, -matrix_SS]])
    return matrix_SS / np.float32(np.sqrt(_SIDE))


def _rotated(x_NB: Array) -> Array:
    columns_NSS = (x_NB.reshape(-1, _SIDE) @ _matrix()).reshape(-1, _SIDE, _SIDE)
    return (_matrix() @ columns_NSS).reshape(x_NB.shape)


def _drawn(rng: np.random.Generator, number: int) -> Part:
    """A bit for each number of so many blocks, eight in a byte."""
    return np.frombuffer(rng.bytes(number * BLOCK // 8), np.uint8).reshape(number, BLOCK // 8)


def _signs(bits_NB: Part) -> Array:
    return np.unpackbits(bits_NB, axis=1).astype(np.float32) * np.float32(2) - np.float32(1)


def _num_blocks(size: int) -> int:
    return -(-size // BLOCK)
