"""Small whole numbers as bits, bytes in planes, and zstandard where it pays (RFC 8878).

A part has a size that its reader knows. Bytes of exactly that size are plain, fewer are a zstandard frame of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from nextword.federation.codecs.stage import Part

_LEVEL = 1  # what is left after quantization is without patterns: only its frequencies can be used
_PER_WORD = 8  # numbers, which fill as many bytes as each has bits
_TRITS = 5  # in a byte: 3^5 = 243

Codes = npt.NDArray[np.uint8]


def squeeze(plain: npt.NDArray[Any]) -> Part:
    """The bytes of an array, as a frame where that is shorter."""
    plain = np.ascontiguousarray(plain)
    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(plain.data if plain.size else b"")
    return np.frombuffer(frame, np.uint8) if len(frame) < plain.nbytes else plain.reshape(-1).view(np.uint8)


def unsqueeze(part: Part, size: int) -> Part:
    """The `size` bytes again. Raises ValueError for anything else, before more than these are made."""
    if part.size == size:
        return part
    data = part.tobytes()
    try:
        if len(data) > size or zstandard.frame_content_size(data) != size:
            raise ValueError(f"{len(data)} bytes that do not hold {size}")
        return np.frombuffer(zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False), np.uint8)
    except zstandard.ZstdError as error:
        raise ValueError(f"damaged bytes: {error}") from None


def planes(numbers: npt.NDArray[Any]) -> Part:
    """The lowest bytes of all numbers, then the next, so that like stands beside like."""
    little = numbers.astype(numbers.dtype.newbyteorder("<"), copy=False)
    return little.view(np.uint8).reshape(-1, numbers.itemsize).T.reshape(-1)


def from_planes(part: Part, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The numbers again."""
    kind = np.dtype(dtype)
    lowest, *higher = part.reshape(kind.itemsize, -1)
    numbers = lowest.astype(kind)
    for place, there in enumerate(higher, 1):
        if there.any():  # gaps and the like are small
            numbers |= there.astype(kind) << kind.type(8 * place)
    return numbers


def packed_bytes(bits: int, size: int) -> int:
    """How many bytes so many numbers of so many bits take."""
    return -(-size // _PER_WORD) * bits


def pack(bits: int, codes: Codes) -> Part:
    """Numbers below 2^bits, the first in the lowest bits; eight of them fill `bits` bytes."""
    eights = _filled(codes, _PER_WORD, 0)
    if _PER_WORD % bits == 0:
        packed, *others = eights.reshape(-1, _PER_WORD // bits).T
        for place, there in enumerate(others, 1):
            packed = packed | there << np.uint8(bits * place)
        return packed.copy()
    words = np.zeros(len(eights), "<u8")
    for place in range(_PER_WORD):
        words |= eights[:, place].astype("<u8") << np.uint64(bits * place)
    return words.view(np.uint8).reshape(-1, 8)[:, :bits].reshape(-1)


def unpack(bits: int, part: Part, size: int) -> Codes:
    """The numbers again; the part has `packed_bytes`."""
    if _PER_WORD % bits == 0:
        unpacked = np.empty((part.size, _PER_WORD // bits), np.uint8)
        for place in range(unpacked.shape[1]):
            unpacked[:, place] = part >> np.uint8(bits * place) & np.uint8(2**bits - 1)
        return unpacked.reshape(-1)[:size]
    spread = np.zeros((part.size // bits, 8), np.uint8)
    spread[:, :bits] = part.reshape(-1, bits)
    words = spread.view("<u8")[:, 0]
    codes = np.empty((len(words), _PER_WORD), np.uint8)
    for place in range(_PER_WORD):
        codes[:, place] = (words >> np.uint64(bits * place)) & np.uint64(2**bits - 1)
    return codes.reshape(-1)[:size]


def packed_trits_bytes(size: int) -> int:
    """How many bytes so many numbers below 3 take."""
    return -(-size // _TRITS)


def pack_trits(codes: Codes) -> Part:
    """Numbers below 3, five in a byte."""
    fives = _filled(codes, _TRITS, 1)
    packed = fives[:, 0].copy()
    for place in range(1, _TRITS):
        packed += fives[:, place] * np.uint8(3**place)
    return packed


def unpack_trits(part: Part, size: int) -> Codes:
    """The numbers again. Raises ValueError for a byte that no five of them make."""
    if part.max(initial=0) >= 3**_TRITS:
        raise ValueError(f"a byte of {part.max()} holds no five numbers below 3")
    table = (np.arange(3**_TRITS)[:, None] // 3 ** np.arange(_TRITS) % 3).astype(np.uint8)
    return table[part].reshape(-1)[:size]


def _filled(codes: Codes, width: int, value: int) -> Codes:
    """As rows of `width`, the last one filled up."""
    rows = -(-codes.size // width)
    if rows * width == codes.size:
        return codes.reshape(rows, width)
    filled = np.full(rows * width, value, np.uint8)
    filled[: codes.size] = codes
    return filled.reshape(rows, width)
