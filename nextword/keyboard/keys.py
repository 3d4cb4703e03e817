"""The keys on the screen: pressed with the mouse or lit up by a real one, bright where a likely word goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

SHIFT, BACKSPACE, SPACE, ENTER = "\u21e7", "\u232b", "space", "send"
_ROWS = (("qwertyuiop", 0), ("asdfghjkl'", 1), (SHIFT + "zxcvbnm,." + BACKSPACE, 0), ((SPACE, ENTER), 4))
_WIDTH = 5  # of a letter's key, the gap behind it included
_WIDE = {SPACE: 32, ENTER: 12}
_LIKELY, _UNLIKELY = 0.1, 0.002  # probabilities of a letter
_LIT_S = 0.15


class Keys(Widget):
    """Posts `Pressed` for what is clicked. `chances` are of the letters that may come next."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"keys--key", "keys--likely", "keys--unlikely", "keys--lit"}
    DEFAULT_CSS = """
    Keys { height: 4; width: 1fr; }
    Keys > .keys--key { background: $panel; color: $text; }
    Keys > .keys--likely { background: $primary 60%; color: $text; text-style: bold; }
    Keys > .keys--unlikely { background: $panel; color: $text-disabled; }
    Keys > .keys--lit { background: $accent; color: $text; text-style: bold; }
    """

    @dataclass
    class Pressed(Message):
        """A key was clicked: the character that it types, "\\n" to send, "\\b" to delete."""

        character: str

    def __init__(self) -> None:
        super().__init__()
        self._chances: Mapping[str, float] = {}
        self._lit = ""
        self._shift = False
        self._timer: Timer | None = None

    def show(self, chances: Mapping[str, float]) -> None:
        """What may come next, with its probability; nothing is known of an empty one."""
        if chances != self._chances:
            self._chances = chances
            self.refresh()

    def light(self, character: str) -> None:
        """Light a key up for a moment."""
        self._lit = SPACE if character == " " else character.lower()
        self.refresh()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_LIT_S, self._darken)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(_ROWS)

    def render_line(self, y: int) -> Strip:
        """One row of keys, in the middle of the line."""
        row, _ = _ROWS[y]
        segments = [Segment(" " * self._indent(y), self.rich_style)]
        for key in row:
            label = key.upper() if self._shift and len(key) == 1 else key
            face = self.get_component_rich_style(f"keys--{self._kind(key)}")
            segments += [Segment(label.center(_width(key) - 1), face), Segment(" ", self.rich_style)]
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if (key := self._key_at(event.x, event.y)) is None:
            return
        self.light(key)
        if key == SHIFT:
            self._shift = not self._shift
            return
        character = {SPACE: " ", ENTER: "\n", BACKSPACE: "\b"}.get(key, key)
        self.post_message(self.Pressed(character.upper() if self._shift else character))
        self._shift = False

    def _key_at(self, x: int, y: int) -> str | None:
        if not 0 <= y < len(_ROWS):
            return None
        at = self._indent(y)
        for key in _ROWS[y][0]:
            if at <= x < at + _width(key) - 1:
                return key
            at += _width(key)
        return None

    def _indent(self, y: int) -> int:
        widest = sum(map(_width, _ROWS[2][0]))
        return max(0, (self.size.width - widest) // 2) + _ROWS[y][1]

    def _kind(self, key: str) -> str:
        if key == self._lit or (key == SHIFT and self._shift):
            return "lit"
        if not self._chances or not (key.isalpha() or key == "'") or len(key) > 1:
            return "key"
        chance = self._chances.get(key, 0.0)
        return "likely" if chance >= _LIKELY else "unlikely" if chance < _UNLIKELY else "key"

    def _darken(self) -> None:
        self._lit = ""
        self.refresh()


def _width(key: str) -> int:
    return _WIDE.get(key, _WIDTH)
