"""Where the message is written: a text area whose keys a `Composer` completes, with the best completion as a ghost."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import Document, EditResult, Location
from textual.message import Message
from textual.widgets import TextArea

from nextword.keyboard.bar import EMOJI, Slot, WordBar
from nextword.keyboard.composer import Composer, Edit, Habits, begun, goes_on, last_sign
from nextword.keyboard.settings import Keys
from nextword.keyboard.tally import Meter
from nextword.text import tidy

_JOINERS = ("\u200c", "\u200d")  # of Persian words, of emoji: not printable, and yet written


class Writing(TextArea):
    """Over a bar from which it takes words. Posts `Asked` when other words are to be offered, and `Sent`.

    It has each message kept by `keep`, which tells whether that could be done.
    """

    HELP = """\
    Take the bar's marked word, or any by its key or the mouse. **Up, down** mark another, **Escape** none.
    **Backspace** takes back what the keyboard just did by itself.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send", id="send", show=False, priority=True),
        Binding("ctrl+j,shift+enter", "new_line", "New line", id="new-line", show=False),
        Binding("tab", "choose", "Accept", id="accept", show=False, priority=True),
        Binding("escape", "dismiss", "Dismiss", show=False),
    ]

    @dataclass
    class Typed(Message):
        """A character was typed."""

        character: str

    @dataclass
    class Asked(Message):
        """Words are wanted after `context` that go on from the letters `typed`."""

        context: str
        typed: str

    class Dismissed(Message):
        """No words are wanted until another key is typed."""

    @dataclass
    class Sent(Message):
        """The message is finished, and kept where it was not incognito."""

        text: str
        incognito: bool  # when it was

    def __init__(
        self,
        bar: WordBar,
        keep: Callable[[str], Awaitable[bool]],
        habits: Habits | None = None,
        meter: Meter | None = None,
        *,
        ghost: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bar, self.composer = bar, Composer(habits)
        self.meter = meter or Meter()
        self._keep, self._ghost, self._clock = keep, ghost, clock
        self.correction: tuple[str, str] | None = None  # letters typed, and what they are likely to be meant as
        self._ghost_of: str | None = None
        self._incognito = self._begun_incognito = False
        self._written_before = ""  # when incognito was turned on
        self._composing = False
        super().__init__(soft_wrap=True, placeholder="Write", highlight_cursor_line=False)
        ours = {binding.action for binding in self.BINDINGS if isinstance(binding, Binding)}
        for key, bindings in self._bindings.key_to_bindings.items():  # the help lists what other fields do not do
            told = [one if one.action in ours else dataclasses.replace(one, system=True) for one in bindings]
            self._bindings.key_to_bindings[key] = told

    def tell_keys(self, keys: Keys) -> None:
        """Say which keys take a word and send."""
        self.placeholder = f"Write; {keys.first('accept')} takes the marked word, {keys.first('send')} sends"

    @property
    def incognito(self) -> bool:
        """Whether nothing of this message is kept: also where a part of it was written incognito."""
        return self._incognito or self._begun_incognito

    def turn_incognito(self) -> None:
        """Keep nothing from now on, or keep what is written again; a message begun incognito stays so."""
        if self._incognito and self.text in ("", self._written_before):
            self.history.clear()  # or undoing would bring back what was written incognito, to be kept
        elif self._incognito:
            self._begun_incognito = True
        self._written_before = self.text
        self._incognito = not self._incognito
        self.meter.discard()
        self.meter.given(self.text)

    @property
    def cursor(self) -> int:
        """Where the cursor stands in the whole text."""
        return self._lines.get_index_from_location(self.cursor_location)

    @property
    def _lines(self) -> Document:
        assert isinstance(self.document, Document)
        return self.document

    def take(self, slot: Slot | None) -> None:
        """Put in what a slot of the bar holds, if it holds anything and the bar's words are still for this place."""
        if slot is None or not slot.word or not self._fits(slot.word, whole=slot.number == EMOJI):
            return
        self.meter.key(self._clock())
        if slot.number == EMOJI:
            self._apply(self.composer.add(self.text, self.cursor, slot.word))
        else:
            self.meter.took(slot.number, slot.source)
            self._apply(self.composer.accept(self.text, self.cursor, slot.word))

    def _fits(self, word: str, *, whole: bool) -> bool:
        """Whether a word of the bar can be meant: keys typed since, faster than the bar, must be letters of it."""
        if self.bar.answers is None:
            return False
        context, typed = self.bar.answers
        here, letters = self._asked
        return here == context and (letters == typed or (not whole and goes_on(word, letters)))

    @property
    def _asked(self) -> tuple[str, str]:
        """The context and the letters typed, where the cursor stands."""
        before = self.text[: self.cursor]
        typed = begun(before)
        return before[: len(before) - len(typed)], typed

    def type(self, character: str) -> None:
        """As the key of that character does."""
        self.meter.key(self._clock())
        typed, meant = self.correction or ("", None)
        correction = meant if typed and begun(self.text[: self.cursor]) == typed else None
        self._apply(self.composer.key(self.text, self.cursor, character, correction=correction))
        self.post_message(self.Typed(character))

    def begin_anew(self, text: str = "") -> None:
        """Another message."""
        self.composer.forget()
        self._begun_incognito = False
        self.meter.given(text)
        self.text = text
        self.move_cursor(self.document.end)

    def ask(self) -> None:
        """Ask for words for where the cursor stands."""
        if self._begun_incognito and not self.text:
            self._begun_incognito = False
            self.history.clear()
            self.meter.discard()
        self.post_message(self.Asked(*self._asked))

    def show_ghost(self, word: str | None, typed: str) -> None:
        """What is missing of a word, behind the cursor; only at the end of its line, where it covers nothing."""
        at_end = self.cursor_location[1] == len(self.document.get_line(self.cursor_location[0]))
        fits = self._ghost and word is not None and at_end and goes_on(word, typed)
        self.suggestion = word[len(tidy(typed)) :] if fits and word is not None else ""
        self._ghost_of = word if self.suggestion else None

    def in_turn(self, do: Callable[[], Awaitable[None] | None]) -> None:
        """Have it done after the keys that were pressed before: those wait in a queue, which some bindings overtake."""
        self.call_later(do)

    def action_send(self) -> None:
        self.in_turn(self.send)

    async def send(self) -> None:
        """Finish the message and begin another; one that cannot be kept stays. Keys pressed meanwhile wait."""
        written, incognito = self.text, self.incognito
        text = written.strip()
        if not text or not (incognito or await self._keep(text)):
            return
        if incognito:
            self.meter.discard()
        else:
            self.meter.sent(written)
        self.post_message(self.Sent(text, incognito))
        self.begin_anew()

    def action_new_line(self) -> None:
        self.type("\n")

    def action_choose(self) -> None:
        self.in_turn(lambda: self.take(self.bar.marked))

    def action_dismiss(self) -> None:
        self.correction = None
        self.suggestion = ""
        self.bar.clear()
        self.post_message(self.Dismissed())

    def action_delete_left(self) -> None:
        before, edit = self.text[: self.cursor], None
        if self.selection.is_empty:
            edit = self.composer.backspace(self.text, self.cursor)
            if edit is None and (length := last_sign(before)) > 1:
                edit = Edit(self.cursor - length, self.cursor, "", self.cursor - length)
        if edit is None:
            super().action_delete_left()
        else:
            self.meter.key(self._clock())
            self._apply(edit)

    def _delete_via_keyboard(self, start: Location, end: Location) -> EditResult | None:
        """One key, however much it deletes."""
        self.meter.key(self._clock())
        return super()._delete_via_keyboard(start, end)

    def _replace_via_keyboard(self, insert: str, start: Location, end: Location) -> EditResult | None:
        """What is pasted, and what is typed over a selection."""
        self.meter.given(insert)
        return super()._replace_via_keyboard(insert, start, end)

    def action_cursor_up(self, select: bool = False) -> None:
        if self.cursor_at_first_line and not select:
            self.bar.move(-1)
        else:
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        if self.cursor_at_last_line and not select:
            self.bar.move(1)
        else:
            super().action_cursor_down(select)

    def action_cursor_right(self, select: bool = False) -> None:
        if self.suggestion and not select:
            self.take(next((slot for slot in self.bar.slots if slot.word == self._ghost_of), None))
        else:
            super().action_cursor_right(select)

    async def _on_key(self, event: events.Key) -> None:
        """Each key in its turn: left to bubble up to the bindings, Backspace would come after letters typed later."""
        typed = event.is_printable or event.character in _JOINERS
        printable = typed and event.character and self.selection.is_empty and not self.read_only
        if printable:
            self._restart_blink()
            self.type(event.character or "")
        if printable or await self.app._check_bindings(event.key):
            event.stop()
            event.prevent_default()

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
