"""A person's own n-gram is a probability over what lies below it, learns and forgets at once."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.layers import END
from nextword.ngram_layer import NgramConfig
from nextword.text import normalise, tokens
from personalization.own_ngram import OwnNgram

MESSAGES = st.lists(
    st.lists(st.sampled_from(["hi", "Sia", "home", "go", "!", "bob", "i'm"]), max_size=5).map(" ".join), max_size=12
)
CONTEXTS = st.lists(st.sampled_from(["hi", "sia", "home", "never", "!"]), max_size=3)


@given(MESSAGES, CONTEXTS, st.floats(2, 1000))
def test_masses_and_the_rest_sum_to_one(messages: list[str], context: list[str], half_life: float) -> None:
    own = OwnNgram(messages=messages, half_life=half_life)
    seen = {token for message in messages for token in tokens(normalise(message))} | {END}
    assert math.fsum(own.mass(context, token) for token in seen) + own.rest(context) == pytest.approx(1)
    assert own.mass(context, "unseen") == 0


@given(MESSAGES, CONTEXTS, st.sampled_from(["", "h", "ho", "x"]), st.integers(1, 4))
def test_the_top_is_that_of_all_words_sorted(messages: list[str], context: list[str], prefix: str, k: int) -> None:
    own = OwnNgram(messages=messages)
    words = {w for message in messages for w in tokens(normalise(message)) if w != "!" and w.startswith(prefix)}
    masses = {word: own.mass(context, word) for word in words}
    best = sorted(masses.items(), key=lambda item: (-item[1], item[0]))[:k]
    assert own.top(context, k, prefix) == best
    assert own.prefix_mass(context, prefix) == pytest.approx(math.fsum(masses.values()))


@given(MESSAGES, CONTEXTS)
def test_a_forgotten_word_is_nowhere(messages: list[str], context: list[str]) -> None:
    own = OwnNgram(messages=messages)
    own.forget("sia")
    assert own.mass(context, "sia") == 0
    assert "sia" not in own
    assert all(word != "sia" for word, _ in own.top(context, 10, ""))
    assert own.mass(["sia"], "hi") == own.mass(["never"], "hi")


def test_forgetting_the_only_word_leaves_nothing_to_say_of_it() -> None:
    own = OwnNgram(messages=["sia"])
    own.forget("sia")
    assert own.top([], 3, "") == []
    own.learn("sia")
    assert [word for word, _ in own.top([], 3, "")] == ["sia"]


def test_a_context_never_seen_leaves_all_but_the_share_of_single_words() -> None:
    own = OwnNgram(NgramConfig(share=0.1), ["hi sia"])
    assert own.rest(["never"]) == pytest.approx(0.9)
    assert own.rest(["hi"]) < 0.9
    assert OwnNgram().rest(["never"]) == 1


def test_what_was_typed_lately_counts_more() -> None:
    own = OwnNgram(half_life=10, messages=["go home"] * 5 + ["go out"] * 5)
    assert own.mass(["go"], "out") > own.mass(["go"], "home")
    for _ in range(600):  # many half-lives: weights are rescaled on the way
        own.learn("go away")
    assert own.mass(["go"], "away") > 0.5
    assert 0 < own.mass(["go"], "out") < 0.01
    assert math.isfinite(own.mass(["go"], "out"))


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="share and discount"):
        NgramConfig(share=1.0)
    with pytest.raises(ValueError, match="half-life"):
        OwnNgram(half_life=0.0)


def test_words_are_written_as_the_person_writes_them() -> None:
    own = OwnNgram(messages=["Ask Zoque. Maybe he knows", "i like zoqUE , Maybe"])
    assert own.written("zoque") == "zoqUE"
    assert own.written("he") == "he"
    assert own.written("ask") is None
    own.forget("zoque")
    assert own.written("zoque") is None


def test_a_message_in_capitals_tells_nothing_of_how_words_are_written_but_for_one_word_alone() -> None:
    own = OwnNgram(messages=["i love you", "WHERE ARE YOU", "I LOVE YOU, NASA!"])
    assert [own.written(word) for word in ("you", "are", "nasa")] == ["you", None, None]
    assert own.times("you") == pytest.approx(3, rel=1e-2)
    for message in (":) LOL", "@ NASA 24", "ok OK", "\u5728 ESA"):
        own.learn(message)
    assert [own.written(word) for word in ("lol", "nasa", "ok", "esa")] == ["LOL", "NASA", "OK", "ESA"]


def test_a_word_that_begins_a_line_tells_nothing_of_how_it_is_written() -> None:
    own = OwnNgram(messages=["Sorry I missed you\nWill call\r\n  The key is with Sam\nWHERE ARE YOU"])
    assert [own.written(word) for word in ("will", "the", "are", "call", "sam")] == [None, None, None, "call", "Sam"]
    assert own.mass(["you"], "will") > 0


def test_frequent_words_come_first_and_are_counted() -> None:
    own = OwnNgram(messages=["go home", "go out", "gone"])
    assert [word for word, _ in own.frequent(2)] == ["go", "gone"]
    assert [word for word, _ in own.frequent(9, "g")] == ["go", "gone"]
    assert own.frequent(1)[0][1] == pytest.approx(2, rel=1e-3)


def test_a_word_is_learned_once_it_was_sent_often_enough() -> None:
    own = OwnNgram(least_times=3)
    for times in range(1, 5):
        own.learn("see zoque")
        known = times >= 3
        assert ("zoque" in own.words) == known
        assert (own.mass(["see"], "zoque") > 0) == known
        assert sum(mass for _, mass in own.top([], 10, "")) <= 1 - own.rest([]) + 1e-12
    own.forget("zoque")
    own.learn("see zoque")
    assert "zoque" not in own.words


@given(MESSAGES, CONTEXTS, st.integers(1, 3))
def test_masses_sum_to_one_whatever_is_too_new(messages: list[str], context: list[str], times: int) -> None:
    own = OwnNgram(messages=messages, least_times=times)
    if messages:
        counted = {token for counts in own.followers.values() for token in counts}
        assert sum(own.mass(context, token) for token in counted) + own.rest(context) == pytest.approx(1)


def _counts(own: OwnNgram) -> dict[tuple[str, ...], dict[str, float]]:
    """What was counted, by its weight now."""
    return {
        context: {token: count / own.unit for token, count in counts.items()}
        for context, counts in own.followers.items()
    }


@given(MESSAGES, MESSAGES, CONTEXTS, st.sampled_from(["home", "other"]))
def test_a_renamed_word_is_counted_as_if_the_other_had_been_sent(
    before: list[str], after: list[str], context: list[str], other: str
) -> None:
    def corrected(messages: list[str]) -> list[str]:
        return [" ".join(other if word == "Sia" else word for word in message.split()) for message in messages]

    own, reference = OwnNgram(messages=before, half_life=7), OwnNgram(messages=corrected(before), half_life=7)
    own.rename("sia", other)
    for message in after:  # the old word is learned anew
        own.learn(message)
        reference.learn(message)
    assert own.words == reference.words
    assert _counts(own).keys() == _counts(reference).keys()
    for known, counts in _counts(reference).items():
        assert _counts(own)[known] == pytest.approx(counts)
    tops = [dict(each.top(context, 10, "")) for each in (own, reference)]
    assert tops[0] == pytest.approx(tops[1])
    assert own.rest(context) == pytest.approx(reference.rest(context))


def test_a_renamed_word_is_written_as_it_was_said_and_the_old_form_is_gone() -> None:
    own = OwnNgram(messages=["ask Zoqe now", "ask ZOQUE"])
    own.rename("zoqe", "Zoque")
    assert (own.written("zoque"), own.written("zoqe"), "zoqe" in own) == ("Zoque", None, False)
    own.rename("zoque", "ZoQue")
    assert (own.written("zoque"), own.times("zoque")) == ("ZoQue", pytest.approx(2, rel=1e-3))


def test_where_words_are_learned_late_a_renamed_one_is_short_of_what_was_too_new() -> None:
    own = OwnNgram(messages=["ask teh", "ask teh", "ask teh", "ask the"], least_times=2)
    own.rename("teh", "the")
    assert own.times("the") == pytest.approx(2, rel=1e-2)  # of four
    own.learn("ask the")
    assert own.times("the") == pytest.approx(3, rel=1e-2)
