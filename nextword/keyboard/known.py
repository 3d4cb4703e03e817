"""The screen of the words that the keyboard knows of its person: searched, written otherwise, hidden, forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Input, Label

from nextword.keyboard.field import Field
from nextword.keyboard.parts import Known
from nextword.text import normalise

MOST = 200  # words shown
_WORD, _TIMES, _SAID = 28, 6, 13  # cells; widths that follow what is shown are found too late for what is shown at once


class WordsScreen(ModalScreen[None]):
    """Posts `Wanted` for what is searched and `Changed` for what is done to a word; is `show`n what is there then."""

    DEFAULT_CSS = """
    WordsScreen { align: center middle; }
    WordsScreen > Vertical { width: 80%; height: 80%; border: round $primary; background: $surface; padding: 0 1; }
    WordsScreen DataTable { height: 1fr; }
    """
    HELP = """\
    What you type above the table searches it. In the table, to which **Down** leads, **Delete** forgets the marked
    word. **Ctrl+B** never offers it again, or does after all. **Enter** writes it otherwise: in other capitals, or as
    the word that was meant, as which it is counted then. **Escape** leaves.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("ctrl+b", "change('hide')", "Hide or show", priority=True),
        Binding("delete", "change('forget')", "Forget"),
        Binding("down,up", "move", show=False),
    ]

    @dataclass
    class Wanted(Message):
        """Words that begin so are to be shown."""

        beginning: str

    @dataclass
    class Changed(Message):
        """Something is to be done to a word."""

        what: Literal["forget", "block", "unblock", "write", "rename"]
        word: str
        form: str = ""  # that it is to have

    def __init__(self) -> None:
        super().__init__()
        self._known: Sequence[Known] = ()
        self._editing: str | None = None
        self.field = Field(placeholder="Search")
        self.table: DataTable[str] = DataTable(cursor_type="row", zebra_stripes=True)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Label("Words learned or never offered; Enter rewrites one")
            yield self.field
            yield self.table
            yield Footer()

    def on_mount(self) -> None:
        for label, width in (("word", _WORD), ("times", _TIMES), ("", _SAID)):
            self.table.add_column(label, width=width)
        self.field.focus()
        self._search()

    def show(self, known: Sequence[Known]) -> None:
        """The words found; an answer to a screen of before comes too early, and this one asks for itself."""
        if not self.table.columns:
            return
        self._known = known
        at = self.table.cursor_row
        self.table.clear()
        for word in known:
            self.table.add_row(word.word, f"{word.times:.0f}", "never offered" if word.hidden else "")
        if known:
            self.table.move_cursor(row=min(at, len(known) - 1))

    @property
    def searched(self) -> str:
        """The beginning of the words wanted."""
        return "" if self._editing is not None else self.field.value.strip()

    @property
    def _marked(self) -> Known | None:
        row = self.table.cursor_row
        return self._known[row] if 0 <= row < len(self._known) else None

    @on(Input.Changed)
    def _search(self) -> None:
        if self._editing is None:
            self.post_message(self.Wanted(self.searched))

    @on(Input.Submitted)
    @on(DataTable.RowSelected)
    def _edit_or_keep(self) -> None:
        field, marked = self.field, self._marked
        if self._editing is None and marked is not None:
            self._editing, field.value, field.placeholder = marked.word, marked.word, "Written so"
            field.border_title = f"{marked.word} is written"
            field.cursor_position = len(field.value)
            field.focus()
        elif self._editing is not None:
            written, before = field.value.strip(), self._editing
            self._stop_editing()
            if written and written != before:
                same = normalise(written) == normalise(before)
                self.post_message(self.Changed("write" if same else "rename", before, written))

    def _stop_editing(self) -> None:
        field = self.field
        field.value, field.placeholder, field.border_title, self._editing = "", "Search", "", None
        self._search()

    def action_move(self) -> None:
        self.table.focus()

    def action_leave(self) -> None:
        if self._editing is None:
            self.dismiss()
        else:
            self._stop_editing()

    def action_change(self, what: str) -> None:
        if (marked := self._marked) is None or self._editing is not None:
            return
        if what == "forget":
            self.post_message(self.Changed("forget", marked.word))
        else:
            self.post_message(self.Changed("unblock" if marked.hidden else "block", marked.word))
