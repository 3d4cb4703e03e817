from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword import metrics
from nextword.metrics import UserResult, measure, summarise
from nextword.ngram import Trigram
from nextword.text import is_word, normalise, spans, tokens, words


@dataclass
class Bar:
    """A model that always offers the same words, most probable first, and asks one bit for a token."""

    offers: Sequence[str]
    bits_per_token: float = 1.0

    def read(self, messages: Sequence[Sequence[str]]) -> list[BarReading]:
        return [BarReading(self, list(message)) for message in messages]


@dataclass
class BarReading:
    bar: Bar
    message: list[str]

    @property
    def bits(self) -> float:
        return self.bar.bits_per_token * (len(self.message) + 1)

    def slots(self, position: int, prefix: str) -> list[str]:
        assert self.message[position].startswith(prefix)
        assert is_word(self.message[position])
        return [word for word in self.bar.offers if word.startswith(prefix)][:3]

    def chances(self, position: int) -> list[float]:
        return [0.5, 0.25, 0.125][: len(self.bar.offers)]


@pytest.mark.parametrize(
    ("text", "offers", "keys_typed"),
    [
        # "see you": 7 characters. Nothing offered: all are typed.
        ("see you", [], 7),
        # "see" is offered at once: 1 key for "see ", then y-o-u: 1 + 3.
        ("see you", ["see"], 4),
        # Both at once: 1 for "see ", 1 for "you", which has no space to win: 1 + 1.
        ("see you", ["you", "see"], 2),
        # The bar holds three: "see" shows after its first letter only, s + accept; then y-o-u: 2 + 3.
        ("see you", ["a", "b", "c", "see"], 5),
        # "see" shows after s-e only, when the bar no longer begins with the letters: 3 keys, not 4, for "see "; 3 + 3.
        ("see you", ["sa", "sb", "sc", "see"], 6),
        # "seed" hides behind three words until s-e-e is typed: accepting it then would make 4 keys, as many as typing.
        ("seed", ["sea", "seat", "set", "seed"], 4),
        # The same before a space: 3 letters and 1 key for the rest and the space, 4 instead of 5; then "x".
        ("seed x", ["sea", "seat", "set", "seed"], 5),
        # Behind three words as long as letters are missing, it is never offered.
        ("seed x", ["seedy", "seeds", "seeded", "seed"], 6),
        # Before a symbol there is no space to win: 1 for "ok", 1 for "!", 1 for the space, 1 for "ok".
        ("ok! ok", ["ok"], 4),
        # A word of one letter saves its space only: "i " by 1 key, "am" by 1; at the end of a message it saves nothing.
        ("i am", ["i", "am"], 2),
        ("i", ["i"], 1),
        # Symbols and placeholders are typed as they stand: ":) <url> " is 9, then 1 for "yes".
        (":) <url> yes", ["yes"], 10),
        # An apostrophe and a repeated space: normalised to "don't go", 1 + 2.
        ("Don\u2019t  GO", ["don't"], 3),
        # A dot inside: "3.30pm" is "3" (typed: no key saved), "." and "30pm" (accepted): 1 + 1 + 1.
        ("3.30pm", ["3", "30pm"], 3),
        ("", ["a"], 0),
    ],
)
def test_keys_on_hand_worked_examples(text: str, offers: list[str], keys_typed: int) -> None:
    result = measure(Bar(offers), [text], user="u")
    assert result.keys_typed == keys_typed
    assert result.keys_without == len(normalise(text))


def test_hits_bits_and_characters_on_a_hand_worked_example() -> None:
    # words: hi (1st offered) there (4th) | you (2nd) hi (1st) | no words
    result = measure(Bar(["hi", "you", "x", "there"], bits_per_token=2.0), ["Hi there!", "you hi", "?!"], user="u")
    assert (result.words, result.top1_hits, result.top3_hits) == (4, 2, 3)
    assert result.hits.tolist() == [True, False, False, True]
    assert result.said.tolist() == [0.5, 0.25, 0.125] * 4
    assert result.was.tolist() == [True, False, False, *[False] * 3, False, True, False, True, False, False]
    assert result.bits == 2 * (4 + 3 + 2)  # tokens: hi there ! end | you hi end | ?! end
    assert result.characters == 10 + 7 + 3  # "hi there!" 9, "you hi" 6, "?!" 2, and one for each end
    assert (result.top1, result.top3, result.bits_per_character) == (0.5, 0.75, 0.9)
    # "hi " by 1 key, "there" by t and 1, "!" by 1; "you " and "hi" by 1 each; "?!" by 2: 8 of 17.
    assert (result.keys_typed, result.keys_without) == (8, 17)
    assert result.keystroke_savings == pytest.approx(9 / 17)


def test_a_bar_of_more_than_three_counts_as_three() -> None:
    class Greedy(BarReading):
        def slots(self, position: int, prefix: str) -> list[str]:
            return ["a", "b", "c", self.message[position]]

    class GreedyBar(Bar):
        def read(self, messages: Sequence[Sequence[str]]) -> list[BarReading]:
            return [Greedy(self, list(message)) for message in messages]

    result = measure(GreedyBar([]), ["see you"], user="u")
    assert (result.top3_hits, result.keys_typed) == (0, 7)


@pytest.mark.timeout(20)
def test_a_message_of_a_megabyte_is_measured_in_seconds() -> None:
    model = Trigram([["see", "you", "soon"]])
    one_word, many = measure(model, ["x" * 1_000_000], user="u"), measure(model, ["so " * 20_000], user="u")
    assert (one_word.words, one_word.keys_typed) == (1, 1_000_000)
    assert many.words == 20_000
    assert math.isfinite(one_word.bits)


@given(st.text(max_size=60))
def test_spans_are_where_the_tokens_stand(text: str) -> None:
    clean = normalise(text)
    assert [clean[start:end] for start, end in spans(clean)] == tokens(clean)


@given(st.lists(st.text(max_size=30), max_size=5), st.lists(st.text(max_size=30), max_size=5))
def test_counts_agree_with_each_other(history: list[str], test: list[str]) -> None:
    model = Trigram(tokens(normalise(text)) for text in history)
    result = measure(model, test, user="u")
    assert result.words == len(result.hits) == sum(len(words(normalise(text))) for text in test)
    assert result.top1_hits == result.hits.sum() <= result.top3_hits <= result.words
    assert result.words <= result.keys_typed <= result.keys_without == sum(len(normalise(text)) for text in test)
    assert result.characters == result.keys_without + len(test)
    assert result.bits == pytest.approx(sum(model.bits(tokens(normalise(text))) for text in test))


def test_reading_in_batches_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"see you {n} soon" for n in range(9)]
    model = Trigram([tokens(text) for text in texts])
    whole = measure(model, texts, user="u")
    monkeypatch.setattr(metrics, "_READ_MESSAGES", 2)
    assert measure(model, texts, user="u") == whole


def _result(user: str, hits: Sequence[int], top3_hits: int | None = None, bits: float = 10.0) -> UserResult:
    array = np.array(hits, dtype=np.bool_)
    top1_hits = int(array.sum())
    top3_hits = top1_hits if top3_hits is None else top3_hits
    said = np.full(len(hits), 0.5, np.float16)
    return UserResult(user, len(hits), top1_hits, top3_hits, bits, 20, 30, 40, array, said, array)


def test_a_summary_on_a_hand_worked_example() -> None:
    # top-1 of users: 1/2, 0, 3/4; of the reference 1/2, 1/2, 0. Gains 0, -1/2, +3/4: mean 1/12, of 1/3 a quarter.
    ours = [_result("a", [1, 0], 2), _result("b", [0, 0], bits=30.0), _result("c", [1, 1, 1, 0])]
    theirs = [_result("a", [0, 1]), _result("b", [1, 0]), _result("c", [0, 0, 0, 0])]
    summary = summarise(ours, reference=theirs, rng=np.random.default_rng(0))
    assert (summary["users"], summary["words"]) == (3, 8)
    assert summary["top1"] == pytest.approx((1 / 2 + 0 + 3 / 4) / 3)
    assert summary["top3"] == pytest.approx((1 + 0 + 3 / 4) / 3)
    assert (summary["top1_words"], summary["top3_words"]) == (4 / 8, 5 / 8)
    assert summary["bits_per_character"] == pytest.approx((0.5 + 1.5 + 0.5) / 3)
    assert summary["keystroke_savings"] == 0.25
    assert summary["gain_top1"] == pytest.approx(1 / 12)
    assert summary["gain_relative"] == pytest.approx(1 / 4)
    assert summary["gain_relative_users"] == pytest.approx(-1 / 2)  # of 0 and -1; nothing is relative to no hit
    assert summary["calibration_error"] == 0.0  # of eight words, each said to be as probable as not, four came
    assert (summary["better_share"], summary["worse_share"]) == (1 / 3, 1 / 3)
    assert summary["worst_gain"] == -0.5
    assert summary["worse_beyond_noise_share"] == summary["better_beyond_noise_share"] == 0  # 3 of 3: 1/8
    low, high = summary["gain_interval"]
    assert -0.5 <= low < 1 / 12 < high <= 0.75


def test_gains_beyond_noise_are_counted_both_ways() -> None:
    some, none = [_result("a", [1] * 5), _result("b", [0] * 5)], [_result("a", [0] * 5), _result("b", [0] * 5)]
    better = summarise(some, reference=none, rng=np.random.default_rng(0))
    worse = summarise(none, reference=some, rng=np.random.default_rng(0))
    assert (better["better_beyond_noise_share"], better["worse_beyond_noise_share"]) == (0.5, 0)
    assert (worse["better_beyond_noise_share"], worse["worse_beyond_noise_share"]) == (0, 0.5)
    assert better["gain_relative"] is None  # the reference hits nothing


def test_a_system_gains_nothing_over_itself_and_a_seed_gives_one_summary() -> None:
    results = [_result(str(n), [n % 2, 1, 0]) for n in range(7)]
    summary = summarise(results, reference=results, rng=np.random.default_rng(3))
    assert (summary["gain_top1"], summary["gain_interval"], summary["worst_gain"]) == (0, [0, 0], 0)
    assert summary == summarise(results, reference=results, rng=np.random.default_rng(3))
    assert "gain_top1" not in summarise(results, rng=np.random.default_rng(3))


def test_users_without_words_are_left_out() -> None:
    results = [_result("a", [1, 0]), _result("b", [])]
    summary = summarise(results, reference=results, rng=np.random.default_rng(0))
    assert (summary["users"], summary["top1"], summary["worse_share"]) == (1, 0.5, 0)
    with pytest.raises(ValueError, match="nothing to summarise"):
        summarise(results[1:], rng=np.random.default_rng(0))


def test_results_of_other_users_are_no_reference() -> None:
    ours = [_result("a", [1, 0]), _result("b", [1])]
    for theirs in (ours[::-1], ours[:1], [replace(ours[0], words=3), ours[1]]):
        with pytest.raises(ValueError, match="same users and words"):
            summarise(ours, reference=theirs, rng=np.random.default_rng(0))


def test_a_system_without_probabilities_has_no_bits() -> None:
    result = measure(Bar(["a"], bits_per_token=math.nan), ["a b"], user="u")
    assert summarise([result], rng=np.random.default_rng(0))["bits_per_character"] is None
