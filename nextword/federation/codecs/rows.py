"""The rows of matrices in which anything has changed, and which they are. Nothing is lost.

Of an embedding only the pieces that a person has used change, unless it is the output too: where the two are tied,
learning a word teaches every other piece to be less probable, and all rows change (`nextword.model` ties them).
"""

from __future__ import annotations

import numpy as np

from nextword.federation.codecs.packing import squeeze, unsqueeze
from nextword.federation.codecs.stage import ROWS, Array, Part, Shape, Undo, nothing


class Rows:
    place = ROWS
    contracts = True

    def __init__(self, argument: str = "") -> None:
        nothing(argument, "rows")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        touched = [array.any(axis=1) if array.ndim == 2 else None for array in arrays]
        sent = [array if rows is None else array[rows] for array, rows in zip(arrays, touched, strict=True)]
        bits = np.concatenate([np.zeros(0, bool), *(rows for rows in touched if rows is not None)])
        return sent, squeeze(np.packbits(bits))

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        lengths = [shape[0] if len(shape) == 2 else 0 for shape in shapes]
        packed = unsqueeze(part, -(-sum(lengths) // 8))
        bits = np.unpackbits(packed).astype(bool)
        if bits[sum(lengths) :].any():
            raise ValueError("rows that no matrix has")
        touched = np.split(bits[: sum(lengths)], np.cumsum(lengths))
        after = [
            (int(rows.sum()), shape[1]) if len(shape) == 2 else shape
            for shape, rows in zip(shapes, touched, strict=False)
        ]

        def undo(arrays: list[Array]) -> list[Array]:
            whole = [
                array if len(shape) != 2 else np.zeros(shape, np.float32)
                for array, shape in zip(arrays, shapes, strict=True)
            ]
            for array, sent, rows in zip(whole, arrays, touched, strict=False):
                if array is not sent:
                    array[rows] = sent
            return whole

        return after, undo
