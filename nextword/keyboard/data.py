"""The screen of what the keyboard keeps: take messages in from a file, take all out, delete everything."""

from __future__ import annotations

from collections.abc import Mapping
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


class DataScreen(ModalScreen[None]):
    """Posts what is wanted; is told by `ask_who` where a file has several names, and by `go_on` what became of it."""

    DEFAULT_CSS = """
    DataScreen { align: center middle; }
    DataScreen > VerticalScroll {
        width: 90%; max-width: 90; height: auto; max-height: 95%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    DataScreen Input { border: round $primary; }
    DataScreen Input:focus, DataScreen OptionList:focus { border: round $accent; }
    DataScreen #erase { border: round $error; }
    DataScreen OptionList { height: auto; max-height: 8; border: round $accent; display: none; }
    """
    HELP = """\
    **Enter** does what the field says, **Tab** and the arrows lead to the next field. Learning reads a text with a
    message on each line, or a chat as WhatsApp exports it, and then asks which name is yours. An export overwrites
    nothing. Deleting wants the name of this profile. **Escape** leaves.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
    ]

    @dataclass
    class Learn(Message):
        """A file is to be learned from; `who` of a chat is the person, None where that has not been asked yet."""

        file: str
        who: str | None = None

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
        self._names: list[str] = []
        self._erasing = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False) as box:
            box.border_title = "Your data"
            yield Field(id="learn", placeholder="a text, or a chat as WhatsApp exports it")
            yield OptionList(id="who")
            yield Field(id="export", placeholder="a file that is not there yet")
            yield Field(id="erase", placeholder="this cannot be undone")
        yield Footer()

    def on_mount(self) -> None:
        self.query_one("#learn").border_title = "Learn from a file"
        self.query_one("#who").border_title = "Which of these is you?"
        self.query_one("#export").border_title = "Write all that is kept to"
        self.query_one("#erase").border_title = Content(f"Delete everything: type {self._profile} and press Enter")
        self._tell()
        self.query_one("#learn", Input).focus()

    def ask_who(self, file: str, people: Mapping[str, int]) -> None:
        """Who has written in a chat, with how many messages: one of them is the person."""
        self._file, self._names = file, list(people)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(Content(f"{who}: {_messages(count)}")) for who, count in people.items()])
        options.display = True
        options.highlighted = 0
        options.focus()

    def go_on(self, messages: int, *, done: str = "") -> None:
        """So many messages are kept now; the field `done` has served."""
        self._messages, self._erasing = messages, False
        self._tell()
        if done:
            self.query_one(f"#{done}", Input).clear()

    def _tell(self) -> None:
        self.query_one(VerticalScroll).border_subtitle = Content(f"{self._profile}: {_messages(self._messages)} kept")

    @on(Input.Submitted)
    def _want(self, submitted: Input.Submitted) -> None:
        submitted.stop()
        text = submitted.value.strip()
        if not text or self._erasing:
            return
        if submitted.input.id == "learn":
            self._ask_no_more()
            self.post_message(self.Learn(text))
        elif submitted.input.id == "export":
            self.post_message(self.Export(text))
        elif text == self._profile:
            self._erasing = True
            self.post_message(self.Erase())
        else:
            self.notify(f"to delete everything, type {self._profile} and press Enter", severity="warning", markup=False)

    @on(OptionList.OptionSelected)
    def _choose(self, selected: OptionList.OptionSelected) -> None:
        selected.stop()
        who = self._names[selected.option_index]
        self._ask_no_more()
        self.post_message(self.Learn(self._file, who))

    def _ask_no_more(self) -> None:
        if (options := self.query_one(OptionList)).display:
            options.display = False
            self.query_one("#learn").focus()

    def action_leave(self) -> None:
        """Back to writing; first back from the names, and not while everything is being deleted."""
        if self.query_one(OptionList).display:
            self._ask_no_more()
        elif not self._erasing:
            self.dismiss()


def _messages(count: int) -> str:
    return f"{count:,} message" + ("s" if count != 1 else "")
