"""Layers of words over the model: one probability, one engine for the metrics and the keyboard."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nextword.layers import END, Layer, Trusted, blend, layered, layered_prefix, source
from nextword.metrics import measure, measure_all
from nextword.model import LanguageModel
from nextword.near_contexts import NearContexts
from nextword.ngram import Trigram
from nextword.own_words import OwnWords
from nextword.predictor import Predictor
from nextword.runtime import Ids, Runtime
from nextword.text import is_word, tokens
from nextword.vocabulary import Vocabulary


def _own(**words: int) -> OwnWords:
    own = OwnWords()
    for word, times in words.items():
        own.add(word, times)
    return own


LOW, HIGH = _own(station=300, zoque=200), _own(zoque=50, stay=10)


def test_a_stack_is_each_layer_over_what_lies_below() -> None:
    below = 0.3
    by_hand = HIGH.mass([], "zoque") + HIGH.rest([]) * (LOW.mass([], "zoque") + LOW.rest([]) * below)
    mass, rest = layered([LOW, HIGH], [], "zoque")
    assert mass + rest * below == pytest.approx(by_hand)
    assert blend({"zoque": below}, lambda _: 0.0, [LOW, HIGH], [], "", 1) == pytest.approx({"zoque": by_hand})
    assert layered([], [], "zoque") == (0.0, 1.0)


def test_words_of_layers_are_candidates_with_what_the_model_gives_them() -> None:
    words = blend({"sea": 0.2}, {"station": 0.1, "stay": 0.05, "zoque": 0.0}.__getitem__, [LOW, HIGH], [], "s", 3)
    assert list(words) == ["sea", "station", "stay"]
    mass, rest = layered([LOW, HIGH], [], "station")
    assert words["station"] == pytest.approx(mass + rest * 0.1)


def test_a_prefix_has_the_sum_of_its_words() -> None:
    words = {"station": 0.1, "stay": 0.05, "sea": 0.2}
    all_of_them = blend(words, lambda _: 0.0, [LOW, HIGH], [], "s", 10)
    assert layered_prefix(sum(words.values()), [LOW, HIGH], [], "s") == pytest.approx(sum(all_of_them.values()))


def test_the_source_is_where_most_of_a_word_comes_from() -> None:
    mass, rest = layered([LOW, HIGH], [], "station")
    assert source([LOW, HIGH], [], "station", mass + rest * 0.0) is LOW
    assert source([LOW, HIGH], [], "zoque", sum(layered([LOW, HIGH], [], "zoque")[:1])) is LOW
    assert source([LOW, HIGH], [], "station", mass + rest * 0.5) is None
    assert source([], [], "station", 0.5) is None


def test_a_reading_offers_and_costs_what_the_keyboard_says(model: LanguageModel, vocabulary: Vocabulary) -> None:
    predictor = Predictor.of(model, vocabulary)
    plain = predictor.read([tokens("see you zoque , station !")])[0]
    predictor.corrects_slips = False
    predictor.layers = [LOW, HIGH]
    message = tokens("see you zoque , station !")
    [reading] = predictor.read([message])
    for position, token in enumerate(message):
        if is_word(token):
            for letters in range(len(token)):
                offered = predictor.suggest(" ".join(message[:position]), token[:letters])
                assert reading.slots(position, token[:letters]) == [s.word.lower() for s in offered]
    bits = 0.0
    for place, (token, logp) in enumerate(zip([*message, END], plain.logp, strict=True)):
        mass, rest = layered([LOW, HIGH], message[:place], token)
        bits -= math.log2(mass + rest * math.exp(logp))
    assert reading.bits == pytest.approx(bits)
    assert plain.bits == pytest.approx(-sum(plain.logp) / math.log(2))


def test_a_suggestion_says_which_layer_it_comes_from(model: LanguageModel, vocabulary: Vocabulary) -> None:
    predictor = Predictor.of(model, vocabulary)
    predictor.layers = [LOW]
    [first, *_] = predictor.suggest("see you", "zoq")
    assert (first.word, first.source) == ("zoque", "own")
    assert first.probability > 0.9


def test_what_lies_over_one_model_is_measured_together_as_if_alone(
    model: LanguageModel, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["see you zoque , station !", "", "i don't believe it , unbelievable", "stay at the station tomorrow " * 20]

    def models() -> list[Predictor | Trigram]:
        predictor, other = Predictor.of(model, vocabulary), Predictor.of(model, vocabulary)
        near = NearContexts(predictor.states, [tokens("see you at the zoque station"), tokens("i don't stay")])
        stacks: list[list[Layer]] = [[LOW], [LOW, Trusted(near, 0.5)], [near, HIGH], []]
        trigram = Trigram(tokens(text) for text in texts)
        return [predictor, *map(predictor.under, stacks), trigram, other.under([HIGH]), other]

    alone = [measure(each, texts, user="a") for each in models()]
    seen: list[int] = []
    read = Runtime.read

    def counted(runtime: Runtime, pieces: Ids, *args: Any) -> Any:
        seen.append(len(pieces))
        return read(runtime, pieces, *args)

    monkeypatch.setattr(Runtime, "read", counted)
    together = measure_all(models(), texts, user="a")
    for have, want in zip(together, alone, strict=True):
        assert have == replace(want, bits=pytest.approx(want.bits, rel=1e-6))
        assert have.hits.tolist() == want.hits.tolist()
        assert have.was.tolist() == want.was.tolist()
        np.testing.assert_allclose(have.said, want.said, rtol=1e-2)
    assert len({have.bits for have in together}) == 6  # of eight, a bare model thrice
    rows = sum(seen)
    measure(models()[0], texts, user="a")
    assert 2 * (sum(seen) - rows) == rows  # two models, each of which has read once
