"""How an update is written for the way to the server, and read back there.

An update is the change of the shared parameters by name. What is read comes from an untrusted device.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs import contracts, pipeline
from nextword.federation.codecs.randomk import RandomK
from nextword.federation.codecs.stage import Part, Shape, Undo

Update = dict[str, npt.NDArray[np.float32]]
Shapes = Mapping[str, tuple[int, ...]]
Key = Sequence[int]  # (seed, round, user)

_FINITE = float(np.finfo(np.float32).max)
MOST = 2.0**64  # magnitude of a number: sums of many, and squares, are still finite


class Codec:
    """The pipeline of a run. An encoded update is one array of bytes for each stage, by its name.

    Both sides give the same `key`, from which all that is random is drawn. It is no secret.
    """

    def __init__(self, written: str) -> None:
        self.stages = pipeline(written)

    @property
    def contracts(self) -> bool:
        """Whether error feedback is sound with it: what is lost of an update is shorter than the update."""
        return contracts(self.stages)

    @property
    def stretch(self) -> float:
        """By how much a stage multiplies the numbers that it keeps, so that their mean is right."""
        return math.prod(stage.stretch for stage in self.stages.values() if isinstance(stage, RandomK))

    def encode(self, update: Update, key: Key) -> dict[str, Part]:
        """Raises ValueError where a number is not finite, or too large for any update."""
        arrays = [np.asarray(update[name], np.float32) for name in sorted(update)]
        for name, array in zip(sorted(update), arrays, strict=True):
            _check(name, array, MOST)
        encoded: dict[str, Part] = {}
        for number, (name, stage) in enumerate(self.stages.items(), 1):
            arrays, encoded[name] = stage.encode(arrays, np.random.default_rng([*key, number]))
        return encoded

    def decode(self, encoded: Mapping[str, npt.NDArray[Any]], shapes: Shapes, key: Key) -> Update:
        """The update, for parameters of these shapes. Raises ValueError for what `encode` cannot have written."""
        if set(encoded) != set(self.stages):
            raise ValueError(f"the parts of the message are {sorted(encoded)[:9]}, not {sorted(self.stages)}")
        left: list[Shape] = [shapes[name] for name in sorted(shapes)]
        undoes: list[Undo] = []
        for number, (name, stage) in enumerate(self.stages.items(), 1):
            part = encoded[name]
            if part.dtype != np.uint8 or part.ndim != 1:
                raise ValueError(f"{name} is {part.dtype} of {part.ndim} dimensions, not bytes")
            left, undo = stage.open(part, left, np.random.default_rng([*key, number]))
            undoes.append(undo)
        arrays: list[npt.NDArray[np.float32]] = []
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused below
            for undo in reversed(undoes):
                arrays = undo(arrays)
        update = dict(zip(sorted(shapes), arrays, strict=True))
        for name, array in update.items():
            _check(name, array, _FINITE)
        return update


def _check(name: str, array: npt.NDArray[np.float32], most: float) -> None:
    numbers = array.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        if np.dot(numbers, numbers) <= most:  # so nearly always, in half the time; `most` is above 1
            return
    # NaN is no number between two others.
    if not (-most <= array.min(initial=0) and array.max(initial=0) <= most):
        raise ValueError(f"{name} is not finite, or changes by more than {most:g}")
