"""Where the message is written: a text area whose keys a `Composer` completes, with the best completion as a ghost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import Document
from textual.message import Message
from textual.widgets import TextArea

from nextword.keyboard.composer import Composer, Edit, Habits, begun


class Writing(TextArea):
    """Posts `Asked` when other words are to be offered, `Chosen` and `Moved` for what the bar shows, `Sent`."""

    HELP = """\
    Write, and take words from the bar: **Tab** the marked one, **F2 F3 F4** or the mouse any. **Up and down** move the
    mark, **Escape** clears it. **Enter** sends, **Ctrl+J** begins a new line. **Backspace** takes back what the
    keyboard did by itself a moment ago: a correction, a capital.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", priority=True),
        Binding("ctrl+j,shift+enter", "new_line", "New line", show=False),
        Binding("tab", "choose", "Accept", priority=True),
        Binding("escape", "dismiss", "Dismiss", show=False),
    ]

    @dataclass
    class Asked(Message):
        """Words are wanted after `context` that go on from the letters `typed`."""

        context: str
        typed: str

    class Chosen(Message):
        """The word marked in the bar is taken."""

    @dataclass
    class Moved(Message):
        """The mark in the bar goes so many words on."""

        by: int

    class Dismissed(Message):
        """Nothing more is wanted of the bar until a key is typed."""

    @dataclass
    class Sent(Message):
        """The message is finished."""

        text: str
        incognito: bool  # when it was

    def __init__(self, habits: Habits | None = None, *, id: str | None = None) -> None:
        self.composer = Composer(habits)
        self.correction: tuple[str, str] | None = None  # letters typed, and what they are likely to be meant as
        self.incognito = False
        self._composing = False
        super().__init__(soft_wrap=True, id=id, placeholder="Write a message", highlight_cursor_line=False)

    @property
    def cursor(self) -> int:
        """Where the cursor stands in the whole text."""
        return self._lines.get_index_from_location(self.cursor_location)

    @property
    def _lines(self) -> Document:
        assert isinstance(self.document, Document)
        return self.document

    def put(self, word: str) -> None:
        """Take a word from the bar."""
        self._apply(self.composer.accept(self.text, self.cursor, word))

    def ask(self) -> None:
        """Ask for words for where the cursor stands."""
        before = self.text[: self.cursor]
        typed = begun(before)
        self.post_message(self.Asked(before[: len(before) - len(typed)], typed))

    def show_ghost(self, word: str | None, typed: str) -> None:
        """What is missing of a word, behind the cursor; only at the end of its line, where it covers nothing."""
        at_end = self.cursor_location[1] == len(self.document.get_line(self.cursor_location[0]))
        fits = word is not None and at_end and word.lower().startswith(typed.lower())
        self.suggestion = word[len(typed) :] if fits and word is not None else ""

    def action_send(self) -> None:
        text = self.text.strip()
        if text:
            self.post_message(self.Sent(text, self.incognito))

    def action_new_line(self) -> None:
        self._apply(self.composer.key(self.text, self.cursor, "\n"))

    def action_choose(self) -> None:
        self.post_message(self.Chosen())

    def action_dismiss(self) -> None:
        self.correction = None
        self.suggestion = ""
        self.post_message(self.Dismissed())

    def action_delete_left(self) -> None:
        edit = self.composer.backspace(self.text, self.cursor) if self.selection.is_empty else None
        if edit is None:
            super().action_delete_left()
        else:
            self._apply(edit)

    def action_cursor_up(self, select: bool = False) -> None:
        if self.cursor_at_first_line and not select:
            self.post_message(self.Moved(-1))
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if self.cursor_at_last_line and not select:
            self.post_message(self.Moved(1))
        else:
            super().action_cursor_down(select)

    def action_cursor_right(self, select: bool = False) -> None:
        if self.suggestion and not select:
            self.post_message(self.Chosen())
        else:
            super().action_cursor_right(select)

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character and self.selection.is_empty and not self.read_only:
            event.stop()
            event.prevent_default()
            self._restart_blink()
            typed, meant = self.correction or ("", None)
            correction = meant if typed and begun(self.text[: self.cursor]) == typed else None
            edit = self.composer.key(self.text, self.cursor, event.character, correction=correction)
            self._apply(edit)

    def watch_selection(self) -> None:
        """The cursor stands elsewhere: what it was about to take back is not for here, and other words are wanted."""
        if not self._composing:
            self.composer.forget()
            self.ask()

    def _apply(self, edit: Edit) -> None:
        self._composing = True
        try:
            places = map(self._lines.get_location_from_index, (edit.start, edit.end))
            self.replace(edit.text, *places, maintain_selection_offset=False)
            self.move_cursor(self._lines.get_location_from_index(edit.cursor))
        finally:
            self._composing = False
        self.ask()  # once, though the cursor may have moved twice
