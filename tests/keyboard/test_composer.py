"""What keys do by themselves, and that it can be taken back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nextword.keyboard.composer import Composer, Habits, begun, last_sign


class Paper:
    """A text under a cursor, written by keys as a person would: `|word|` accepts a suggestion, `<` is Backspace."""

    def __init__(self, text: str = "", cursor: int | None = None, **habits: bool) -> None:
        self.text, self.cursor = text, len(text) if cursor is None else cursor
        self.composer = Composer(Habits(**habits))

    def write(self, keys: str, **corrections: str) -> Paper:
        while keys:
            key, keys = keys[0], keys[1:]
            if key == "|":
                word, _, keys = keys.partition("|")
                edit = self.composer.accept(self.text, self.cursor, word)
            elif key == "<":
                found = self.composer.backspace(self.text, self.cursor)
                if found is None:
                    self.text = self.text[: max(0, self.cursor - 1)] + self.text[self.cursor :]
                    self.cursor = max(0, self.cursor - 1)
                    continue
                edit = found
            else:
                correction = corrections.get(begun(self.text[: self.cursor]))
                edit = self.composer.key(self.text, self.cursor, key, correction=correction)
            self.text, self.cursor = edit.apply(self.text), edit.cursor
        return self

    def __str__(self) -> str:
        return f"{self.text[: self.cursor]}|{self.text[self.cursor :]}"


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        # a suggestion brings its space, and symbols eat it
        ("se|See| |you|.", "See you. |"),
        ("se|See||you|", "See you |"),
        ("|See||you|!?", "See you!? |"),
        ("|See| you", "See you|"),  # a space typed out of habit
        ("|See|)", "See)|"),
        ("|See|'s", "See's|"),
        ("|See|\u2026", "See\u2026 |"),
        ("|See|:)", "See :)|"),
        ("|See|:|you|", "See: you |"),
        ('"see |you|" ', '"See you" |'),
        ('|See|"you', 'See "you|'),  # a quote that opens
        ("see .", "See .|"),  # a space that was typed stays
        # capitals
        ("hi. you", "Hi. You|"),
        ("hi.you", "Hi.you|"),
        ("so e.g. you", "So e.g. you|"),
        ("at 5 p.m. you", "At 5 p.m. you|"),
        ('"hi', '"Hi|'),
        ('hi. "you', 'Hi. "You|'),
        ('hi "you', 'Hi "you|'),
        ("a i b", "A I b|"),
        ("so i'm", "So i'm|"),
        ("so i'm ", "So I'm |"),
        ("it is", "It is|"),
        ("\u10d2\u10d0", "\u10d2\u10d0|"),  # Georgian begins no sentence with a capital
        ("\u01c6", "\u01c5|"),
        # a capital is taken back by Backspace and the same letter again
        ("h<hello", "hello|"),
        ("h<jello", "Jello|"),
        ("so i <", "So i|"),
        # a new line
        ("see |you|\nso", "See you \nso|"),
        ("see you.\nso", "See you.\nSo|"),
    ],
)
def test_keys_on_an_empty_text(keys: str, written: str) -> None:
    assert str(Paper().write(keys)) == written


@pytest.mark.parametrize(
    ("text", "cursor", "word", "written"),
    [
        ("see yo", 6, "you", "see you |"),
        ("see yo later", 6, "you", "see you |later"),  # the space is there already
        ("see yxx later", 5, "you", "see you |later"),  # all of the word under the cursor
        ("see later", 4, "you", "see you |later"),
        ("don'", 4, "don't", "don't |"),
        ("caf\u00e9e\u0301", 6, "caf\u00e9", "caf\u00e9 |"),
        ("ok\n", 2, "okay", "okay|\n"),
        ("abc def\n", 8, "x", "abc def\nx |"),  # the line above is ended
        ("\U0001f600", 1, "hi", "\U0001f600hi |"),
        ("", 0, "hi", "hi |"),
        # in front of what stands at a word's end
        ("hel, then", 3, "hello", "hello|, then"),
        ("(hel)", 4, "hello", "(hello|)"),
        ("say 'hel'", 8, "hello", "say 'hello|'"),
        ("say \u201chel\u201d", 8, "hello", "say \u201chello|\u201d"),
        ('say "hel"', 8, "hello", 'say "hello|"'),
        ('he sa"so"', 5, "said", 'he said |"so"'),  # it opens
        ("don't", 3, "don't", "don't |"),
    ],
)
def test_a_suggestion_takes_the_place_of_the_word_begun(text: str, cursor: int, word: str, written: str) -> None:
    paper = Paper(text, cursor)
    edit = paper.composer.accept(text, cursor, word)
    paper.text, paper.cursor = edit.apply(text), edit.cursor
    assert str(paper) == written


def test_an_emoji_leaves_what_stands_behind_it_alone() -> None:
    for text, cursor, written in (("hi, you", 2, "hi :), you"), ("hi you", 2, "hi :) you"), ("hi", 2, "hi :) ")):
        assert Composer().add(text, cursor, ":)").apply(text) == written


@pytest.mark.parametrize(("before", "word"), [("see yo", "yo"), ("see ", ""), ("a\n", ""), ("a\nb", "b"), ("", "")])
def test_a_word_begun_ends_at_the_cursor(before: str, word: str) -> None:
    assert begun(before) == word


@pytest.mark.parametrize(
    ("before", "length"),
    [
        ("hi \U0001f600", 1),
        ("\U0001f1ec\U0001f1e7\U0001f1e9\U0001f1ea", 2),  # the second of two flags
        ("\u2764\ufe0f", 2),
        ("hi\U0001f468\u200d\U0001f469\u200d\U0001f467", 5),
        ("1\ufe0f\u20e3", 3),
        ("\U0001f44d\U0001f3fd", 2),
        ("cafe\u0301", 0),  # the accent goes first
        ("\u0915\u094d\u0937", 0),
        ("hi", 0),
        ("", 0),
        ("\U0001f600 ", 0),
    ],
)
def test_an_emoji_is_taken_back_whole(before: str, length: int) -> None:
    assert last_sign(before) == length


def test_a_correction_is_undone_once_and_for_all_by_backspace() -> None:
    paper = Paper(autocorrect=True, auto_capital=False)
    assert str(paper.write("teh ", teh="the")) == "the |"
    assert str(paper.write("<", teh="the")) == "teh|"
    assert str(paper.write(" teh,", teh="the")) == "teh teh,|"
    assert str(Paper(autocorrect=False, auto_capital=False).write("teh ", teh="the")) == "teh |"


def test_habits_can_be_put_off() -> None:
    assert str(Paper(auto_space=False).write("|See|.")) == "See.|"
    assert str(Paper(auto_capital=False).write("hi. i am")) == "hi. i am|"


def test_a_jump_of_the_cursor_leaves_the_space_alone() -> None:
    paper = Paper().write("|See|")
    paper.composer.forget()
    assert str(paper.write(".")) == "See .|"


@given(st.text(max_size=30), st.integers(0, 30), st.text(alphabet="ab .,!i'\n)<", max_size=12))
@example("", 0, ".i'.<")
def test_no_key_changes_what_stands_away_from_the_cursor(text: str, cursor: int, keys: str) -> None:
    cursor = min(cursor, len(text))
    paper = Paper(text, cursor, autocorrect=True)
    for key in keys:
        before, place = paper.text, paper.cursor
        paper.write(key, a="b")
        assert 0 <= paper.cursor <= len(paper.text)
        assert paper.text[paper.cursor :] == before[place:]
        word = before[:place] if key != "<" else before[: max(0, place - 1)]  # Backspace may undo the word just ended
        kept = place - len(begun(word)) - 2
        assert paper.text[: max(0, kept)] == before[: max(0, kept)]


@given(st.text(alphabet="abcd e.,i'\n", max_size=60))
def test_without_habits_keys_are_typed_as_they_are(keys: str) -> None:
    assert Paper(auto_space=False, auto_capital=False).write(keys).text == keys
