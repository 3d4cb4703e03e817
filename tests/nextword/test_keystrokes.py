"""Laws of typing key by key, on random messages under a trigram."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.keystrokes import Press, presses
from nextword.metrics import measure, readings
from nextword.ngram import Trigram
from nextword.text import normalise, spans, tokens

_WORDS = ["see", "seed", "seeds", "you", "i", "don't", ":)", "<url>", "!", "zebra", "Zoë", "3.30pm", "..."]
messages = st.lists(
    st.lists(st.sampled_from(_WORDS), max_size=8).flatmap(
        lambda words: st.sampled_from([" ", "  ", ""]).map(lambda gap: gap.join(words))
    ),
    max_size=6,
)
any_text = st.lists(st.text(max_size=12), max_size=4)


def replayed(model: Trigram, texts: Sequence[str]) -> list[tuple[str, list[Press]]]:
    read = readings(model, [normalise(text) for text in texts])
    return [(text, list(presses(reading, text))) for text, _, reading in read]


@given(messages, messages | any_text)
def test_the_keys_of_a_replay_are_those_that_the_metric_counts(learned: list[str], typed: list[str]) -> None:
    model = Trigram(tokens(normalise(text)) for text in learned)
    result, typings = measure(model, typed, user="u"), replayed(model, typed)
    assert sum(len(keys) for _, keys in typings) == result.keys_typed
    assert sum(len(text) for text, _ in typings) == result.keys_without


@given(messages, messages | any_text)
def test_keys_follow_one_another_and_end_in_the_message(learned: list[str], typed: list[str]) -> None:
    for text, keys in replayed(Trigram(tokens(normalise(text)) for text in learned), typed):
        stands = 0
        for key in keys:
            assert key.before == stands < key.after
            assert key.slot is not None or key.after == key.before + 1
            stands = key.after
        assert stands == len(text)


@given(messages, messages)
def test_a_word_is_accepted_when_it_is_first_shown_and_that_saves_a_key(learned: list[str], typed: list[str]) -> None:
    for text, keys in replayed(Trigram(tokens(normalise(text)) for text in learned), typed):
        for key in keys:
            assert len(key.shown) <= 3
            if key.shown:
                start, end = next(place for place in spans(text) if place[0] <= key.before < place[1])
                whole = end + (text[end : end + 1] == " ")
                accepts = text[start:end] in key.shown
                assert key.after == (whole if accepts else key.before + 1)
                assert not accepts or key.shown[key.slot or 0] == text[start:end]
                assert whole - key.before > 1


def test_a_message_key_by_key() -> None:
    class Bar:
        bits = 0.0

        def slots(self, position: int, prefix: str) -> list[str]:
            return [word for word in ("sea", "seat", "set", "seed", "you") if word.startswith(prefix)]

        def chances(self, position: int) -> list[float]:
            return []

    found = list(presses(Bar(), "seed you :)"))
    assert found == [
        Press(0, 1, ["sea", "seat", "set"]),
        Press(1, 2, ["sea", "seat", "set"]),
        Press(2, 3, ["sea", "seat", "set"]),
        Press(3, 5, ["seed"], 0),  # and the space
        Press(5, 6, ["sea", "seat", "set"]),
        Press(6, 9, ["you"], 0),
        Press(9, 10),
        Press(10, 11),
    ]


@pytest.mark.timeout(20)
def test_a_message_of_one_megabyte_is_typed_in_seconds() -> None:
    assert sum(1 for _, keys in replayed(Trigram([["see"]]), ["x" * 1_000_000]) for _ in keys) == 1_000_000
