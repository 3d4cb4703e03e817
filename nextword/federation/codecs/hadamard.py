"""A random rotation before quantizing, so that no number stands out of its block.

Suresh et al. 2017, "Distributed mean estimation with limited communication", section 3: H D x, where D has random signs
and H is the Hadamard matrix over its root's size, which is its own inverse but for its sign. Here in blocks of 1024,
as H32 X H32 over each block as a matrix X of 32 times 32. The receiver draws the same signs from the same seed.
"""

# N blocks, S = 32

from __future__ import annotations

from functools import cache

import numpy as np

from nextword.federation.codecs.stage import NOTHING, ROTATED, Array, Part, Shape, Undo, count, flat, nothing, shaped

_SIDE = 32
BLOCK = _SIDE**2


class Hadamard:
    place = ROTATED
    contracts = True

    def __init__(self, argument: str = "") -> None:
        nothing(argument, "hadamard")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        x = flat(arrays)
        x_NSS = np.zeros((_num_blocks(x.size), _SIDE, _SIDE), np.float32)
        x_NSS.reshape(-1)[: x.size] = x
        return [_rotated(x_NSS * _signs(rng, x_NSS.shape)).reshape(-1)], NOTHING

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        if part.size:
            raise ValueError("a rotation has nothing to tell")
        shape = (_num_blocks(count(shapes)), _SIDE, _SIDE)

        def undo(arrays: list[Array]) -> list[Array]:
            x_NSS = _rotated(arrays[0].reshape(shape)) * _signs(rng, shape)
            return shaped(x_NSS.reshape(-1)[: count(shapes)], shapes)

        return [(int(np.prod(shape)),)], undo


@cache
def _matrix() -> Array:
    matrix_SS = np.ones((1, 1), np.float32)
    while len(matrix_SS) < _SIDE:
        matrix_SS = np.block([[matrix_SS, matrix_SS], [matrix_SS, -matrix_SS]])
    return matrix_SS / np.float32(np.sqrt(_SIDE))


def _rotated(x_NSS: Array) -> Array:
    columns_NSS = (x_NSS.reshape(-1, _SIDE) @ _matrix()).reshape(x_NSS.shape)
    rotated: Array = _matrix() @ columns_NSS
    return rotated


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    bits = np.unpackbits(np.frombuffer(rng.bytes(-(-int(np.prod(shape)) // 8)), np.uint8))
    return bits.reshape(shape).astype(np.float32) * np.float32(2) - np.float32(1)


def _num_blocks(size: int) -> int:
    return -(-size // BLOCK)
