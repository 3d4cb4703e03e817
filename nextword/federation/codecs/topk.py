"""The largest numbers of the whole update, and where they stand: topk:0.01 keeps one in a hundred.

Aji & Heafield 2017, "Sparse communication for distributed gradient descent", Algorithm 1. Biased, so it is made for
error feedback. Places are sent as the gaps between them, byte by byte; zstandard makes about their entropy of it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from nextword.federation.codecs.packing import from_planes, planes, squeeze, unsqueeze
from nextword.federation.codecs.stage import SOME, Array, Part, Shape, Undo, count, flat, shaped, share

_GAP_BYTES = 4
_SAMPLED = 64  # of so many numbers one, to find where the largest begin
_MARGIN = 1.1  # more of them than are wanted


class TopK:
    place = SOME
    contracts = True

    def __init__(self, argument: str = "") -> None:
        self.share = share(argument, "topk")

    def encode(self, arrays: list[Array], rng: np.random.Generator) -> tuple[list[Array], Part]:
        x = flat(arrays)
        places = _largest(x, kept(self.share, x.size))
        gaps = np.diff(places, prepend=-1).astype(np.uint32)
        return [x[places]], squeeze(planes(gaps))

    def open(self, part: Part, shapes: list[Shape], rng: np.random.Generator) -> tuple[list[Shape], Undo]:
        size = count(shapes)
        number = kept(self.share, size)
        gaps = from_planes(unsqueeze(part, number * _GAP_BYTES), np.uint32)
        places = np.cumsum(gaps, dtype=np.int64) - 1
        if number and (gaps.min() == 0 or places[-1] >= size):
            raise ValueError(f"places that are none of {size}")
        return [(number,)], lambda arrays: shaped(spread(arrays[0], places, size), shapes)


def kept(share: float, size: int) -> int:
    """How many of so many numbers."""
    return min(size, math.ceil(share * size))


def spread(numbers: Array, places: npt.NDArray[np.int64], size: int) -> Array:
    """Numbers at their places among zeros."""
    x = np.zeros(size, np.float32)
    x[places] = numbers
    return x


def _largest(x: Array, number: int) -> npt.NDArray[np.int64]:
    """Where the largest magnitudes stand, in order; of equal ones the first."""
    if number == x.size:
        return np.arange(x.size)
    magnitudes = np.abs(x)
    places = _likely(magnitudes, number)
    among = magnitudes[places]
    threshold = np.partition(among, places.size - number)[places.size - number]
    places = places[among >= threshold]
    if surplus := places.size - number:
        equal = places[magnitudes[places] == threshold]
        places = np.setdiff1d(places, equal[-surplus:], assume_unique=True)
    return places


def _likely(magnitudes: Array, number: int) -> npt.NDArray[np.int64]:
    """Where at least the `number` largest stand, in order: few more by a sample, so that few are to be sorted."""
    sample = magnitudes[::_SAMPLED].copy()
    spared = math.floor(sample.size * (1 - _MARGIN * number / magnitudes.size))
    if spared > 0:
        places = np.flatnonzero(magnitudes >= np.partition(sample, spared)[spared])
        if places.size >= number:
            return places
    return np.arange(magnitudes.size)
