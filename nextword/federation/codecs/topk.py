"""The largest numbers of the whole update, and where they stand: topk:0.01 keeps one in a hundred.

Aji & Heafield 2017, "Sparse communication for distributed gradient descent", Algorithm 1. Biased, so it is made for
error feedback. Places are sent as a bit for each number. What a few messages change stands close together, so of eight
bits some bytes are far more frequent than others, and zstandard makes less of them than of the gaps in between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs.packing import squeeze, unsqueeze
from nextword.federation.codecs.stage import AT_ONCE, SOME, Array, Part, Shape, Undo, count, in_blocks, shaped, share

_SAMPLED = 61  # of so many numbers one, to guess the smallest that is kept; a prime, so that all columns have a part
_MARGIN = 1.15  # so many more and fewer than are kept may be above it


class TopK:
    place = SOME
    contracts = True

    def __init__(self, argument: str = "") -> None:
        self.share = share(argument, "topk")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        numbers, bits = [np.zeros(0, np.float32)], [np.zeros(0, np.uint8)]
        for some, mask in _largest(arrays, self.share):
            numbers.append(some[np.flatnonzero(mask)])
            bits.append(np.packbits(mask))
        return [np.concatenate(numbers)], squeeze(np.concatenate(bits))

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        size = count(shapes)
        number = kept(self.share, size)
        bits = unsqueeze(part, -(-size // 8))
        beyond = size % 8 and bits[-1] & (0xFF >> size % 8)
        if beyond or np.bitwise_count(bits).sum(dtype=np.int64) != number:
            raise ValueError(f"places that are not {number} of {size}")
        return [(number,)], lambda arrays: shaped(_spread(arrays[0], bits, size), shapes)


def kept(share: float, size: int) -> int:
    """How many of so many numbers."""
    return min(size, math.ceil(share * size))


def _spread(numbers: Array, bits: Part, size: int) -> Array:
    """Numbers at their places among zeros."""
    x = np.zeros(size, np.float32)
    done = 0
    for first in range(0, size, AT_ONCE):
        mask = np.unpackbits(bits[first // 8 : (first + AT_ONCE) // 8]).view(np.bool_)
        places = np.flatnonzero(mask)
        x[first : first + AT_ONCE][places] = numbers[done : done + places.size]
        done += places.size
    return x


def _largest(arrays: list[Array], share: float) -> Iterator[tuple[Array, npt.NDArray[np.bool_]]]:
    """Some numbers at a time, and which of them are among the largest; of equal ones the last."""
    size = sum(array.size for array in arrays)
    if not size:
        return
    least, surplus = _least(arrays, size, kept(share, size))
    for some in _some(arrays):
        magnitudes = np.abs(some)
        mask = magnitudes >= least
        if surplus:
            equal = np.flatnonzero(magnitudes == least)[:surplus]
            mask[equal] = False
            surplus -= equal.size
        yield some, mask


def _least(arrays: list[Array], size: int, number: int) -> tuple[np.float32, int]:
    """The smallest of the largest magnitudes, and of how many that equal it there is no room for.

    Only those are sorted that a sample says may be it.
    """
    above, between = _parted(arrays, *_around(arrays, number / size))
    if not 0 < number - above <= between.size:
        above, between = _parted(arrays, np.float32(0), np.float32(np.inf))
    rank = between.size - (number - above)
    least: np.float32 = np.partition(between, rank)[rank]
    return least, above + int(np.count_nonzero(between >= least)) - number


def _around(arrays: list[Array], share: float) -> tuple[np.float32, np.float32]:
    """Two magnitudes, the smallest of the largest likely between them."""
    sample = np.abs(np.concatenate([array.reshape(-1)[::_SAMPLED] for array in arrays]))
    above = sample.size * share
    low = max(0, sample.size - math.ceil(above * _MARGIN))
    high = min(sample.size - 1, sample.size - math.floor(above / _MARGIN))
    ranked = np.partition(sample, (low, high))
    return ranked[low], ranked[high]


def _parted(arrays: list[Array], low: np.float32, high: np.float32) -> tuple[int, Array]:
    """How many magnitudes are `high` or more, and those from `low` up to it."""
    above, between = 0, []
    for some in _some(arrays):
        magnitudes = np.abs(some)
        mask = magnitudes >= low
        between.append(magnitudes[np.flatnonzero(mask & (magnitudes < high))])
        above += int(np.count_nonzero(mask)) - between[-1].size
    return above, np.concatenate(between)


def _some(arrays: list[Array]) -> Iterator[Array]:
    return (some_N1.reshape(-1) for some_N1 in in_blocks(arrays, 1))
