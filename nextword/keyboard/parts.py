"""What the screen is handed: all that it knows of models and of what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Offer(Protocol):
    """A word that may be put in."""

    @property
    def word(self) -> str:
        """As it is written here."""

    @property
    def probability(self) -> float:
        """That it is the word."""

    @property
    def source(self) -> str:
        """Who offers it: "shared", "trained", "own", ..."""


class Keyboard(Protocol):
    """One person's keyboard. Calls that take time come from one thread, one after another."""

    @property
    def name(self) -> str:
        """Whose it is."""

    @property
    def messages(self) -> Sequence[str]:
        """What was sent before, oldest first."""

    def suggest(self, context: str, typed: str) -> Sequence[Offer]:
        """The most probable words after a text, given the letters typed; best first."""

    def send(self, text: str) -> None:
        """Keep a message and learn from it. Raises OSError where that fails; then nothing is kept."""

    def block(self, word: str) -> None:
        """Never offer this word again. Raises as `send` does."""
