from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.text import displayable, is_word, normalise, split_typed, tokens, words


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Don\u2019t  GO\n there\u2026", "don't go there..."),
        ("\ufb01ne \uff21\uff22", "fine ab"),
        ("a\x00b\u200bc", "a b c"),
        ("co\u00adoperate \u200e\u202bok\u202c \u2068e\u2069\u0301", "cooperate ok \u00e9"),
        ("", ""),
        ("J\u030can H\u0331 \u0130\u0323", "\u01f0an \u1e96 \u1ecb\u0307"),  # one character only when they are small
        ("\u0149 \u1fef \ufe31 \ufe58 \uff40", "'n ' - - '"),  # what they are composed of is straightened too
    ],
)
def test_normalise(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


def test_words_and_symbols_are_told_apart() -> None:
    text = normalise("Hey, don't come at 3.30pm :) <#> call <URL> \U0001f602\U0001f602")
    assert tokens(text) == [
        "hey", ",", "don't", "come", "at", "3", ".", "30pm", ":)", "<#>", "call", "<url>", "\U0001f602\U0001f602",
    ]  # fmt: skip
    assert words(text) == ["hey", "don't", "come", "at", "3", "30pm", "call"]


def test_marks_stay_with_their_letters() -> None:
    assert words(normalise("\u0939\u093f\u0928\u094d\u0926\u0940 \u05e9\u05b8\u05dc\u05d5\u05b9\u05dd")) == [
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u05e9\u05b8\u05dc\u05d5\u05b9\u05dd",
    ]


@given(st.text() | st.text("aHIJTWYz\u0130\u0307\u0308\u030a\u030c\u0323\u0331\u03a9'", max_size=6))
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_tokens_hold_all_but_the_spaces(text: str) -> None:
    clean = normalise(text)
    assert "".join(tokens(clean)) == clean.replace(" ", "")
    assert all(is_word(token) or not is_word(token[0]) for token in tokens(clean))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("See you at th", ("see you at", "th")),
        ("see you at ", ("see you at", "")),
        ("I don'", ("i", "don'")),
        ("hi!", ("hi!", "")),
        ("", ("", "")),
    ],
)
def test_split_typed(text: str, expected: tuple[str, str]) -> None:
    assert split_typed(text) == expected


def test_a_terminal_is_told_nothing_by_a_text() -> None:
    shown = "e\u0301\U0001f468\u200d\U0001f467 \u05e9\u200e \u0645\u200c\u062e"
    assert displayable(f"\x1b]0;name\x07\x9b2J\u202e{shown}\u2066\0") == f"]0;name2J{shown}"
