"""Interpolated Kneser-Ney trigrams over tokens (words and runs of symbols), and mixtures of them.

Kneser & Ney 1995, in the interpolated form of Chen & Goodman 1999 (section 2.7), with one discount per order. With
N1+(·x) the number of different tokens seen before x,

    p(w | uv) = (c(uvw) - D3) / c(uv·) + l(uv) p(w | v)     c: how often
    p(w | v)  = (a(vw)  - D2) / a(v·)  + l(v)  p(w)         a(vw) = N1+(·vw), or c(vw) where v is the start of a message
    p(w)      = (a(w)   - D1) / a(·)   + l     P0(w)        a(w)  = N1+(·w)

where a count of zero leaves only the second term, D = n1 / (n1 + 2 n2) of the counts of its order (n1 of them are 1,
n2 of them 2; D = 3/4 where either is 0), and l = D times (different tokens seen after the context) / (the sum below the
line), or 1 where the context was never seen. P0(w) = 257^-(UTF-8 bytes of w + 1) spells a token byte by byte and stops;
it sums to 1 over all strings of bytes, of which the empty one stands for the end of a message. So every token has a
probability, and p(· | context) sums to 1.

The first token of a message is predicted from its start, p(w | START); nothing stands before the start.
"""

# V tokens with the end, E entries (different n-grams of an order), R rows (different contexts)

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from nextword.keystrokes import SLOTS
from nextword.text import is_word

END = ""  # the end of a message, as a token
WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9)
WEIGHT_UNTESTED = 0.2  # of a person's own trigram where there is nothing to choose by
_CACHED = 20_000  # rankings a trigram keeps
_ROUNDING = 1e-15  # more than sums of a few probabilities can be off by
_LOG2_257 = math.log2(257)
_LAST = "\U0010ffff"  # sorts after every letter

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Ranked = list[tuple[int, float]]  # word ids with their probabilities, best first, of equals the smaller id first


class WordCounts(ABC):
    """What trigrams and mixtures of them share: the linear algebra is theirs, the questions are the same."""

    @abstractmethod
    def _mass(self, context: Sequence[str], token: str) -> tuple[float, float]:
        """(p, l): the token's probability is p + l P0(token)."""

    @abstractmethod
    def top(self, context: Sequence[str], k: int = SLOTS, prefix: str = "") -> list[tuple[str, float]]:
        """The `k` most probable of the words known that begin with `prefix`, best first, equals by spelling.

        Exact. Symbols and the end of the message are left out; probabilities are those among all tokens.
        """

    def probability(self, context: Sequence[str], token: str) -> float:
        """p(token | the tokens before it in the message); END asks for the end. Below 1e-308 it comes back as 0."""
        p, unseen = self._mass(context, token)
        return p + unseen * math.exp2(-_spelling_bits(token))

    def token_bits(self, context: Sequence[str], token: str) -> float:
        """-log2 p(token | context), finite for a token of any length."""
        p, unseen = self._mass(context, token)
        spelling_bits = _spelling_bits(token)
        return -math.log2(p + unseen * math.exp2(-spelling_bits)) if p > 0 else spelling_bits - math.log2(unseen)

    def bits(self, message: Sequence[str]) -> float:
        """What the message costs in bits, its end included."""
        whole = [*message, END]
        return math.fsum(self.token_bits(whole[max(0, i - 2) : i], token) for i, token in enumerate(whole))

    def read(self, messages: Sequence[Sequence[str]]) -> list[Reading]:
        """Read messages for the metrics (`nextword.metrics.WordModel`)."""
        return [Reading(self, message) for message in messages]


class Reading:
    """One message under one model: what it costs, and the words offered at each place."""

    def __init__(self, model: WordCounts, message: Sequence[str]):
        self.bits = model.bits(message)
        self._model, self._message = model, message

    def slots(self, position: int, prefix: str) -> list[str]:
        """The three most probable words at token `position` that begin with `prefix`."""
        return [word for word, _ in self._top(position, prefix)]

    def chances(self, position: int) -> list[float]:
        """How probable each of `slots(position, "")` is, among all words, symbols and the end."""
        return [p for _, p in self._top(position, "")]

    def _top(self, position: int, prefix: str) -> list[tuple[str, float]]:
        return self._model.top(self._message[max(0, position - 2) : position], SLOTS, prefix)


class Trigram(WordCounts):
    """An interpolated Kneser-Ney trigram over `messages`, each a list of tokens.

    Without any, a token is as probable as its spelling. Raises ValueError for an empty token.
    """

    # Token ids: the words in the order of their spelling, symbols, the end.

    def __init__(self, messages: Iterable[Sequence[str]]):
        vocabulary, flow = _number(messages)
        self._words = [token for token in vocabulary if is_word(token)]
        self._ids = {token: i for i, token in enumerate(vocabulary)}
        self._start = start = len(vocabulary)  # never predicted, so it is a context only
        size, num_words = start + 1, len(self._words)

        place = np.flatnonzero(flow != start)  # of every token predicted; flow begins with a start
        keys2_E, bigram, counts2_E = np.unique(
            flow[place - 1] * size + flow[place], return_inverse=True, return_counts=True
        )
        rows2_E, ids2_E = np.divmod(keys2_E, size)
        second = np.flatnonzero(flow[place - 1] != start)  # tokens with two before them; those before are in `place`
        keys3_E, counts3_E = np.unique(bigram[second - 1] * size + flow[place[second]], return_counts=True)
        rows3_E, ids3_E = np.divmod(keys3_E, size)
        shorter_E = np.searchsorted(keys2_E, ids2_E[rows3_E] * size + ids3_E)  # of each trigram, its last two tokens
        adjusted2_E = np.where(rows2_E == start, counts2_E, np.bincount(shorter_E, minlength=len(keys2_E)))

        spelled_V = np.array([math.exp2(-_spelling_bits(token)) for token in vocabulary])
        adjusted1_V = np.bincount(ids2_E, minlength=start)
        seen_E = np.flatnonzero(adjusted1_V)
        p1_E, backoff1_R = _interpolate(np.zeros_like(seen_E), adjusted1_V[seen_E], spelled_V[seen_E], 1)
        self._unseen = float(backoff1_R[0])
        self._p1_V = self._unseen * spelled_V
        self._p1_V[seen_E] = p1_E
        p2_E, backoff2_R = _interpolate(rows2_E, adjusted2_E, self._p1_V[ids2_E], size)
        p3_E, backoff3_R = _interpolate(rows3_E, counts3_E, p2_E[shorter_E], len(keys2_E))
        self._bigrams = _Followers(rows2_E, ids2_E, p2_E, backoff2_R, num_words)
        self._trigrams = _Followers(rows3_E, ids3_E, p3_E, backoff3_R, num_words)  # row: the bigram's place
        self._ranges: dict[str, tuple[int, int]] = {}
        self._ranked: dict[tuple[int, int, str, int], Ranked] = {}

    def top(self, context: Sequence[str], k: int = SLOTS, prefix: str = "") -> list[tuple[str, float]]:
        return [(self._words[word], p) for word, p in self._rank(*self._locate(context), prefix, k)]

    def _mass(self, context: Sequence[str], token: str) -> tuple[float, float]:
        row, last = self._locate(context)
        word, backoff = self._ids.get(token, -1), 1.0
        for followers, at in ((self._trigrams, row), (self._bigrams, last)):
            if at >= 0:
                entry = followers.find(at, word)
                if entry >= 0:
                    return backoff * float(followers.p_E[entry]), 0.0
                backoff *= float(followers.backoff_R[at])
        return (backoff * float(self._p1_V[word]), 0.0) if word >= 0 else (0.0, backoff * self._unseen)

    def _locate(self, context: Sequence[str]) -> tuple[int, int]:
        """The row of the last two tokens among the trigrams, and of the last among the bigrams; -1 where unseen."""
        if not context:
            return -1, self._start
        last = self._ids.get(context[-1], -1)
        before = self._ids.get(context[-2], -1) if len(context) > 1 else self._start
        return (self._bigrams.find(before, last) if before >= 0 <= last else -1), last

    def _rank(self, row: int, last: int, prefix: str, k: int) -> Ranked:
        """The `k` most probable words that begin with `prefix`.

        A word that never followed the context is p(w | shorter context) times a constant, so of those only the `k`
        best after the shorter context can be among the `k` best here.
        """
        key = (row, -1 if row >= 0 else last, prefix, k)  # a row says what the last token is
        if (known := self._ranked.get(key)) is not None:
            return known
        first, stop = self._range(prefix)
        if first == stop:
            ranked: Ranked = []
        elif row < 0 and last < 0:
            ranked = _largest(self._p1_V[first:stop], np.arange(first, stop), k)
        else:
            followers, at = (self._trigrams, row) if row >= 0 else (self._bigrams, last)
            ranked = followers.best(at, first, stop, k)
            listed = {word for word, _ in ranked}
            enough = ranked[-1][1] if len(ranked) == k else 0.0
            backoff = float(followers.backoff_R[at])
            for word, shorter in self._rank(-1, last if row >= 0 else -1, prefix, k):
                p = backoff * shorter
                if p < enough:  # holds for a follower that is not listed: p is only one term of what it has
                    break
                if word not in listed:
                    ranked.append((word, p))
            ranked = sorted(ranked, key=_best_first)[:k]
        if len(self._ranked) >= _CACHED:
            self._ranked.clear()
        self._ranked[key] = ranked
        return ranked

    def _range(self, prefix: str) -> tuple[int, int]:
        """The ids of the words that begin with `prefix`: from the first up to, not including, the second."""
        if (known := self._ranges.get(prefix)) is None:
            known = bisect_left(self._words, prefix), bisect_left(self._words, prefix + _LAST)
            if len(self._ranges) >= _CACHED:
                self._ranges.clear()
            self._ranges[prefix] = known
        return known


class Mixture(WordCounts):
    """p = sum of weight times p of each model; a model of weight 0 is left out."""

    def __init__(self, models: Sequence[WordCounts], weights: Sequence[float]):
        if len(models) != len(weights) or min(weights) < 0 or abs(math.fsum(weights) - 1) > 1e-9:
            raise ValueError(f"a mixture takes one weight for each model, in all 1, not {list(weights)}")
        self.weights = tuple(weights)
        self._parts = [(model, weight) for model, weight in zip(models, weights, strict=True) if weight > 0]

    @classmethod
    def with_own(
        cls,
        shared: WordCounts,
        train: Sequence[Sequence[str]],
        validation: Sequence[Sequence[str]],
        *,
        unseen: WordCounts | None = None,
    ) -> Mixture:
        """A shared model mixed with a person's own trigram.

        The weight is that of `WEIGHTS` under which the validation messages cost the fewest bits, while the own trigram
        knows `train` only; then it is counted again on both. If the shared model has itself counted the validation
        messages it looks better on them than it is: then give as `unseen` one that has not, for choosing the weight.
        Without validation messages the weight is `WEIGHT_UNTESTED`.
        """
        weight = choose_weight(unseen or shared, Trigram(train), validation)
        return cls((shared, Trigram([*train, *validation])), (1 - weight, weight))

    def top(self, context: Sequence[str], k: int = SLOTS, prefix: str = "") -> list[tuple[str, float]]:
        # The threshold algorithm (Fagin et al. 2003): read every model's ranking so deep that no word further down,
        # and no word unknown to a model, can be better than the k-th found.
        depth = 4 * k
        while True:
            rankings = [model.top(context, depth, prefix) for model, _ in self._parts]
            if len(rankings) == 1:
                return rankings[0][:k]
            found, limit = self._found(context, k, rankings, prefix, depth)
            if (len(found) == k and found[-1][1] > limit) or all(len(ranking) < depth for ranking in rankings):
                return found
            depth *= 4

    def _found(
        self, context: Sequence[str], k: int, rankings: Sequence[list[tuple[str, float]]], prefix: str, depth: int
    ) -> tuple[list[tuple[str, float]], float]:
        """The `k` best of the words in the rankings, and what a word in none of them has at most."""
        spelled = 257.0 ** -(max(1, len(prefix.encode(errors="replace"))) + 1)
        limits = [max(ranking[-1][1], spelled) if len(ranking) == depth else spelled for ranking in rankings]
        limit = math.fsum(w * at_most for (_, w), at_most in zip(self._parts, limits, strict=True)) + _ROUNDING
        at_most: dict[str, float] = {}
        for (_, weight), ranking, unlisted in zip(self._parts, rankings, limits, strict=True):
            for word, p in ranking:
                at_most[word] = at_most.get(word, limit) + weight * (p - unlisted)
        listed = [dict(ranking) for ranking in rankings]
        found: list[tuple[str, float]] = []
        for word, bound in sorted(at_most.items(), key=lambda item: -item[1]):
            if len(found) == k and found[-1][1] > bound:
                break
            mixed = 0.0
            for (model, weight), probabilities in zip(self._parts, listed, strict=True):
                known = probabilities.get(word)
                mixed += weight * (model.probability(context, word) if known is None else known)
            found = sorted([*found, (word, mixed)], key=lambda item: (-item[1], item[0]))[:k]
        return found, limit

    def _mass(self, context: Sequence[str], token: str) -> tuple[float, float]:
        masses = [(weight, model._mass(context, token)) for model, weight in self._parts]
        return math.fsum(w * p for w, (p, _) in masses), math.fsum(w * unseen for w, (_, unseen) in masses)


def choose_weight(shared: WordCounts, own: WordCounts, validation: Sequence[Sequence[str]]) -> float:
    """The weight of `own` in `WEIGHTS` under which `validation` costs the fewest bits; of equals the smallest."""
    if not validation:
        return WEIGHT_UNTESTED
    bits = np.array(
        [
            [model.token_bits(whole[:i][-2:], token) for model in (shared, own)]
            for message in validation
            for whole in [[*message, END]]
            for i, token in enumerate(whole)
        ]
    )
    with np.errstate(divide="ignore"):  # a weight of 0
        costs = [-np.logaddexp2(np.log2(1 - w) - bits[:, 0], np.log2(w) - bits[:, 1]).sum() for w in WEIGHTS]
    return WEIGHTS[int(np.argmin(costs))]


class _Followers:
    """The n-grams of one order: for each context (a row) the tokens that followed it, with p(token | context)."""

    def __init__(self, rows_E: Ints, ids_E: Ints, p_E: Floats, backoff_R: Floats, num_words: int):
        bounds = np.arange(len(backoff_R) + 1)
        self.ids_E, self.p_E, self.backoff_R = ids_E, p_E, backoff_R
        self._starts_R = np.searchsorted(rows_E, bounds)
        words = np.flatnonzero(ids_E < num_words)
        order = words[np.lexsort((-p_E[words], rows_E[words]))]  # stable: of equals the smaller id first
        self._ranked_ids, self._ranked_p = ids_E[order], p_E[order]
        self._ranked_starts_R = np.searchsorted(rows_E[order], bounds)
        self._all_words = num_words

    def find(self, row: int, token: int) -> int:
        """The entry of `token` in `row`, or -1."""
        start, stop = self._starts_R[row], self._starts_R[row + 1]
        entry = start + self.ids_E[start:stop].searchsorted(token)
        return int(entry) if entry < stop and self.ids_E[entry] == token else -1

    def best(self, row: int, first: int, stop: int, k: int) -> Ranked:
        """The `k` most probable tokens of `row` with ids from `first` up to `stop`, all of them words."""
        if (first, stop) == (0, self._all_words):
            start, end = self._ranked_starts_R[row], self._ranked_starts_R[row + 1]
            some = slice(start, min(end, start + k))
            return list(zip(self._ranked_ids[some].tolist(), self._ranked_p[some].tolist(), strict=True))
        start, end = self._starts_R[row], self._starts_R[row + 1]
        low, high = start + self.ids_E[start:end].searchsorted((first, stop))
        return _largest(self.p_E[low:high], self.ids_E[low:high], k)


def _number(messages: Iterable[Sequence[str]]) -> tuple[list[str], Ints]:
    """The vocabulary, and all messages in one row of ids: start, tokens, end, start, tokens, end …"""
    ids, row, num_messages = {END: 0}, array("q"), 0
    for message in messages:
        num_messages += 1
        row.append(-1)
        row.extend([ids.setdefault(token, len(ids)) for token in message])
        row.append(0)
    flow = np.array(row, dtype=np.int64)
    if np.count_nonzero(flow == 0) != num_messages:
        raise ValueError("a message has an empty token; split texts with nextword.text.tokens")
    vocabulary = sorted(ids, key=lambda token: (token == END, not is_word(token), token))
    renumbered = np.empty(len(ids) + 1, dtype=np.int64)
    renumbered[[ids[token] for token in vocabulary]] = np.arange(len(ids))
    renumbered[-1] = len(ids)  # the start
    return vocabulary, renumbered[flow]


def _interpolate(rows_E: Ints, counts_E: Ints, shorter_E: Floats, num_rows: int) -> tuple[Floats, Floats]:
    """p of every entry, and the backoff weight of every row, from counts and p after the shorter context."""
    ones, twos = np.count_nonzero(counts_E == 1), np.count_nonzero(counts_E == 2)
    discount = ones / (ones + 2 * twos) if ones and twos else 0.75  # 1 would forget what was seen once
    totals_R = np.bincount(rows_E, weights=counts_E, minlength=num_rows)
    different_R = np.bincount(rows_E, minlength=num_rows)
    backoff_R = np.where(totals_R > 0, discount * different_R / np.maximum(totals_R, 1), 1.0)
    return (counts_E - discount) / totals_R[rows_E] + backoff_R[rows_E] * shorter_E, backoff_R


def _largest(p_N: Floats, ids_N: Ints, k: int) -> Ranked:
    """The `k` largest of `p_N` with their ids, which ascend."""
    if len(p_N) > 8 * k:
        some = np.flatnonzero(p_N >= np.partition(p_N, len(p_N) - k)[len(p_N) - k])
        p_N, ids_N = p_N[some], ids_N[some]
    return sorted(zip(ids_N.tolist(), p_N.tolist(), strict=True), key=_best_first)[:k]


def _best_first(item: tuple[int, float]) -> tuple[float, int]:
    return -item[1], item[0]


def _spelling_bits(token: str) -> float:
    """-log2 P0(token)."""
    return (len(token.encode(errors="replace")) + 1) * _LOG2_257
