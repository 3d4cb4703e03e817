"""What the bar is worth to this person: keys, words and time, counted as they type. It keeps numbers and no text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from nextword.text import is_word, normalise, spans, straight

_PAUSE_S = 5.0  # longer than this nobody types, they think
_WORD_CHARACTERS = 5  # of a word, where words per minute are counted


class Tally(BaseModel):
    """Of all messages sent. Slots are counted from the left."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    messages: int = 0
    characters: int = 0
    given: int = 0  # of the characters, those that were pasted or restored
    keys: int = 0  # pressed for them, those that took words or deleted letters among them; sending is not counted
    words: int = 0
    offered: int = 0  # of the words, those that stood in the bar before they were whole
    taken: Counter[int] = Counter()  # by slot, for each word taken from the bar
    sources: Counter[str] = Counter()  # of the words taken
    typing_s: float = 0.0

    @property
    def keys_saved(self) -> float:
        """The share of keys that the bar has saved; below 0 where more was corrected than saved."""
        return 1 - self.keys / self.characters if self.characters else 0.0

    @property
    def words_per_minute(self) -> float:
        return (self.characters - self.given) / _WORD_CHARACTERS / (self.typing_s / 60) if self.typing_s else 0.0

    def share(self, count: int) -> float:
        """Of all words."""
        return count / self.words if self.words else 0.0


class Meter:
    """Counts for the message that is being written, and adds it to the tally when it is sent."""

    def __init__(self, tally: Tally | None = None) -> None:
        self.tally = tally or Tally()
        self._last_s: float | None = None
        self.discard()

    def given(self, text: str) -> None:
        """It was not typed here, but pasted or restored: as many keys as it has characters."""
        self._keys += len(text)
        self._given += len(text)

    def key(self, at_s: float) -> None:
        """A key was pressed, at this moment of any clock."""
        self._keys += 1
        if self._last_s is not None:
            self._typing_s += min(at_s - self._last_s, _PAUSE_S)
        self._last_s = at_s

    def shown(self, at: int, offered: Sequence[str]) -> None:
        """These words stand in the bar for the word that begins at this place of the message."""
        self._shown.setdefault(at, set()).update(map(normalise, offered))

    def took(self, slot: int, source: str) -> None:
        """A word was taken from the bar."""
        self._taken[slot] += 1
        self._sources[source] += 1

    def sent(self, text: str) -> None:
        """The message is finished, as it was written: spaces around it move its words, and are no part of it."""
        tally, plain = self.tally, straight(text)
        written = [(start, normalise(plain[start:end])) for start, end in spans(plain) if is_word(plain[start:end])]
        tally.messages += 1
        tally.characters += (characters := len(text.strip()))
        tally.given += min(self._given, characters)  # some may be deleted again
        tally.keys += self._keys
        tally.words += len(written)
        tally.offered += sum(word in self._shown.get(start, ()) for start, word in written)
        tally.taken.update(self._taken)
        tally.sources.update(self._sources)
        tally.typing_s += self._typing_s
        self.discard()

    def discard(self) -> None:
        """Begin a message anew."""
        self._keys, self._given, self._typing_s, self._last_s = 0, 0, 0.0, None
        self._shown: dict[int, set[str]] = {}
        self._taken: Counter[int] = Counter()
        self._sources: Counter[str] = Counter()
