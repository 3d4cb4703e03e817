"""A screen that holds people's messages: when it fails, none of them is shown, and no terminal obeys them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from rich.segment import Segment, Segments
from rich.traceback import Traceback
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from nextword.text import displayable

Result = TypeVar("Result")


class _Displayable(LineFilter):
    """What it leaves out has no width, so that everything stays in its place."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(displayable(text), style, control) for text, style, control in segments]


_DISPLAYABLE = _Displayable()  # one, since lines are remembered by it


class DiscreetApp(App[Result]):
    """Fails as any Textual app does, but without local variables: they hold what was typed."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), _DISPLAYABLE]

    def _fatal_error(self) -> None:
        self._exit_renderables.append(Segments(self.console.render(Traceback(show_locals=False), self.console.options)))
        self._close_messages_no_wait()
