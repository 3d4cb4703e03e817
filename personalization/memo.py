"""What was made for a person, so that it is not made again, with the work that this has spared."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class _Work:
    """What was met while something is made, and how long that took to be made there."""

    keys: set[Hashable] = field(default_factory=set)
    seconds: float = 0.0


@dataclass(frozen=True)
class _Thing:
    made: Any
    seconds: float  # of a core, without what it is made of
    of: frozenset[Hashable]


class Memo:
    """Things by their keys. One thing may be made of others."""

    def __init__(self) -> None:
        self._things: dict[Hashable, _Thing] = {}
        self._met: set[Hashable] = set()
        self._making: list[_Work] = []  # the innermost last
        self.seconds_spared = 0.0  # of a core, since `begin`, by what had been made before that

    def begin(self) -> None:
        """From here on it is told what was spared: everything once, however often it is wanted."""
        self._met.clear()
        self.seconds_spared = 0.0

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made under this key, made now if it was not yet."""
        if key in self._things:
            self._spare(key)
        else:
            self._make(key, make)
        self._met.add(key)
        if self._making:
            self._making[-1].keys.add(key)
        found: T = self._things[key].made
        return found

    def _make(self, key: Hashable, make: Callable[[], object]) -> None:
        self._making.append(_Work())
        began = time.process_time()
        try:
            made = make()
        finally:
            within = self._making.pop()
        seconds = time.process_time() - began
        self._things[key] = _Thing(made, seconds - within.seconds, frozenset(within.keys))
        if self._making:
            self._making[-1].seconds += seconds

    def _spare(self, key: Hashable) -> None:
        """It, and all that it is made of."""
        if key in self._met:
            return
        self._met.add(key)
        thing = self._things[key]
        self.seconds_spared += thing.seconds
        for part in thing.of:
            self._spare(part)
