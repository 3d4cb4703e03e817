"""Random numbers in blocks: many small decisions from one NumPy generator, fast and the same on every machine."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_BLOCK = 4096


class Dice:
    """Single decisions drawn from a `numpy.random.Generator`, which it reads a block of uniforms at a time."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._block: list[float] = []

    def unit(self) -> float:
        """A uniform number in [0, 1)."""
        if not self._block:
            self._block = self._rng.random(_BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.unit() < probability

    def pick(self, items: Sequence[T]) -> T:
        """One of `items`, all equally likely."""
        return items[int(self.unit() * len(items))]

    def weighted(self, cumulative: Sequence[float]) -> int:
        """An index, drawn in proportion to the steps of the running sum `cumulative`."""
        return min(bisect_right(cumulative, self.unit() * cumulative[-1]), len(cumulative) - 1)
