from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword import ngram
from nextword.ngram import END, WEIGHT_UNTESTED, WEIGHTS, Mixture, Trigram, WordCounts, choose_weight
from nextword.text import is_word, tokens

TOKENS = ["a", "ab", "abc", "b", "ba", "a'b", "é", "!", "<#>"]
messages_of = st.lists(st.lists(st.sampled_from(TOKENS), max_size=6), max_size=12)
contexts_of = st.lists(st.sampled_from([*TOKENS, "new"]), max_size=3)
prefixes_of = st.sampled_from(["", "a", "ab", "b", "a'", "é", "x", "abcd", "!"])


def spelled(token: str) -> float:
    return 257.0 ** -(len(token.encode()) + 1)


class SlowTrigram:
    """The formulas at the head of nextword/ngram.py, written out one by one over plain counts."""

    def __init__(self, messages: Sequence[Sequence[str]]):
        lines = [["START", *message, END] for message in messages]
        triples = Counter(t for line in lines for t in zip(line, line[1:], line[2:], strict=False))
        starts = Counter((line[0], line[1]) for line in lines)
        pairs = {pair for line in lines for pair in itertools.pairwise(line)}
        before: dict[tuple[str, str], set[str]] = defaultdict(set)
        for u, v, w in triples:
            before[v, w].add(u)
        self.vocabulary = {END} | {w for message in messages for w in message}
        self.counts: list[dict[tuple[str, ...], int]] = [
            {(w,): len({v for v, x in pairs if x == w}) for _, w in pairs},
            {(v, w): starts[v, w] if v == "START" else len(before[v, w]) for v, w in pairs},
            {(u, v, w): count for (u, v, w), count in triples.items()},
        ]

    def probability(self, context: Sequence[str], token: str) -> float:
        return self._interpolated(("START", *context)[-2:], token)

    def _interpolated(self, context: tuple[str, ...], token: str) -> float:
        counts = self.counts[len(context)]
        shorter = self._interpolated(context[1:], token) if context else spelled(token)
        n1, n2 = (sum(count == n for count in counts.values()) for n in (1, 2))
        discount = n1 / (n1 + 2 * n2) if n1 and n2 else 0.75
        following = {gram[-1]: count for gram, count in counts.items() if gram[:-1] == context}
        if not following:
            return shorter
        total = sum(following.values())
        seen = max(following.get(token, 0) - discount, 0) / total
        return seen + discount * len(following) / total * shorter

    def every_word(self) -> list[str]:
        return sorted(token for token in self.vocabulary if is_word(token))


def mixed(models: Sequence[SlowTrigram], weights: Sequence[float], context: Sequence[str], token: str) -> float:
    return sum(w * model.probability(context, token) for model, w in zip(models, weights, strict=True))


def assert_best(ranked: list[tuple[str, float]], expected: dict[str, float], k: int, prefix: str) -> None:
    """`ranked` holds the `k` best of `expected` that begin with `prefix`, best first; near equals in either order."""
    fitting = sorted((p for word, p in expected.items() if word.startswith(prefix)), reverse=True)[:k]
    assert [p for _, p in ranked] == pytest.approx(fitting, rel=1e-9)
    assert [p for _, p in ranked] == pytest.approx([expected[word] for word, _ in ranked], rel=1e-9)
    assert len({word for word, _ in ranked}) == len(ranked)
    assert all(word.startswith(prefix) for word, _ in ranked)


@given(messages_of, contexts_of)
def test_probabilities_are_those_of_the_formulas(messages: list[list[str]], context: list[str]) -> None:
    fast, slow = Trigram(messages), SlowTrigram(messages)
    for token in [*TOKENS, END, "new"]:
        assert fast.probability(context, token) == pytest.approx(slow.probability(context, token), rel=1e-9)


@given(messages_of, contexts_of)
def test_probabilities_sum_to_one_with_the_unseen_spellings(messages: list[list[str]], context: list[str]) -> None:
    model = Trigram(messages)
    known = {END} | {token for message in messages for token in message}
    per_spelling = model.probability(context, "new") / spelled("new")
    unseen = per_spelling * (1 - sum(map(spelled, known)))  # the spellings of all strings of bytes sum to 1
    assert sum(model.probability(context, token) for token in known) + unseen == pytest.approx(1)


def test_spellings_sum_to_one() -> None:
    # 256^n strings of n bytes: the sum over n of 256^n 257^-(n+1) is 1.
    assert math.fsum(256.0**n * 257.0 ** -(n + 1) for n in range(10)) == pytest.approx(1 - (256 / 257) ** 10)
    assert Trigram([]).probability(["a"], "é") == pytest.approx(257.0**-3)  # two bytes


@given(messages_of, contexts_of, prefixes_of, st.integers(1, 5))
def test_the_best_words_are_those_of_an_exhaustive_search(
    messages: list[list[str]], context: list[str], prefix: str, k: int
) -> None:
    slow = SlowTrigram(messages)
    expected = {word: slow.probability(context, word) for word in slow.every_word()}
    model = Trigram(messages)
    for _ in range(2):  # the second time from memory
        assert_best(model.top(context, k, prefix), expected, k, prefix)


@given(messages_of, messages_of, st.sampled_from([0.0, 0.02, 0.5, 0.9]), contexts_of, prefixes_of, st.integers(1, 4))
def test_a_mixture_is_the_sum_and_its_best_words_are_exact(
    shared: list[list[str]], own: list[list[str]], weight: float, context: list[str], prefix: str, k: int
) -> None:
    models, weights = (SlowTrigram(shared), SlowTrigram(own)), (1 - weight, weight)
    mixture = Mixture([Trigram(shared), Trigram(own)], weights)
    for token in [*TOKENS, END, "new"]:
        assert mixture.probability(context, token) == pytest.approx(mixed(models, weights, context, token), rel=1e-9)
    known = {word for model, w in zip(models, weights, strict=True) if w for word in model.every_word()}
    expected = {word: mixed(models, weights, context, word) for word in known}
    assert_best(mixture.top(context, k, prefix), expected, k, prefix)


def _zipf_messages(rng: np.random.Generator, count: int) -> list[list[str]]:
    """Messages of a few hundred words, so that rankings are deeper than what a first look at them reads."""
    return [[f"{chr(97 + n % 7)}{n}" for n in rng.zipf(1.3, size=8) % 300] for _ in range(count)]


@pytest.mark.parametrize("weight", [0.05, 0.3, 0.7])
def test_the_best_words_are_exact_over_a_vocabulary_of_hundreds(weight: float) -> None:
    rng = np.random.default_rng(3)
    shared, own = Trigram(_zipf_messages(rng, 600)), Trigram(_zipf_messages(rng, 40))
    mixture = Mixture([shared, own], (1 - weight, weight))
    words_of: dict[WordCounts, set[str]] = {
        model: {word for n in range(300) if (word := f"{chr(97 + n % 7)}{n}") in dict(model.top([], 1, word))}
        for model in (shared, own)
    }
    assert words_of[shared] - words_of[own]
    words_of[mixture] = words_of[shared] | words_of[own]
    for message in _zipf_messages(rng, 12):
        for i, prefix in itertools.product(range(4), ("", "a", message[3][:2])):
            for model in (shared, mixture):
                expected = {word: model.probability(message[:i], word) for word in words_of[model]}
                assert_best(model.top(message[:i], 3, prefix), expected, 3, prefix)


def test_a_word_far_down_both_rankings_can_be_the_best_of_the_mixture() -> None:
    # Twenty words each know ten messages of, all different, and "m" nine in both: a half of 10 against two halves of 9.
    def of(letter: str) -> Trigram:
        return Trigram([[f"{letter}{n}"] for n in range(20)] * 10 + [["m"]] * 9)

    one, other = of("a"), of("b")
    assert "m" not in dict(one.top([], 20)) | dict(other.top([], 20))
    assert Mixture([one, other], (0.5, 0.5)).top([], 1)[0][0] == "m"


@given(messages_of)
def test_the_order_of_messages_does_not_matter(messages: list[list[str]]) -> None:
    one, other = Trigram(messages), Trigram(iter(messages[::-1]))
    assert one.top(["a"], 5) == other.top(["a"], 5)
    assert [one.bits(message) for message in messages] == [other.bits(message) for message in messages]


@given(messages_of, messages_of)
def test_bits_are_the_probabilities_of_the_tokens_and_the_end(
    messages: list[list[str]], measured: list[list[str]]
) -> None:
    model = Trigram(messages)
    for message in measured:
        whole = [*message, END]
        likelihood = math.prod(model.probability(whole[:i], token) for i, token in enumerate(whole))
        assert model.bits(message) == pytest.approx(-math.log2(likelihood))


def test_a_word_too_long_for_a_float_still_has_bits() -> None:
    long = "x" * 100_000
    model = Trigram([["a", "b"]])
    mixture = Mixture([model, Trigram([["a"]])], (0.5, 0.5))
    for each in (model, mixture):
        assert each.probability(["a"], long) == 0
        assert each.token_bits(["a"], long) == pytest.approx(100_001 * math.log2(257), rel=1e-4)
    known = Trigram([["a", long]])  # and where it was seen, it is not spelled
    assert known.token_bits(["a"], long) < 10


def test_what_follows_is_offered_and_symbols_are_not() -> None:
    model = Trigram([tokens(t) for t in ["see you soon !", "see you soon :)", "see you there !", "i see !"]])
    assert [word for word, _ in model.top(["see", "you"])][:2] == ["soon", "there"]
    assert [word for word, _ in model.top(["see", "you"], prefix="th")] == ["there"]
    assert [word for word, _ in model.top(["see", "you"], prefix="soon")] == ["soon"]
    assert model.top(["see", "you"], prefix="!") == []
    assert {word for word, _ in model.top(["you", "soon"], k=10)} == {"see", "you", "soon", "there", "i"}


def test_a_trigram_of_nothing_offers_nothing() -> None:
    model = Trigram([])
    assert model.top(["a"]) == []
    assert model.bits([]) == pytest.approx(math.log2(257))
    reading = model.read([["a"]])[0]
    assert reading.slots(0, "") == []


def test_an_empty_token_is_refused() -> None:
    with pytest.raises(ValueError, match="empty token"):
        Trigram([["a", ""]])


@pytest.mark.parametrize("weights", [(0.5, 0.6), (1.5, -0.5), (1.0,)])
def test_weights_that_are_no_mixture_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="a mixture takes"):
        Mixture([Trigram([]), Trigram([])], weights)


@given(messages_of, messages_of, messages_of.filter(bool))
def test_the_weight_is_the_cheapest_of_the_grid(
    shared: list[list[str]], own: list[list[str]], validation: list[list[str]]
) -> None:
    models = (Trigram(shared), Trigram(own))
    cost = {w: sum(map(Mixture(models, (1 - w, w)).bits, validation)) for w in WEIGHTS}
    assert cost[choose_weight(*models, validation)] == pytest.approx(min(cost.values()), rel=1e-9)


def test_an_own_word_becomes_suggestible() -> None:
    shared = Trigram([["see", "you", "soon"]] * 5)
    mixture = Mixture.with_own(shared, [["see", "you", "zorblax"]] * 4, [["see", "you", "zorblax"]])
    assert mixture.top(["see", "you"])[0][0] == "zorblax"
    assert mixture.weights[1] > 0.5
    assert Mixture.with_own(shared, [["hi"]], []).weights[1] == WEIGHT_UNTESTED


def test_the_own_trigram_is_counted_on_the_validation_messages_too() -> None:
    mixture = Mixture.with_own(Trigram([["hi"]]), [["hi", "you"]] * 3, [["hi", "zorblax"]])
    assert mixture.top([], prefix="zor") != []


def test_a_shared_model_that_knows_the_validation_messages_does_not_choose_the_weight() -> None:
    train, validation = [["my", "own", "way"]] * 3, [["my", "own", "way", "again"]] * 2
    others = [["your", "way"], ["no", "way", "again"]] * 5
    leaked, clean = Trigram([*others, *train, *validation]), Trigram(others)
    biased = Mixture.with_own(leaked, train, validation)
    assert Mixture.with_own(leaked, train, validation, unseen=clean).weights[1] > biased.weights[1]


def test_memory_is_bounded_and_forgetting_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = _zipf_messages(np.random.default_rng(5), 100)
    remembers, forgets = Trigram(messages), Trigram(messages)
    expected = [remembers.top(message[:i], 3, message[i][:1]) for message in messages for i in range(8)]
    monkeypatch.setattr(ngram, "_CACHED", 4)
    assert [forgets.top(message[:i], 3, message[i][:1]) for message in messages for i in range(8)] == expected
    assert len(forgets._ranked) <= 4
