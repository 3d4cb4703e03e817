"""What was made for a person, so that it is not made again, with the work that this has spared."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memo:
    """Things by their keys. One thing may be made of others."""

    def __init__(self) -> None:
        self._made: dict[Hashable, tuple[Any, float]] = {}
        self._met: set[Hashable] = set()
        self.seconds_spared = 0.0  # of a core, since `begin`, by what had been made before that

    def begin(self) -> None:
        """From here on it is told what was spared: everything once, however often it is wanted."""
        self._met.clear()
        self.seconds_spared = 0.0

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """What was made under this key, made now if it was not yet."""
        if key not in self._made:
            began = time.process_time()
            made = make()
            self._made[key] = made, time.process_time() - began
        elif key not in self._met:
            self.seconds_spared += self._made[key][1]
        self._met.add(key)
        found: T = self._made[key][0]
        return found
