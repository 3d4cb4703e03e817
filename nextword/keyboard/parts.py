"""What the screen is handed: all that it knows of models and of what is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


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


@dataclass(frozen=True)
class Known:
    """A word that the keyboard has learned, or is told never to offer."""

    word: str  # as it is written
    times: float  # that it was sent; of older messages less is counted
    hidden: bool  # never offered


@dataclass(frozen=True)
class Leaving:
    """What a federated round would take from here, and what it would not: what it is, and its bytes."""

    sent: Sequence[tuple[str, int]]
    kept: Sequence[tuple[str, int]]


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
        """Who offers it: "shared", "cluster", "trained", "own", ..."""


class Keyboard(Protocol):
    """One person's keyboard. Calls that take time come from one thread, one after another."""

    @property
    def name(self) -> str:
        """Whose it is."""

    @property
    def messages(self) -> Sequence[str]:
        """What was sent before, oldest first."""

    @property
    def trouble(self) -> str:
        """What it does without because that cannot be read, in a line; empty where all is well."""

    def suggest(self, context: str, typed: str) -> Sequence[Offer]:
        """The most probable words after a text, given the letters typed; best first."""

    def letters(self, context: str, typed: str) -> Mapping[str, float]:
        """How probable each letter is as the next one; empty where nothing is known."""

    def send(self, text: str) -> None:
        """Keep a message and learn from it. Raises OSError where that fails; then nothing is kept."""

    @property
    def untrained(self) -> int:
        """How many messages were kept since the last training that came to an end; 0 where all are too few for one."""

    def train(self, progress: Callable[[int, int], None]) -> Trained:
        """Learn the person's habits beside all other calls; what `progress` raises stops it and changes nothing.

        Raises ValueError where there are too few messages.
        """

    def undo_training(self) -> None:
        """Go back to what was used before the last training. Raises ValueError where there was none."""

    def block(self, word: str) -> None:
        """Never offer this word again, in whatever form. Raises as `send` does, as do all that follow."""

    def unblock(self, word: str) -> None:
        """Offer it again."""

    def forget(self, word: str) -> None:
        """Unlearn a word until it is sent again."""

    def without(self, text: str, word: str) -> str:
        """A text as it is left where a word was forgotten."""

    def write(self, form: str) -> None:
        """A word is written so, whatever was sent. Raises ValueError for what is no word."""

    def rename(self, word: str, form: str) -> None:
        """A word was meant as another one, written so. Raises ValueError for what is no word, or was not learned."""

    def words(self, beginning: str, most: int) -> Sequence[Known]:
        """Words that begin so, the hidden ones first, then those sent most."""

    def leaving(self) -> Leaving:
        """What would leave this device, and what would stay."""

    def read(self, file: str) -> Mapping[str, Sequence[str]]:
        """Who has written what in a file, oldest first; plain text is of one without a name.

        Raises ValueError for what is no text, OSError for what cannot be read.
        """

    def learn(self, messages: Sequence[str]) -> tuple[int, int]:
        """Keep and learn what is new of a file's messages: how many, and how many were learned of it before."""

    def export(self, file: str) -> None:
        """Write what was sent, and said of words, to a new file; one that is there is left alone. Raises OSError."""

    def erase(self) -> None:
        """Delete all that is kept, and offer what a new keyboard does. Raises OSError."""

    def read_state(self) -> dict[str, Any]:
        """What `write_state` was given last; empty where that was never, or cannot be read."""

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Keep how the screen was left, as JSON. Raises OSError."""
