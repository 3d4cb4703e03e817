"""A replay without its screen: what two keyboards type, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nextword.keystrokes import Press
from nextword.text import counted


@dataclass(frozen=True)
class Side:
    """One keyboard's keys for all messages."""

    name: str  # of the method, as `nextword evaluate` calls it
    title: str
    typed: Sequence[Sequence[Press]]  # by message

    @property
    def keys(self) -> int:
        return sum(map(len, self.typed))


@dataclass(frozen=True)
class Replay:
    """A person's normalised messages, and both keyboards' keys for them."""

    user: str
    messages: Sequence[str]
    sides: tuple[Side, Side]

    @property
    def keys_without(self) -> int:
        """What the messages cost without suggestions: one key for each character."""
        return sum(map(len, self.messages))

    def without_empty_messages(self) -> Replay:
        """The same without messages that have nothing to type."""
        kept = [number for number, text in enumerate(self.messages) if text]
        one, other = (replace(side, typed=[side.typed[number] for number in kept]) for side in self.sides)
        return Replay(self.user, [self.messages[number] for number in kept], (one, other))

    def savings(self, side: Side) -> float:
        """The share of keys saved, as `nextword evaluate` reports it; 0 where there is nothing to type."""
        return 1 - side.keys / self.keys_without if self.keys_without else 0.0


class Course:
    """Where a replay stands: at which message, and how many keys of it each side has pressed."""

    def __init__(self, replay: Replay) -> None:
        self.replay, self.message = replay, 0
        self._pressed = [0] * len(replay.sides)
        self._before = [0] * len(replay.sides)  # keys for the messages before this one
        self._characters = 0  # of the messages before this one

    @property
    def text(self) -> str:
        """The message that is typed."""
        return self.replay.messages[self.message]

    @property
    def message_done(self) -> bool:
        return all(self.coming(side) is None for side in range(len(self._pressed)))

    @property
    def done(self) -> bool:
        return self.message_done and self.message == len(self.replay.messages) - 1

    def press(self) -> None:
        """Let each side press its next key, if there is one."""
        for side, keys in enumerate(self._keys):
            self._pressed[side] = min(self._pressed[side] + 1, len(keys))

    def skip(self) -> None:
        """Press all keys of this message, and go to the next, if there is one."""
        self._pressed = [len(keys) for keys in self._keys]
        if not self.done:
            self._before = [before + len(keys) for before, keys in zip(self._before, self._keys, strict=True)]
            self._characters += len(self.text)
            self.message += 1
            self._pressed = [0] * len(self._pressed)

    def pressed(self, side: int) -> Sequence[Press]:
        """The keys of this message that a side has pressed."""
        return self._keys[side][: self._pressed[side]]

    def coming(self, side: int) -> Press | None:
        """The key that a side presses next in this message."""
        keys = self._keys[side]
        return keys[self._pressed[side]] if self._pressed[side] < len(keys) else None

    def stands(self, side: int) -> int:
        """How many characters of the message stand."""
        return self.pressed(side)[-1].after if self._pressed[side] else 0

    def keys(self, side: int) -> int:
        """The keys that a side has pressed, from the first message on."""
        return self._before[side] + self._pressed[side]

    def savings(self, side: int) -> float:
        """The share of keys saved so far, against a key for each character that stands."""
        characters = self._characters + self.stands(side)
        return 1 - self.keys(side) / characters if characters else 0.0

    @property
    def _keys(self) -> list[Sequence[Press]]:
        return [side.typed[self.message] for side in self.replay.sides]


def final_line(replay: Replay) -> str:
    """What the whole replay came to."""
    shared, personal = replay.sides
    saved = ", ".join(f"{side.name} {side.keys:,} ({100 * replay.savings(side):.1f} % saved)" for side in replay.sides)
    fewer = shared.keys - personal.keys
    messages, without = counted(len(replay.messages), "message"), counted(replay.keys_without, "key")
    return (
        f"{messages}, {without} without suggestions; {saved}; "
        f"personalization takes {counted(abs(fewer), 'key')} {'fewer' if fewer >= 0 else 'more'}"
    )
