"""Matrices as products of two thin ones: lowrank:4 sends P and Q of four columns where M is nearly P Q^T.

Vogels et al. 2019, "PowerSGD: practical low-rank gradient compression", Algorithm 1: P = orthonormal(M Q), Q = M^T P. A
person is asked too seldom to begin where the last update ended, so Q begins at random and the steps are done twice.
M P P^T is a projection, so it contracts. Vectors, and matrices that are no larger than P and Q, stay as they are.
"""

# R columns

from __future__ import annotations

import numpy as np

from nextword.federation.codecs.stage import FACTORS, NOTHING, Array, Part, Shape, Undo, whole

_STEPS = 2
_MOST = 1024
_LEAST = 2.0**-126  # of a scale; a matrix of zeros has none


class LowRank:
    place = FACTORS
    contracts = True

    def __init__(self, argument: str = "") -> None:
        self.rank = whole(argument, "lowrank", 1, _MOST, "lowrank:4")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        sent: list[Array] = []
        for array in arrays:
            sent += self._factors(array, rng) if self._applies(array.shape) else [array]
        return sent, NOTHING

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        if part.size:
            raise ValueError("factors have nothing to tell")
        after: list[Shape] = []
        for shape in shapes:
            after += [(shape[0], self.rank), (shape[1], self.rank)] if self._applies(shape) else [shape]

        def undo(arrays: list[Array]) -> list[Array]:
            sent = iter(arrays)
            return [next(sent) @ next(sent).T if self._applies(shape) else next(sent) for shape in shapes]

        return after, undo

    def _applies(self, shape: Shape) -> bool:
        return len(shape) == 2 and self.rank * sum(shape) < shape[0] * shape[1] and self.rank <= min(shape)

    def _factors(self, matrix: Array, rng: np.random.Generator) -> list[Array]:
        q_R = rng.standard_normal((matrix.shape[1], self.rank), dtype=np.float32)
        scale = max(float(np.abs(matrix).max()), _LEAST)
        alike = matrix / np.float32(scale)
        for _ in range(_STEPS):
            p_R = np.linalg.qr(alike @ q_R)[0]
            q_R = alike.T @ p_R
        return [p_R, q_R * np.float32(scale)]
