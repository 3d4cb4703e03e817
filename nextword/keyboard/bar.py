"""The bar of words over the keys: the letters as typed on the left, the most probable word in the middle."""

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

_KEYS = ("F2", "F3", "F4")


class Slot(Static):
    """One word of the bar."""

    word: reactive[str | None] = reactive(None)
    marked: reactive[bool] = reactive(False)

    @dataclass
    class Clicked(Message):
        """Somebody has chosen this word with the mouse."""

        word: str

    def __init__(self, key: str) -> None:
        super().__init__(id=f"slot-{key.lower()}")
        self.key, self.source = key, ""

    def show(self, word: str | None, source: str = "") -> None:
        if (word, source) == (self.word, self.source):
            return
        self.word, self.source = word, source
        self.tooltip = f"{word}: offered by {_TOLD.get(source, source)}" if word else None
        self.update(f"[dim]{self.key}[/] {_escaped(word)}" if word else "", layout=False)  # its place is fixed
        self.set_class(source == "own", "own")

    def watch_marked(self) -> None:
        self.set_class(self.marked, "marked")

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if self.word:
            self.post_message(self.Clicked(self.word))


class WordBar(Horizontal):
    """Three slots; one that holds a word is marked, and Tab takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.slots = [Slot(key) for key in _KEYS]

    def compose(self) -> ComposeResult:
        yield from self.slots

    def show(self, offers: Sequence[Offer], typed: str) -> None:
        """The words offered, and the letters as they were typed where no offer is just that."""
        chosen = list(offers[:SLOTS])
        words = [(offer.word, offer.source) for offer in chosen]
        if typed and typed not in [word for word, _ in words]:
            words = [(typed, "typed"), *words[: SLOTS - 1]]
            order = (0, 1, 2)  # as typed, best, next
        else:
            order = (1, 0, 2)  # next, best, third
        for slot, place in zip(self.slots, order, strict=True):
            slot.show(*words[place]) if place < len(words) else slot.show(None)
            slot.marked = slot is self.slots[1] and slot.word is not None

    def clear(self) -> None:
        self.show((), "")

    @property
    def marked(self) -> str | None:
        """The word that Tab takes."""
        return next((slot.word for slot in self.slots if slot.marked), None)

    def word(self, number: int) -> str | None:
        """The word in a slot, from the left, the first being 0."""
        return self.slots[number].word

    def move(self, by: int) -> None:
        """Mark the next word that way, around the ends."""
        slots = [slot for slot in self.slots if slot.word]
        if slots:
            at = next((place for place, slot in enumerate(slots) if slot.marked), -1)
            for slot in slots:
                slot.marked = False
            slots[(at + by) % len(slots)].marked = True


_TOLD = {
    "shared": "the model that everybody has",
    "trained": "the model trained on your messages",
    "own": "your own words",
    "typed": "the letters as you typed them",
}


def _escaped(word: str | None) -> str:
    return (word or "").replace("[", r"\[")
