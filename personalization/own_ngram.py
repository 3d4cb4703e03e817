"""A person's own words, counted in the contexts they stand in: learned at once, forgotten at once, without gradients.

What is counted is a layer over the shared model (`nextword.ngram_layer` has the formula). Of two messages the newer
counts more: weights halve every `half_life` messages (Kuhn & De Mori 1990, a cache).
"""

from __future__ import annotations

import bisect
import heapq
from collections import Counter
from collections.abc import Iterable

from nextword.casing import begins_sentence
from nextword.layers import END, beginning
from nextword.ngram_layer import START, NgramConfig, NgramLayer
from nextword.text import is_word, normalise, spans, tidy, tokens, words

_RESCALE = 1e12
_TOO_NEW = "\t"  # stands in the counts for a word that was not sent often enough yet; never typed as a token


class OwnNgram(NgramLayer):
    """Of raw messages, oldest first. A word is counted from the time on that it was sent `least_times`."""

    def __init__(
        self,
        config: NgramConfig | None = None,
        messages: Iterable[str] = (),
        *,
        half_life: float = 3000.0,
        least_times: int = 1,
    ):
        if not half_life > 0:
            raise ValueError("own n-gram: half-life must be above 0 messages")
        super().__init__(config or NgramConfig(), {}, source="own")
        self.half_life, self.least_times = half_life, least_times
        self._sent: Counter[str] = Counter()  # words that are too new
        self._forms: dict[str, str] = {}
        self.fixed_forms: dict[str, str] = {}  # as the person wants words written, however they type them
        for message in messages:
            self.learn(message)

    def learn(self, message: str) -> None:
        """Count one more message, the newest, and see how its words are written."""
        self.unit *= 2.0 ** (1 / self.half_life)
        flow = [START, *map(self._counted, tokens(normalise(message))), END]
        singles = self.followers.setdefault((), {})
        for place in range(1, len(flow)):
            token = flow[place]
            if token not in singles and is_word(token):
                bisect.insort(self.words, token)
            for size in range(min(place, 2) + 1):
                counts = self.followers.setdefault(tuple(flow[place - size : place]), {})
                counts[token] = counts.get(token, 0.0) + self.unit
        if self.unit > _RESCALE:
            for counts in self.followers.values():
                for token in counts:
                    counts[token] /= self.unit
            self.unit = 1.0
        for token in flow:
            self._sent.pop(token, None)
        for line in message.split("\n"):
            self._see_forms(tidy(line))
        self.changed()

    def _see_forms(self, written: str) -> None:
        """How a line's words are written inside sentences; one in capitals tells nothing, but for a single word."""
        if written.isupper() and sum(map(str.isupper, words(written))) > 1:
            return
        for start, end in spans(written):
            if not begins_sentence(written, start):
                self._forms[normalise(written[start:end])] = written[start:end]

    def _counted(self, token: str) -> str:
        """The token as it is counted."""
        if self.least_times == 1 or not is_word(token) or token in self.followers.get((), {}):
            return token
        self._sent[token] += 1
        return token if self._sent[token] >= self.least_times else _TOO_NEW

    def times(self, word: str) -> float:
        """How often a word was typed; of older messages less is counted."""
        return self.followers.get((), {}).get(word, 0.0) / self.unit

    def frequent(self, k: int, prefix: str = "") -> list[tuple[str, float]]:
        """The `k` words that begin so and were typed most, with how often; of older messages less is counted."""
        singles = self.followers.get((), {})
        times = ((word, singles[word] / self.unit) for word in beginning(self.words, prefix))
        return heapq.nsmallest(k, times, key=lambda item: (-item[1], item[0]))

    def written(self, word: str) -> str | None:
        """As the person wants it, or wrote it last inside a sentence; None where they never did."""
        return self.fixed_forms.get(word) or self._forms.get(word)

    def forget(self, word: str) -> None:
        """Take a word out of all that was counted, before other words as well as after them."""
        for context, counts in list(self.followers.items()):
            counts.pop(word, None)
            if word in context or not counts:
                del self.followers[context]
        self._sent.pop(word, None)
        self._forget_itself(word)

    def rename(self, word: str, form: str) -> None:
        """Count a word as another one, written as `form`, each time at the age that it has.

        The counts are those of messages in which the other one stood, up to rounding. Where words are learned late
        (`least_times`), the times that either was too new to be counted stay uncounted.
        """
        other = normalise(form)
        if other != word:
            for context, counts in list(self.followers.items()):
                if word in counts:
                    counts[other] = counts.get(other, 0.0) + counts.pop(word)
                if word in context:
                    del self.followers[context]
                    merged = self.followers.setdefault(
                        tuple(other if token == word else token for token in context), {}
                    )
                    for token, count in counts.items():
                        merged[token] = merged.get(token, 0.0) + count
            self._sent[other] += self._sent.pop(word, 0)
            if other in self:
                del self._sent[other]
                place = bisect.bisect_left(self.words, other)
                if self.words[place : place + 1] != [other]:
                    self.words.insert(place, other)
            self._forget_itself(word)
        self.fixed_forms[other] = form
        self.changed()

    def _forget_itself(self, word: str) -> None:
        """Take a word out of those there are, and how it is written."""
        self._forms.pop(word, None)
        self.fixed_forms.pop(word, None)
        place = bisect.bisect_left(self.words, word)
        if self.words[place : place + 1] == [word]:
            del self.words[place]
        self.changed()
