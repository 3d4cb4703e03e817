from __future__ import annotations

import pytest

from nextword.keyboard.emojis import emojis


@pytest.mark.parametrize(
    ("word", "first"),
    [("pizza", "\U0001f355"), ("Love", "\u2764\ufe0f"), ("party", "\U0001f389"), ("tired", "\U0001f62b")],
)
def test_words_have_the_emoji_that_people_mean(word: str, first: str) -> None:
    assert emojis(word)[0] == first


@pytest.mark.parametrize("word", ["", "the", "a", "on", "and", "good", "zoque", "not"])
def test_most_words_have_none(word: str) -> None:
    assert emojis(word) == []
