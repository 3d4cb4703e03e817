"""One slip of the fingers: what may have been meant by the letters typed (Kernighan, Church & Gale 1990, section 2).

A noisy channel with one edit at most: a key beside the right one, a letter left out, one too many, two changed about.
The rates are assumptions, of the order of what studies of typing find: about one letter in fifty goes wrong.
"""

from __future__ import annotations

from functools import lru_cache

# One row of keys a string, each shifted half a key to the right of the one above it.
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl'", "zxcvbnm")
LETTERS = "abcdefghijklmnopqrstuvwxyz'"

BESIDE = 0.010  # a key beside the right one, shared among its neighbours
ANYWHERE = 0.002  # any other key, shared among all
LEFT_OUT = 0.004
ADDED = 0.003  # the same letter again or a neighbour's, shared among them
SWAPPED = 0.002
MOST_LETTERS = 24  # of a longer word nobody wants a correction


def _neighbours() -> dict[str, str]:
    at = {key: (row, column + row / 2) for row, keys in enumerate(_ROWS) for column, key in enumerate(keys)}
    return {
        key: "".join(
            other for other, (r, c) in at.items() if other != key and abs(r - row) <= 1 and abs(c - column) <= 1
        )
        for key, (row, column) in at.items()
    }


NEIGHBOURS = _neighbours()


def is_slip(word: str, typed: str) -> bool:
    """Whether a word was meant by other letters, both normalised, one edit away from it."""
    return any(letters == word for letters, _ in meant(typed))


@lru_cache(maxsize=16)  # a few keystrokes: what was mistyped is not to be kept
def meant(typed: str) -> tuple[tuple[str, float], ...]:
    """What else may have been meant by `typed`, one edit away: (letters, probability of the slip given those letters).

    The slip lies before the last letter typed or in it. Who types a letter outside this keyboard has another one, and
    means it.
    """
    if len(typed) > MOST_LETTERS or not all(key in NEIGHBOURS for key in typed):
        return ()
    found: dict[str, float] = {}

    def add(letters: str, probability: float) -> None:
        if letters and letters != typed:
            found[letters] = found.get(letters, 0.0) + probability

    for i, key in enumerate(typed):
        before, after = typed[:i], typed[i + 1 :]
        for letter in LETTERS:
            beside = key in NEIGHBOURS.get(letter, "")
            share = BESIDE / len(NEIGHBOURS[letter]) if beside else ANYWHERE / len(LETTERS)
            if letter != key:
                add(before + letter + after, share)
            add(before + letter + key + after, LEFT_OUT)
        close = [near for near in (typed[i - 1 : i], after[:1]) if near]
        if any(near == key or key in NEIGHBOURS.get(near, "") for near in close):
            add(before + after, ADDED / (1 + len(NEIGHBOURS.get(close[0], ""))))
        if after and after[0] != key:
            add(before + after[0] + key + after[1:], SWAPPED)
    return tuple(found.items())
