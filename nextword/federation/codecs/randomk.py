"""Numbers drawn by lot, unbiased: randomk:0.1 sends one in ten, times ten.

Konečný et al. 2016, "Federated learning: strategies for improving communication efficiency", section 2 ("random mask")
and 3 ("subsampling"). The receiver draws the same lots from the same seed, so no places are sent.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs.stage import NOTHING, SOME, Array, Part, Shape, Undo, count, flat, shaped, share
from nextword.federation.codecs.topk import kept


class RandomK:
    place = SOME
    contracts = False

    def __init__(self, argument: str = "") -> None:
        self.share = share(argument, "randomk")

    @property
    def stretch(self) -> float:
        """What a number that is sent is multiplied by, at most."""
        return 1 / self.share

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        x = flat(arrays)
        places = self._drawn(x.size, rng)
        return [x[places] * np.float32(x.size / max(1, places.size))], NOTHING

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        if part.size:
            raise ValueError("places that are drawn by lot need not be told")
        size = count(shapes)
        places = self._drawn(size, rng)

        def undo(arrays: list[Array]) -> list[Array]:
            x = np.zeros(size, np.float32)
            x[places] = arrays[0]
            return shaped(x, shapes)

        return [(places.size,)], undo

    def _drawn(self, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        return rng.choice(size, kept(self.share, size), replace=False, shuffle=False)
