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
from nextword.federation.codecs.stage import SOME, Array, Part, Shape, Undo, count, flat, shaped, share

_SAMPLED = 61  # of so many numbers one, to guess the smallest that is kept; a prime, so that all columns have a part
_MARGIN = 1.15  # so many more and fewer than are kept may be above it
_AT_ONCE = 2**16  # numbers, so that the steps in between stay in the cache


class TopK:
    place = SOME
    contracts = True

    def __init__(self, argument: str = "") -> None:
        self.share = share(argument, "topk")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        x = flat(arrays)
        numbers, bits = [], []
        for some, mask in _largest(x, kept(self.share, x.size)):
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
    for first in range(0, size, _AT_ONCE):
        mask = np.unpackbits(bits[first // 8 : (first + _AT_ONCE) // 8]).view(np.bool_)
        places = np.flatnonzero(mask)
        x[first : first + _AT_ONCE][places] = numbers[done : done + places.size]
        done += places.size
    return x


def _largest(x: Array, number: int) -> Iterator[tuple[Array, npt.NDArray[np.bool_]]]:
    """Some numbers at a time, and which of them are among the largest; of equal ones the last."""
    if number == x.size:
        yield x, np.ones(x.size, np.bool_)
        return
    least, surplus = _least(x, number)
    for first in range(0, x.size, _AT_ONCE):
        some = x[first : first + _AT_ONCE]
        magnitudes = np.abs(some)
        mask = magnitudes >= least
        if surplus:
            equal = np.flatnonzero(magnitudes == least)[:surplus]
            mask[equal] = False
            surplus -= equal.size
        yield some, mask


def _least(x: Array, number: int) -> tuple[np.float32, int]:
    """The smallest of the largest magnitudes, and of how many that equal it there is no room for.

    Only those are sorted that a sample says may be it.
    """
    above, between = _parted(x, *_around(x, number))
    if not 0 < number - above <= between.size:
        above, between = 0, np.abs(x)
    rank = between.size - (number - above)
    least: np.float32 = np.partition(between, rank)[rank]
    return least, above + int(np.count_nonzero(between >= least)) - number


def _around(x: Array, number: int) -> tuple[np.float32, np.float32]:
    """Two magnitudes, the smallest of the largest likely between them."""
    sample = np.abs(x[::_SAMPLED])
    above = sample.size * number / x.size
    low = max(0, sample.size - math.ceil(above * _MARGIN))
    high = min(sample.size - 1, sample.size - math.floor(above / _MARGIN))
    ranked = np.partition(sample, (low, high))
    return ranked[low], ranked[high]


def _parted(x: Array, low: np.float32, high: np.float32) -> tuple[int, Array]:
    """How many magnitudes are `high` or more, and those from `low` up to it."""
    above, between = 0, []
    for first in range(0, x.size, _AT_ONCE):
        magnitudes = np.abs(x[first : first + _AT_ONCE])
        mask = magnitudes >= low
        between.append(magnitudes[np.flatnonzero(mask & (magnitudes < high))])
        above += int(np.count_nonzero(mask)) - between[-1].size
    return above, np.concatenate(between)
