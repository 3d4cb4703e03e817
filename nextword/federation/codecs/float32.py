"""The plain end of a pipeline: each number as it is, four bytes. With nothing before it, nothing is lost."""

from __future__ import annotations

import numpy as np

from nextword.federation.codecs.stage import (
    FLOAT32_BYTES,
    LAST,
    Array,
    Part,
    Shape,
    Undo,
    count,
    flat,
    nothing,
    shaped,
)


class Float32:
    place = LAST
    contracts = True

    def __init__(self, argument: str = "") -> None:
        nothing(argument, "float32")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        return [], flat(arrays).astype("<f4", copy=False).view(np.uint8)

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        if part.size != count(shapes) * FLOAT32_BYTES:
            raise ValueError(f"{part.size} bytes are not {count(shapes)} numbers")
        numbers = np.ascontiguousarray(part).view("<f4").astype(np.float32, copy=False)
        return [], lambda none: shaped(numbers, shapes)
