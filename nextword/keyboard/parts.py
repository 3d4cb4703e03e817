"""What the screen is handed: all that it knows of models and of what is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Shares:
    """How a model did on messages, as fractions of 1."""

    first: float  # of the words, those that were offered first
    keys_saved: float  # with a bar of three


@dataclass(frozen=True)
class Trained:
    """What a training came to, on the newest messages, of which it knew nothing yet."""

    shipped: bool  # whether it is used from now on
    before: Shares
    after: Shares


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

    def train(self, progress: Callable[[int, int], None]) -> Trained:
        """Learn the person's habits beside all other calls; what `progress` raises stops it and changes nothing.

        Raises ValueError where there are too few messages.
        """

    def undo_training(self) -> None:
        """Go back to what was used before the last training. Raises ValueError where there was none."""

    def block(self, word: str) -> None:
        """Never offer this word again. Raises as `send` does."""
