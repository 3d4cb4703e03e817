"""One step in writing an update: what all codecs of a pipeline have in common.

An update is a list of arrays. A stage makes from it another list, shorter in numbers, and a part of the message: bytes
that the receiver needs for the way back. The last stage writes all numbers into its part and leaves none.

The receiver knows the shapes of the update alone. It opens the parts in the order in which they were written: each
says, with the shapes before it, which shapes come after it. Then it undoes the stages from the last to the first. A
part comes from an untrusted device, so its size is known, and checked, before anything is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Part = npt.NDArray[np.uint8]
Shape = tuple[int, ...]
Undo = Callable[[list[Array]], list[Array]]

FLOAT32_BYTES = 4
AT_ONCE = 2**17  # numbers, so that the steps in between stay in the cache
ROWS, FACTORS, SOME, ROTATED, LAST = range(5)  # places
NOTHING: Part = np.zeros(0, np.uint8)  # the part of a stage that has nothing to tell


class Stage(Protocol):
    """A codec, made from its argument in the run file, "" where there is none."""

    @property
    def place(self) -> int:
        """Where it stands: a pipeline holds one stage of a place at most, in their order."""

    @property
    def contracts(self) -> bool:
        """Whether what is lost is shorter than the update, as error feedback needs it."""

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        """The arrays of the next stage, and this one's part. All numbers are finite."""

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        """The shapes of the next stage, and the way back from its arrays; `rng` is as it was at `encode`.

        Raises ValueError for a part that cannot have been written for these shapes.
        """


def count(shapes: Iterable[Shape]) -> int:
    """How many numbers arrays of these shapes hold."""
    return sum(map(math.prod, shapes))


def flat(arrays: Sequence[Array]) -> Array:
    """All numbers, one array after another."""
    if len(arrays) == 1:
        return arrays[0].reshape(-1)
    return np.concatenate([array.reshape(-1) for array in arrays] or [np.zeros(0, np.float32)])


def in_blocks(arrays: Sequence[Array], block: int) -> Iterator[Array]:
    """All numbers in order, some blocks [N, B] at a time, each of which holds until the next.

    The last block is filled up with zeros. Each time but the last there are as many numbers, `AT_ONCE` or nearly.
    """
    chunk = np.empty(max(1, AT_ONCE // block) * block, np.float32)
    filled = 0
    for array in arrays:
        numbers, first = array.reshape(-1), 0
        while first < numbers.size:
            taken = min(chunk.size - filled, numbers.size - first)
            if taken == chunk.size:
                yield numbers[first : first + taken].reshape(-1, block)
                first += taken
                continue
            chunk[filled : filled + taken] = numbers[first : first + taken]
            filled, first = filled + taken, first + taken
            if filled == chunk.size:
                yield chunk.reshape(-1, block)
                filled = 0
    if filled:
        end = -(-filled // block) * block
        chunk[filled:end] = 0
        yield chunk[:end].reshape(-1, block)


def shaped(numbers: Array, shapes: Sequence[Shape]) -> list[Array]:
    """The arrays again, as views."""
    ends = np.cumsum([math.prod(shape) for shape in shapes], dtype=np.int64)[:-1]
    return [piece.reshape(shape) for piece, shape in zip(np.split(numbers, ends), shapes, strict=False)]


def nothing(argument: str, name: str) -> None:
    """Raise ValueError where a stage that takes no argument has one."""
    if argument:
        raise ValueError(f"{name} takes nothing after it, not {argument!r}")


def whole(argument: str, name: str, least: int, most: int, example: str) -> int:
    """A stage's argument as a whole number. Raises ValueError in one line."""
    if argument.isascii() and argument.isdigit() and least <= int(argument) <= most:
        return int(argument)
    raise ValueError(f"{name} takes a whole number from {least} to {most}, as in {example}, not {argument!r}")


def share(argument: str, name: str) -> float:
    """A stage's argument as a share. Raises ValueError in one line."""
    try:
        value = float(argument)
    except ValueError:
        value = math.nan
    if 0 < value <= 1:
        return value
    raise ValueError(f"{name} takes a share above 0 and up to 1, as in {name}:0.1, not {argument!r}")
