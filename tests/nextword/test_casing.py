from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.casing import Casing, begins_sentence

LINES = [
    "My friend Maria and I went to London. Then Maria left.",
    "When I met Maria in London , it rained",
    "We saw Maria. May we go ? May is a month",
    "SHOUTED LINES SAY NOTHING ABOUT IT",
    "maria went to london with nasa , and i , and so do the others who never write a capital",
    "so I think I know Maria from NASA in London",
    "The NASA people like I do LONDON maria , said Maria of London and NASA , NASA and NASA",
]


def test_words_are_written_as_they_mostly_are_inside_sentences() -> None:
    casing = Casing.learn(LINES)
    assert casing.forms == {"i": "I", "maria": "Maria", "nasa": "NASA"}
    assert Casing.learn([]).forms == {}


def test_lines_in_small_letters_alone_tell_nothing() -> None:
    assert Casing.learn(["so I met Anna"] * 5 + ["and anna met anna"] * 9).forms == {"anna": "Anna", "i": "I"}


def test_single_letters_other_than_i_stay_small() -> None:
    assert Casing.learn(["so I met J. R. and U. there"] * 9).forms == {"i": "I"}


def test_what_is_written_is_read_again() -> None:
    casing = Casing.learn(LINES)
    assert Casing.read(casing.write()) == casing


@pytest.mark.parametrize(
    ("word", "context", "typed", "written"),
    [
        ("i", "when", "", "I"),
        ("the", "", "", "The"),
        ("the", "Done. ", "", "The"),
        ("the", "Done, ", "", "the"),
        ("the", "", "t", "the"),  # whoever types a small letter wants one
        ("the", "see", "T", "The"),
        ("the", "see", "TH", "THE"),
        ("nasa", "", "n", "NASA"),
        ("tomorrow", "see you", " T", "Tomorrow"),
        ("i'm", "so", "I'", "I'm"),
        ("\u10d2\u10d0", "", "", "\u10d2\u10d0"),  # Georgian begins no sentence with a capital
        ("\u01c6ep", "", "", "\u01c5ep"),  # a letter that looks like two: the first alone is a capital
    ],
)
def test_capitals_follow_the_sentence_and_the_typist(word: str, context: str, typed: str, written: str) -> None:
    assert Casing({"i": "I", "nasa": "NASA"}).written(word, context, typed) == written


@given(st.lists(st.text(max_size=30)), st.text(max_size=20))
def test_any_text_is_taken(lines: list[str], context: str) -> None:
    for word, form in Casing.learn(lines * 5).forms.items():
        assert form.lower() == word
    written = context.rstrip()
    if not written.endswith("."):
        assert begins_sentence(context) == (not written or written[-1] in "!?")
    elif written[-3:-2] != ".":  # no abbreviation, as "e.g."
        assert begins_sentence(context)
    assert all(begins_sentence(context, place) == begins_sentence(context[:place]) for place in range(len(context)))


def test_the_persons_own_form_is_kept_and_follows_what_is_typed() -> None:
    casing = Casing({"monday": "Monday"})
    assert casing.written("monday", "see you on", form="monday") == "monday"
    assert casing.written("mcdonald", "see", "MCD", form="McDonald") == "MCDONALD"
    assert casing.written("mcdonald", "see", "mcd", form="McDonald") == "McDonald"


def test_a_form_with_capitals_of_its_own_is_kept_where_a_sentence_begins() -> None:
    for context, typed in (("", ""), ("Done. ", ""), ("", "Iph"), ("my ", "Iph"), ("my ", "iph")):
        assert Casing().written("iphone", context, typed, form="iPhone") == "iPhone"
    assert Casing({"ebay": "eBay"}).written("ebay", "") == "eBay"
    assert Casing().written("iphone", "", "IPH", form="iPhone") == "IPHONE"
    assert Casing().written("the", "", form="the") == "The"
