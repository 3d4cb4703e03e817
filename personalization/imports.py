"""Which messages of a file are new, where the same file, or an earlier or later export of it, was taken in before.

A file is told by its messages alone, since plain text has no times. What was taken in of one, at once or bit by bit, is
kept together as it was sent, but for words forgotten since, in whose place any may stand: what is typed in between or
renamed makes no difference, nor what was renamed in the profile that a file is an export of. A file goes on from

1. what is the beginning of it, or of which it is the beginning: with `_FEW` different messages, or equal to it;
2. else what it ends in, or what ends in it, by the last messages that are `MANY` different ones: an export may begin
   later than the one before, or differ in what was edited or deleted since;
3. else what both begin with, by as many, and from there on by what follows in the same order: what was edited or
   deleted since may be among the last messages.

Then what comes after the last message known is new, and nothing before it. Two files that agree in less are two files,
and both are learned: a person who writes "ok" in all chats has written it each time.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from personalization.scrubbing import same

_FEW, MANY = 3, 10  # different messages that two files have in common by no chance: as beginnings, and anywhere


class Taken(NamedTuple):
    """What a file came to."""

    new: int  # messages learned
    known: int  # messages of it that are not, since they, or what stood in their place, were learned before


def continued(messages: Sequence[str], imports: Mapping[int, Sequence[str]]) -> tuple[int, int]:
    """(the number of the import that a file goes on from, or a new one; how many of its messages are known)."""
    known = {number: _known(messages, before) for number, before in imports.items()}
    best = max(known, key=known.__getitem__, default=None)
    if best is None or known[best] == 0:
        return max(imports, default=0) + 1, 0
    return best, known[best]


def _known(messages: Sequence[str], before: Sequence[str]) -> int:
    """How many of a file's messages, from its beginning, are not new after those taken in before."""
    shorter = min(len(messages), len(before))
    if all(map(same, messages[:shorter], before[:shorter])) and (
        len(messages) == len(before) or _end(messages[:shorter], _FEW) is not None
    ):
        return shorter
    if (end := _end(messages, MANY)) is not None and _last(end, before) is not None:
        return len(messages)
    if (end := _end(before, MANY)) is not None and (place := _last(end, messages)) is not None:
        return place
    alike = next((at for at in range(shorter) if not same(messages[at], before[at])), shorter)
    if _end(messages[:alike], MANY) is None:
        return 0
    others = iter(before[alike:])
    follows = (any(same(text, other) for other in others) for text in messages[alike:])
    return alike + sum(itertools.takewhile(bool, follows))


def _end(messages: Sequence[str], different: int) -> Sequence[str] | None:
    """The fewest last messages that are so many different ones; None where all are fewer."""
    found: set[str] = set()
    for place in range(len(messages) - 1, -1, -1):
        found.add(messages[place])
        if len(found) == different:
            return messages[place:]
    return None


def _last(run: Sequence[str], messages: Sequence[str]) -> int | None:
    """Where the last such run in the messages ends."""
    for end in range(len(messages), len(run) - 1, -1):
        if all(map(same, run, messages[end - len(run) : end])):
            return end
    return None
