"""A screen that holds people's messages: when it fails, none of them is shown."""

from __future__ import annotations

from typing import TypeVar

from rich.segment import Segments
from rich.traceback import Traceback
from textual.app import App

Result = TypeVar("Result")


class DiscreetApp(App[Result]):
    """Fails as any Textual app does, but without local variables: they hold what was typed."""

    def _fatal_error(self) -> None:
        self._exit_renderables.append(Segments(self.console.render(Traceback(show_locals=False), self.console.options)))
        self._close_messages_no_wait()
