"""The bar of words over the keys: the letters as typed on the left, the most probable word in the middle, an emoji."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from nextword.keyboard.parts import Offer
from nextword.keystrokes import SLOTS

SOURCES = {
    "shared": "the model that everybody has",
    "cluster": "the model of people like you",
    "trained": "the model trained on your messages",
    "own": "your own words",
    "many": "words of many people",
    "typed": "the letters as you typed them",
}

EMOJI = SLOTS  # the number of its slot


class Slot(Static):
    """One word of the bar, taken by a key or with the mouse."""

    DEFAULT_CSS = """
    Slot { width: 1fr; height: 1; text-align: center; }
    Slot.marked { background: $accent; color: $text; text-style: bold; }
    Slot.own { text-style: underline; }
    Slot.emoji { width: 9; }
    """

    word: reactive[str | None] = reactive(None)
    marked: reactive[bool] = reactive(False)

    @dataclass
    class Clicked(Message):
        """Somebody has chosen this slot with the mouse."""

        number: int

    def __init__(self, number: int, key: str) -> None:
        super().__init__(id=f"slot-{number}", classes="emoji" if number == EMOJI else None)
        self.number, self.key, self.source = number, key.upper(), ""

    def show(self, word: str | None, source: str = "") -> None:
        if (word, source) == (self.word, self.source):
            return
        self.word, self.source = word, source
        self.tooltip = f"{word}: offered by {SOURCES[source]}" if word and source in SOURCES else None
        shown = f"[dim]{_escaped(self.key)}[/] {_escaped(word)}" if word else ""
        self.update(shown, layout=False)  # its place is fixed
        self.set_class(source == "own", "own")

    def watch_marked(self) -> None:
        self.set_class(self.marked, "marked")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if self.word:
            self.post_message(self.Clicked(self.number))


class WordBar(Horizontal):
    """Three slots for words, of which one that holds a word is marked, and Tab takes it; a fourth for an emoji."""

    DEFAULT_CSS = "WordBar { height: 1; }"

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__()
        self.slots = [Slot(number, key) for number, key in enumerate(keys)]  # from the left
        self.answers: tuple[str, str] | None = None  # the context and the letters typed that its words are for

    def compose(self) -> ComposeResult:
        yield from self.slots

    def show(self, offers: Sequence[Offer], context: str, typed: str, emoji: str | None = None) -> None:
        """The words offered, and the letters as they were typed where no offer is just that."""
        self.answers = context, typed
        chosen = list(offers[:SLOTS])
        words = [(offer.word, offer.source) for offer in chosen]
        if typed and typed not in [word for word, _ in words]:
            words = [(typed, "typed"), *words[: SLOTS - 1]]
            order = (0, 1, 2)  # as typed, best, next
        else:
            order = (1, 0, 2)  # next, best, third
        for slot, place in zip(self.slots[:SLOTS], order, strict=True):
            slot.show(*words[place]) if place < len(words) else slot.show(None)
            slot.marked = slot is self.slots[1] and slot.word is not None
        self.slots[EMOJI].show(emoji)

    def clear(self) -> None:
        self.show((), "", "")
        self.answers = None

    @property
    def marked(self) -> Slot | None:
        """The slot that Tab takes."""
        return next((slot for slot in self.slots if slot.marked), None)

    def move(self, by: int) -> None:
        """Mark the next word that way, around the ends."""
        slots = [slot for slot in self.slots[:SLOTS] if slot.word]
        if slots:
            at = next((place for place, slot in enumerate(slots) if slot.marked), -1)
            for slot in slots:
                slot.marked = False
            slots[(at + by) % len(slots)].marked = True


def _escaped(word: str | None) -> str:
    return (word or "").replace("[", r"\[")
