"""What the threads beside the screen tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.message import Message

from nextword.keyboard.parts import Known, Leaving, Offer


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


@dataclass
class Failed(Message):
    """Something could not be done; the line says what and why."""

    line: str


@dataclass
class Done(Message):
    """Something was done that may change what is offered; the line says what."""

    line: str


@dataclass
class Found(Message):
    """Words that the keyboard knows."""

    known: Sequence[Known]


@dataclass
class Weighed(Message):
    """What a federated round would take from here."""

    leaving: Leaving


class Due(Message):
    """Enough was sent for a training."""
