from __future__ import annotations

import itertools
import math
import subprocess
import sys
import unicodedata

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword import checkpoint, search
from nextword import reading as whole_messages
from nextword.casing import Casing
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.predictor import Predictor
from nextword.search import WINDOW, window_start, windows
from nextword.slips import meant
from nextword.text import is_word, normalise, tokens
from nextword.vocabulary import Vocabulary


def _every_word(model: LanguageModel, vocabulary: Vocabulary, context: list[int], pieces: int) -> dict[str, float]:
    """The probability of every word of at most `pieces` pieces, by reading each sequence of pieces anew."""
    words: dict[str, float] = {}
    opened: list[tuple[tuple[int, ...], float]] = [((), 0.0)]
    for _ in range(pieces):
        following: list[tuple[tuple[int, ...], float]] = []
        batch = torch.tensor([[Vocabulary.bos, *context, *begun] for begun, _ in opened])
        with torch.no_grad():
            logp = torch.cat([model(part)[:, -1].log_softmax(-1) for part in batch.split(512)]).tolist()
        for (begun, so_far), row in zip(opened, logp, strict=True):
            for piece in range(4, len(vocabulary)):
                spelled = b"".join(vocabulary.surfaces[p] for p in (*begun, piece))
                if vocabulary.final[piece]:
                    word = spelled.decode(errors="replace")
                    if is_word(word):
                        words[word] = max(words.get(word, 0.0), math.exp(so_far + row[piece]))
                else:
                    following.append(((*begun, piece), so_far + row[piece]))
        opened = following
    return words


@pytest.fixture(scope="module")
def few_pieces() -> Vocabulary:
    """So few pieces that all words of two can be listed."""
    lines = ["see you at the station", "the sea is at ease", "you tease the states", "easy does it at sea"] * 5
    return Vocabulary.train(lines, size=292)


@pytest.mark.parametrize("prefix", ["", "s", "se", "ea", "at", "tea"])
@pytest.mark.parametrize("seed", range(3))
def test_search_equals_exhaustive_search(
    few_pieces: Vocabulary, prefix: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_PIECES", 2)
    monkeypatch.setattr(search, "BRANCHES", 1000)
    monkeypatch.setattr(search, "_NEGLIGIBLE", 0.0)
    monkeypatch.setattr(search, "_UNLIKELY", 0.0)
    config = ModelConfig(vocabulary=len(few_pieces), width=16, layers=1, heads=2, hidden=16)
    model = LanguageModel(config).initialise(seed).eval()
    with torch.no_grad():
        model.embedding.weight.mul_(25)
    every = _every_word(model, few_pieces, few_pieces.encode("see you"), 2)
    best = sorted(((p, w) for w, p in every.items() if w.startswith(prefix)), key=lambda item: (-item[0], item[1]))[:3]
    predictor = Predictor.of(model, few_pieces)
    predictor.corrects_slips = False
    offered = predictor.suggest("see you", prefix, k=3)
    everything = predictor.suggest("see you", prefix, k=100_000)  # so that every beginning is followed
    assert [s.word for s in offered] == [w for _, w in best]
    mass = _mass(model, few_pieces, few_pieces.encode("see you"), prefix.encode()) if prefix else 1.0
    assert [s.word for s in everything[:3]] == [w for _, w in best]
    assert [s.probability * mass for s in everything[:3]] == pytest.approx([p for p, _ in best], rel=1e-3)
    assert [s.probability for s in offered] == pytest.approx([s.probability for s in everything[:3]], rel=0.2)
    assert sum(p for w, p in every.items() if w.startswith(prefix)) <= mass + 1e-6


def _mass(model: LanguageModel, vocabulary: Vocabulary, context: list[int], prefix: bytes) -> float:
    """The probability that the next word begins with `prefix`, of two pieces at most, each sequence read anew."""

    def following(*begun: int) -> list[float]:
        with torch.no_grad():
            return model(torch.tensor([[Vocabulary.bos, *context, *begun]]))[0, -1].softmax(-1).tolist()

    total, first = 0.0, following()
    for piece, surface in enumerate(vocabulary.surfaces):
        if surface.startswith(prefix):
            total += first[piece]
        elif surface and prefix.startswith(surface) and not vocabulary.final[piece]:
            rest, second = prefix[len(surface) :], following(piece)
            total += first[piece] * sum(
                p for p, s in zip(second, vocabulary.surfaces, strict=True) if s.startswith(rest)
            )
    return total


def test_the_usual_limits_of_the_search_cost_nothing_likely(
    model: LanguageModel, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts = ["", "see you", "i don't know if", "the traffic"]
    usual = [Predictor.of(model, vocabulary).suggest(context, "t") for context in contexts]
    monkeypatch.setattr(search, "BRANCHES", 1000)
    wide = [Predictor.of(model, vocabulary).suggest(context, "t") for context in contexts]
    assert [s[0].word for s in usual] == [s[0].word for s in wide]


def test_a_cached_context_answers_as_a_fresh_one(model: LanguageModel, vocabulary: Vocabulary) -> None:
    typing = Predictor.of(model, vocabulary)
    for letters in ("", "s", "st", "sta", "un", "unb"):
        fresh = Predictor.of(model, vocabulary).suggest("see you at the", letters)
        typed = typing.suggest("see you at the", letters)
        assert [s.word for s in typed] == [s.word for s in fresh]
        assert [s.probability for s in typed] == pytest.approx([s.probability for s in fresh], rel=1e-3)


def test_a_message_read_in_a_batch_offers_what_the_keyboard_offers(
    model: LanguageModel, vocabulary: Vocabulary
) -> None:
    texts = ["see you at the station :)", "ok", "i don't believe it , unbelievable !", "haha"]
    messages = [tokens(text) for text in texts]
    predictor = Predictor.of(model, vocabulary)
    predictor.corrects_slips = False
    for message, reading in zip(messages, predictor.read(messages), strict=True):
        for position, token in enumerate(message):
            if is_word(token):
                for letters in range(len(token)):
                    offered = predictor.suggest(" ".join(message[:position]), token[:letters])
                    assert reading.slots(position, token[:letters]) == [s.word.lower() for s in offered]


def test_bits_of_a_reading_are_those_of_the_pieces(model: LanguageModel, vocabulary: Vocabulary) -> None:
    from nextword.training import score

    messages = [tokens("see you at the station :)"), tokens("ok"), []]
    readings = Predictor.of(model, vocabulary).read(messages)
    bits = score(model, [vocabulary.encode_tokens(message) for message in messages]).bits
    assert [reading.bits for reading in readings] == pytest.approx(bits.tolist(), rel=1e-4)


def test_a_long_message_read_in_small_parts_is_the_same_message(
    model: LanguageModel, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = [tokens("see you at the station tomorrow , unbelievable traffic " * 12), tokens("ok")]
    at_once = Predictor.of(model, vocabulary).read(messages)
    monkeypatch.setattr(whole_messages, "_ROWS", 1)
    in_parts = Predictor.of(model, vocabulary).read(messages)
    assert [r.bits for r in in_parts] == pytest.approx([r.bits for r in at_once], rel=1e-4)
    words = [[{place: list(found) for place, found in r.offered.items()} for r in some] for some in (in_parts, at_once)]
    assert words[0] == words[1]
    assert {position for position, _ in in_parts[0].offered} == {
        position for position, token in enumerate(messages[0]) if is_word(token)
    }


@given(st.integers(0, 400))
def test_each_piece_is_predicted_once_after_just_the_pieces_before_it(length: int) -> None:
    pieces = list(range(10, 10 + length))
    predicted = 0
    for row, first in windows(pieces):
        assert len(row) <= WINDOW
        for column in range(first, len(row)):
            assert row[: column + 1] == [Vocabulary.bos, *pieces[window_start(predicted) : predicted]]
            assert column + 1 == WINDOW or window_start(predicted) == 0 or column >= WINDOW // 2
            predicted += 1
    assert predicted == length + 1


def test_a_message_longer_than_the_window_costs_what_its_pieces_cost_one_by_one(
    model: LanguageModel, vocabulary: Vocabulary
) -> None:
    message = tokens("see you at the station tomorrow , unbelievable traffic " * 12)
    pieces = [*vocabulary.encode_tokens(message), Vocabulary.eos]
    bits = 0.0
    for n, piece in enumerate(pieces):
        row = torch.tensor([[Vocabulary.bos, *pieces[window_start(n) : n]]])
        with torch.no_grad():
            bits -= float(model(row)[0, -1].log_softmax(-1)[piece]) / math.log(2)
    assert len(pieces) > 2 * WINDOW
    assert Predictor.of(model, vocabulary).read([message])[0].bits == pytest.approx(bits, rel=1e-4)


def test_what_a_vocabulary_cuts_off_a_token_is_not_free(model: LanguageModel, vocabulary: Vocabulary) -> None:
    predictor = Predictor.of(model, vocabulary)
    bits = [predictor.read([["see", "ab" * half + "\u00e9"]])[0].bits for half in (32, 40, 400)]
    assert bits[1] - bits[0] == pytest.approx(16 * math.log2(257), rel=1e-5)  # the letter at the end is two bytes
    assert bits[2] - bits[1] == pytest.approx(720 * math.log2(257), rel=1e-5)


@pytest.mark.parametrize("hidden", [15, 50])
def test_however_many_words_are_blocked_others_are_offered(bundled: Predictor, hidden: int) -> None:
    first = [s.word for s in bundled.suggest("i am ", k=hidden + 3)]
    bundled.blocked = {word.lower() for word in first[:hidden]}
    try:
        assert [s.word for s in bundled.suggest("i am ")] == first[hidden:]
    finally:
        bundled.blocked = set()


def test_a_blocked_word_is_never_offered_and_others_take_its_place(bundled: Predictor) -> None:
    before = [s.word for s in bundled.suggest("see you at the", k=4)]
    try:
        bundled.blocked = {before[0].lower()}
        assert [s.word for s in bundled.suggest("see you at the", k=3)] == before[1:]
        for letters in range(len(before[0]) + 1):
            for typed in (before[0][:letters], before[0][:letters].upper()):
                assert before[0].lower() not in [s.word.lower() for s in bundled.suggest("see you at the", typed)]
    finally:
        bundled.blocked = set()
    assert [s.word for s in bundled.suggest("see you at the", k=4)] == before


@given(st.text(max_size=40), st.text(max_size=6))
@settings(max_examples=60)
def test_any_text_is_answered(vocabulary: Vocabulary, context: str, typed: str) -> None:
    config = ModelConfig(vocabulary=len(vocabulary), width=8, layers=1, heads=1, hidden=8)
    suggestions = Predictor.of(LanguageModel(config).initialise(0), vocabulary).suggest(context, typed)
    likely = {letters for letters, _ in meant(normalise(typed))} | {normalise(typed)}
    for s in suggestions:
        assert is_word(normalise(s.word))
        assert any(normalise(s.word).startswith(letters) for letters in likely)
        assert 0 <= s.probability <= 1
    assert sum(s.probability for s in suggestions) <= 1 + 1e-9


@pytest.fixture(scope="module")
def bundled() -> Predictor:
    return Predictor.load(checkpoint.BUNDLED)


@pytest.mark.parametrize(
    ("context", "typed", "word"),
    [
        ("how", "aer", "are"),
        ("i am going", "tonorrow", "tomorrow"),
        ("i am at the", "statoin", "station"),
        ("it is", "inconvenent", "inconvenient"),  # of several pieces
        ("in the", "microwvae", "microwave"),
    ],
)
def test_a_slip_is_corrected_where_the_letters_lead_nowhere(
    bundled: Predictor, context: str, typed: str, word: str
) -> None:
    first = bundled.suggest(context, typed)[0]
    assert first.word == word
    assert first.probability > 0.5


@pytest.mark.parametrize("word", ["pneumonia", "xylophone", "ukulele", "zucchini", "ethnomusicology"])
def test_a_rare_word_is_offered_once_it_is_typed_almost_or_in_full(bundled: Predictor, word: str) -> None:
    offered = [s.word.lower() for typed in (word[:-1], word) for s in bundled.suggest("i love my", typed)]
    assert word in offered


@pytest.mark.parametrize("typed", ["f\u00fcr", "est\u00e1", "gr\u00f6\u00dfer"])
def test_letters_with_marks_are_what_was_meant(bundled: Predictor, typed: str) -> None:
    offered = [s.word.lower() for s in bundled.suggest("", typed)]
    assert offered
    assert all(word.startswith(typed) for word in offered)


@pytest.mark.parametrize("typed", ["\u05e9\u05dc", "\u0434\u0430", "\u65e5", "\u03b7", "o\u00f9"])
def test_no_word_mixes_latin_letters_with_others(bundled: Predictor, typed: str) -> None:
    for offered in bundled.suggest("see you at", typed, 9):
        names = {unicodedata.name(letter).split()[0] for letter in offered.word if letter.isalpha()}
        assert names == {"LATIN"} or "LATIN" not in names


def test_what_spells_an_unlikely_word_in_pieces_is_not_offered_beside_likely_ones(
    bundled: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offered(context: str, typed: str) -> list[str]:
        return [suggestion.word.lower() for suggestion in bundled.suggest(context, typed)]

    assert offered("i like", "this") == ["this"]
    assert offered("see you at the", "statio") == ["station", "stations"]
    assert len(offered("see you at the", "thish")) == 3  # where nothing else is left
    monkeypatch.setattr(search, "_UNLIKELY", 0.0)
    assert len(offered("i like", "this")) == 3  # words of pieces that nobody has ever written


def test_letters_without_end_take_no_longer_than_they_are(bundled: Predictor) -> None:
    index, letters = search.index_of(bundled.vocabulary), b"x" * 100_000
    short = index.short(letters, first=True)
    assert short.tolist() == index.short(letters[:50], first=True).tolist()
    assert max(index.sizes[short]) <= index.longest < 50
    bundled.suggest("see you at the", letters.decode())
    assert max(len(remaining) for _, _, remaining in index._fitting) <= 50


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12))
@settings(max_examples=40)
def test_some_word_is_offered_for_any_letters_of_few_pieces(bundled: Predictor, letters: str) -> None:
    pieces = bundled.vocabulary.encode_token(letters)
    offered = bundled.suggest("see you at the", letters)
    assert offered or len(pieces) >= search.MAX_PIECES


def test_eight_bit_answers_do_not_depend_on_what_was_typed_before(bundled: Predictor) -> None:
    for word in ("unbelievable", "station", "tomorrow"):
        for letters in range(1, len(word)):
            typed = bundled.suggest("that was", word[:letters])
            fresh = Predictor.load(checkpoint.BUNDLED).suggest("that was", word[:letters])
            assert typed[0].word == fresh[0].word
            assert typed[0].probability == pytest.approx(fresh[0].probability, rel=0.1)


def test_however_many_beginnings_are_asked_about_after_one_text_few_are_kept(bundled: Predictor) -> None:
    """As programs ask that look up many words: what is kept neither grows without end nor changes an answer."""
    first = bundled.suggest("that was", "unb")
    kept = []
    for letters in itertools.product("qxzjkvwy", "qxzjkvwb", "aei"):
        bundled.suggest("that was", "".join(letters))
        kept.append(bundled._reader._cache.num_pieces)
    assert max(kept) < 700
    again = bundled.suggest("that was", "unb")
    assert [s.word for s in again] == [s.word for s in first]
    assert [s.probability for s in again] == pytest.approx([s.probability for s in first], rel=0.1)


def test_one_own_word_does_not_sit_in_every_bar(bundled: Predictor) -> None:
    bundled.own_words.add("Zoque")
    try:
        bars = [bundled.suggest(text) for text in ("see you at the", "he said that the", "can you bring the", "", "my")]
        assert not any(s.word == "Zoque" for bar in bars for s in bar)
        assert bundled.suggest("he said that the", "zo")[0].word == "Zoque"
        assert bundled.suggest("he said that the", "ziqu")[0].word == "Zoque"
    finally:
        bundled.own_words.forget("zoque")


def test_white_space_after_a_text_changes_nothing(bundled: Predictor) -> None:
    assert bundled.suggest("see you at the" + " " * 5000) == bundled.suggest("see you at the")
    with pytest.raises(ValueError, match="one suggestion or more"):
        bundled.suggest("see you", k=0)


def test_letters_that_lead_somewhere_are_taken_as_they_are(bundled: Predictor) -> None:
    for typed in ("form", "an", "thi", "wor"):
        assert all(s.word.lower().startswith(typed) for s in bundled.suggest("this is", typed))


def test_an_added_word_is_a_candidate_like_any_other(model: LanguageModel, vocabulary: Vocabulary) -> None:
    predictor = Predictor.of(model, vocabulary)
    before = predictor.suggest("see you", "zoq")
    predictor.own_words.add("Zoq\u2019ue")
    [suggestion, *_] = predictor.suggest("see you", "zoq")
    assert (suggestion.word, suggestion.source) == ("Zoq'ue", "own")
    assert suggestion.probability > 0.2
    predictor.own_words.forget("zoq'ue")
    assert predictor.suggest("see you", "zoq") == before
    with pytest.raises(ValueError, match="not one word"):
        predictor.own_words.add("two words")


def test_words_come_as_they_are_written(model: LanguageModel, vocabulary: Vocabulary) -> None:
    written = Vocabulary(vocabulary.model, casing=Casing.read("I STATION"))
    predictor = Predictor.of(model, written)
    assert {s.word for s in predictor.suggest("see the", "st")} & {"STATION"}
    assert all(s.word[0].isupper() for s in predictor.suggest("hello."))
    assert all(s.word[0].isupper() for s in predictor.suggest("see the", "S"))
    assert all(s.word.isupper() for s in predictor.suggest("see the", "ST"))


def test_a_long_context_is_cut_not_refused(model: LanguageModel, vocabulary: Vocabulary) -> None:
    predictor = Predictor.of(model, vocabulary)
    assert len(predictor.suggest("see you at the station tomorrow " * 2000)) == 3
    assert len(predictor.suggest("\U0001f600" * 10_000)) == 3
    assert len(predictor.read([tokens("see you at the station tomorrow " * 600)])) == 1


def test_a_text_that_grows_is_answered_as_if_read_at_once(model: LanguageModel, vocabulary: Vocabulary) -> None:
    typing = Predictor.of(model, vocabulary)
    words = ("see you at the station tomorrow , unbelievable traffic " * 60).split()
    for length in [*range(70), *range(60, 64), 5, 260, *range(310, len(words), 7)]:
        text = " ".join(words[:length])
        fresh, typed = Predictor.of(model, vocabulary).suggest(text), typing.suggest(text)
        assert [s.word for s in typed] == [s.word for s in fresh]
        assert [s.probability for s in typed] == pytest.approx([s.probability for s in fresh], rel=1e-3)


@pytest.mark.parametrize(("context", "typed"), [("see you", "t"), ("good ", "mor"), ("i am", "")])
@pytest.mark.parametrize("own", ["", "morbid"])
def test_letters_are_as_probable_as_the_words_that_go_on_with_them(
    bundled: Predictor, context: str, typed: str, own: str
) -> None:
    if own:
        bundled.own_words.add(own, times=200)
    letters, words = bundled.letters(context, typed), bundled.suggest(context, typed, k=3000)
    bundled.own_words.forget(own)
    for letter, p in letters.items():
        begun = [word.probability for word in words if word.word.lower().startswith(typed + letter)]
        assert p == pytest.approx(sum(begun), abs=0.03)
    assert sum(letters.values()) <= 1 + 1e-6


@pytest.mark.parametrize("typed", ["?", "one two", "\u4f60\u597d"])
def test_letters_after_what_is_no_word_begun_are_few_or_none(bundled: Predictor, typed: str) -> None:
    assert sum(bundled.letters("see you", typed).values()) <= 1 + 1e-6


def test_a_keyboard_needs_no_torch() -> None:
    program = """
import sys
from nextword import checkpoint
from nextword.predictor import Predictor
assert Predictor.load(checkpoint.BUNDLED).suggest("see you at", "th")
assert "torch" not in sys.modules, "torch was imported"
"""
    subprocess.run([sys.executable, "-c", program], check=True)
