"""What the threads beside the screen tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from textual.message import Message

from nextword.keyboard.parts import Known, Leaving, Offer
from nextword.text import counted


@dataclass
class Offered(Message):
    """Words have been found for the question of this number, and an emoji for the word before the cursor."""

    number: int
    offers: Sequence[Offer]
    context: str
    typed: str
    emoji: str | None


@dataclass
class Foreseen(Message):
    """How probable the letters are that may come next, for the question of this number."""

    number: int
    chances: Mapping[str, float]


@dataclass(eq=False)
class Failed(Message):
    """Something could not be done; the line says what and why. Each is itself: the same may fail twice."""

    line: str
    field: str = ""  # of the screen of one's data, where that wanted it

    @classmethod
    def of(cls, error: BaseException, field: str = "") -> Self:
        """With the file where it is one that failed, and no number."""
        if isinstance(error, OSError) and error.strerror:
            return cls(f"{error.filename}: {error.strerror}" if error.filename else error.strerror, field)
        return cls(str(error) or type(error).__name__, field)


@dataclass
class Done(Message):
    """Something was done that may change what is offered; the line says what."""

    line: str


@dataclass
class Forgotten(Done):
    """A word was forgotten; what is being written may hold it, too."""

    word: str


@dataclass
class Found(Message):
    """Words that the keyboard knows."""

    known: Sequence[Known]


@dataclass
class Weighed(Message):
    """What a federated round would take from here."""

    leaving: Leaving


@dataclass
class Several(Message):
    """A file is a chat: who has written what in it."""

    file: str
    written: Mapping[str, Sequence[str]]


@dataclass
class Learned(Message):
    """So many messages of a file were learned; so many are known of it from before."""

    file: str
    messages: int
    known: int

    @property
    def line(self) -> str:
        """As the person is told."""
        if self.known and not self.messages:
            return f"{self.file} was learned before; nothing new"
        before = f"; {self.known:,} before them were learned already" if self.known else ""
        return f"{counted(self.messages, 'message')} learned from {self.file}{before}"


@dataclass
class Exported(Message):
    """All was written to this file."""

    file: str


@dataclass
class Erased(Message):
    """All that was kept is deleted; or the failure that came instead."""

    failed: Failed | None = None


class Due(Message):
    """Enough was sent for a training."""
