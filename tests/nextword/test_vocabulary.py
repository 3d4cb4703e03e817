from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.text import normalise, tokens
from nextword.vocabulary import Vocabulary


@given(st.text(min_size=1, max_size=30))
@settings(max_examples=200)
def test_pieces_spell_their_token_and_only_the_last_is_final(vocabulary: Vocabulary, text: str) -> None:
    for token in tokens(normalise(text)):
        if "\u2581" in token:  # sentencepiece's own space: read as an underscore
            token = token.replace("\u2581", "_")
        pieces = vocabulary.encode_token(token)
        assert b"".join(vocabulary.surfaces[piece] for piece in pieces).decode() == token
        assert [bool(vocabulary.final[piece]) for piece in pieces] == [False] * (len(pieces) - 1) + [True]
        assert vocabulary.unknown not in pieces


def test_pieces_of_a_word_do_not_depend_on_its_neighbours(vocabulary: Vocabulary) -> None:
    assert vocabulary.encode("see , the station") == [
        piece for token in ("see", ",", "the", "station") for piece in vocabulary.encode_token(token)
    ]


def test_frequent_words_are_one_piece(vocabulary: Vocabulary) -> None:
    assert len(vocabulary.encode_token("station")) == 1
    assert len(vocabulary.encode_token("don't")) == 1


def test_training_is_reproducible(vocabulary: Vocabulary) -> None:
    from tests.conftest import LINES

    assert Vocabulary.train(LINES, size=330).sha256 == vocabulary.sha256


def test_a_text_in_one_line_of_any_length_is_learned_from() -> None:
    from tests.conftest import LINES

    vocabulary = Vocabulary.train([" ".join(LINES * 100)], size=330)
    assert len(vocabulary.encode_token("station")) == 1


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="not a sentencepiece vocabulary"):
        Vocabulary(b"rubbish")
    with pytest.raises(ValueError, match="no text"):
        Vocabulary.train(["", " "])


def test_too_few_pieces_for_the_letters_are_refused() -> None:
    lines = [chr(letter) * 3 for letter in range(0x430, 0x4B0)]
    with pytest.raises(ValueError, match="300 pieces are too few.* give 3.. or more"):
        Vocabulary.train(lines, size=300)
