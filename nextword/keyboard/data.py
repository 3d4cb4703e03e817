"""The screen of what the keyboard keeps: take messages in from a file, take all out, delete everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, OptionList
from textual.widgets.option_list import Option

from nextword.keyboard.field import Field
from nextword.text import counted


class DataScreen(ModalScreen[None]):
    """Posts what is wanted; is told by `ask_who` where a file has several names, and by `go_on` what became of it.

    Until then, or until it is told to `give_up`, the same is not wanted again, as by a second Enter.
    """

    DEFAULT_CSS = """
    DataScreen { align: center middle; }
    DataScreen > VerticalScroll {
        width: 90%; max-width: 90; height: auto; max-height: 95%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    DataScreen Input { border: round $primary; }
    DataScreen Input:focus, DataScreen OptionList:focus { border: round $accent; }
    DataScreen #erase { border: round $error; }
    DataScreen OptionList { height: auto; max-height: 8; border: round $accent; }
    """
    HELP = """\
    **Enter** does what the field says, **Tab** and the arrows lead to the next field. Learning reads a text with a
    message on each line, a chat as WhatsApp exports it, or a .csv with a column named text or message, and then asks
    which name is yours; of a file learned before, it learns what came after, where three different messages tell that
    it is the same. What was written to a file here is taken back the same way; writing overwrites nothing.
    Deleting wants the name of this profile. **Escape** leaves.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    @dataclass
    class Learn(Message):
        """A file is to be learned from: these messages of it, None where it has not been read yet."""

        file: str
        messages: Sequence[str] | None = None

    @dataclass
    class Export(Message):
        """All is to be written to a new file."""

        file: str

    class Erase(Message):
        """All is to be deleted, and the person has said so twice."""

    def __init__(self, name: str, messages: int) -> None:
        super().__init__()
        self._profile, self._messages = name, messages
        self._file = ""  # whose names are shown
        self._written: Mapping[str, Sequence[str]] = {}  # by name, as long as it is asked which is the person's
        self._wanted: dict[Field, str] = {}  # what is not answered yet, as it was written
        self.learn = Field(id="learn", placeholder="a text, or a chat as WhatsApp exports it")
        self.learn.border_title = "Learn from a file"
        self.who = OptionList(id="who")
        self.who.display = False
        self.who.border_title = "Which of these is you?"
        self.export = Field(id="export", placeholder="a file that is not there yet")
        self.export.border_title = "Write your messages and words to"
        self.erase = Field(id="erase", placeholder="this cannot be undone")
        self.erase.border_title = Content(f"Delete everything: type {name} and press Enter")
        self.box = VerticalScroll(self.learn, self.who, self.export, self.erase, can_focus=False)
        self.box.border_title = "Your data"

    def compose(self) -> ComposeResult:
        yield from (self.box, Footer())

    def on_mount(self) -> None:
        self._tell()
        self.learn.focus()

    def ask_who(self, file: str, written: Mapping[str, Sequence[str]]) -> None:
        """Who has written what in a chat: one of them is the person."""
        self._file, self._written = file, written
        self._wanted.pop(self.learn, None)
        self.who.clear_options()
        self.who.add_options(
            [Option(Content(f"{who}: {counted(len(messages), 'message')}")) for who, messages in written.items()]
        )
        self.who.display = True
        self.who.highlighted = 0
        self.who.focus()

    def go_on(self, messages: int, served: Field) -> None:
        """So many messages are kept now, and one of the fields has served."""
        self._messages = messages
        self._tell()
        if self._wanted.pop(served, None) == served.value.strip():  # else something else is being written
            served.clear()

    def give_up(self, field: str) -> None:
        """What one of the fields wanted could not be done."""
        self._wanted.pop(self.query_one(f"#{field}", Field), None)

    def _tell(self) -> None:
        self.box.border_subtitle = Content(f"{self._profile}: {counted(self._messages, 'message')} kept")

    @on(Input.Submitted)
    def _want(self, submitted: Input.Submitted) -> None:
        submitted.stop()
        field, text = submitted.input, submitted.value.strip()
        if not text or not isinstance(field, Field) or not self._wanted.keys().isdisjoint({field, self.erase}):
            return
        if field is self.erase and text != self._profile:
            self.notify(f"to delete everything, type {self._profile} and press Enter", severity="warning", markup=False)
            return
        self._wanted[field] = text
        if field is self.learn:
            self._ask_no_more()
            self.post_message(self.Learn(text))
        elif field is self.export:
            self.post_message(self.Export(text))
        else:
            self.post_message(self.Erase())

    @on(OptionList.OptionSelected)
    def _choose(self, selected: OptionList.OptionSelected) -> None:
        selected.stop()
        messages = list(self._written.values())[selected.option_index]
        self._ask_no_more()
        self._wanted[self.learn] = self._file
        self.post_message(self.Learn(self._file, messages))

    def _ask_no_more(self) -> None:
        self._written = {}  # of others, too
        if self.who.display:
            self.who.display = False
            self.learn.focus()

    def action_leave(self) -> None:
        """Back to writing; first back from the names, and not while everything is being deleted."""
        if self.who.display:
            self._ask_no_more()
        elif self.erase not in self._wanted:
            self.dismiss()
