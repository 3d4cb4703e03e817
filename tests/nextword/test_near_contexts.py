"""What was written after like contexts, compared with the plain formula."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.layers import END, Trusted
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.near_contexts import ModelStates, NearConfig, NearContexts
from nextword.predictor import Predictor
from nextword.runtime import Floats, Ids, Runtime
from nextword.text import normalise, tokens
from nextword.vocabulary import Vocabulary

WORDS = ["see", "you", "at", "the", "station", "!"]


class _States:
    """States that depend on the last two tokens, as random as can be."""

    def of(self, messages: Sequence[Sequence[str]]) -> Floats:
        contexts = [message[:place] for message in messages for place in range(len(message) + 1)]
        return np.array([self.after(context) for context in contexts], np.float32).reshape(-1, 8)

    def after(self, context: Sequence[str]) -> Floats:
        return _state(tuple(context[-2:]))


def _state(tail: tuple[str, ...]) -> Floats:
    seed = [WORDS.index(token) + 1 for token in tail] or [0]
    return np.random.default_rng(seed).standard_normal(8).astype(np.float32)


messages = st.lists(st.lists(st.sampled_from(WORDS), max_size=6), min_size=1, max_size=6)


@given(messages, st.lists(st.sampled_from(WORDS), max_size=4))
@settings(max_examples=50)
def test_masses_are_the_formula_and_leave_the_rest(history: list[list[str]], context: list[str]) -> None:
    config = NearConfig(temperature=0.3, share=0.9)
    layer = NearContexts(_States(), history, config)
    expected: dict[str, float] = {}
    query = _state(tuple(context[-2:]))
    for message in history:
        for place, token in enumerate([*message, END]):
            state = _state(tuple(message[max(0, place - 2) : place]))
            cosine = float(query @ state / np.linalg.norm(query) / np.linalg.norm(state))
            expected[token] = expected.get(token, 0.0) + math.exp(cosine / config.temperature)
    whole = math.fsum(expected.values())
    for token in [*WORDS, END]:
        assert layer.mass(context, token) == pytest.approx(0.9 * expected.get(token, 0.0) / whole, rel=1e-4)
    assert layer.rest(context) == pytest.approx(0.1)
    found = [word for word, _ in layer.top(context, 9, "")]
    assert set(found) == {word for word in expected if word.isalpha()}
    assert found == sorted(found, key=lambda word: (-layer.mass(context, word), word))
    begun = [word for word in found if word.startswith("s")]
    assert layer.prefix_mass(context, "s") == pytest.approx(math.fsum(layer.mass(context, word) for word in begun))


def test_nothing_written_leaves_all_to_what_lies_below() -> None:
    layer = NearContexts(_States())
    assert layer.rest(["see"]) == 1.0
    assert (layer.mass(["see"], "you"), layer.top(["see"], 3, ""), layer.prefix_mass(["see"], "y")) == (0.0, [], 0.0)


@pytest.mark.parametrize("eight_bit", [False, True])
def test_states_are_the_models_before_each_token_also_past_its_window(
    model: LanguageModel, vocabulary: Vocabulary, eight_bit: bool
) -> None:
    """Before a token as after the message that ends there; of a short message what torch computes."""
    predictor = Predictor.of(model, vocabulary, eight_bit=eight_bit)
    states = predictor.states
    short = tokens(normalise("see you at the station!"))
    found = states.of([short])
    assert found.shape == (len(short) + 1, model.config.width)
    atol = 0.2 if eight_bit else 1e-4
    pieces = [Vocabulary.bos, *vocabulary.encode_tokens(short)]
    with torch.no_grad():
        expected = model.hidden_at(torch.tensor([pieces]), torch.ones(1, len(pieces), dtype=torch.bool))
    np.testing.assert_allclose(found[-1], expected[-1].numpy(), atol=atol)
    long = short * 30
    together = states.of([long, short, [], long])
    assert len(together) == 2 * len(long) + len(short) + 4
    np.testing.assert_allclose(together[-len(long) - 1 :], together[: len(long) + 1], atol=atol)
    for place in (0, 3, 40, 100, len(long)):
        np.testing.assert_allclose(together[place], states.after(long[:place]), atol=atol)


def test_states_of_what_was_read_anyway_are_at_hand(model: LanguageModel, vocabulary: Vocabulary) -> None:
    predictor = Predictor.of(model, vocabulary)
    fresh, context = Predictor.of(model, vocabulary).states, tokens(normalise("see you at the"))
    expected, ok = fresh.after(context), fresh.after(["ok"])
    predictor.suggest("See you at the st", "st")
    predictor.suggest("see you at the ", "st")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runtime, "hidden", None)  # nothing is read again
        np.testing.assert_allclose(predictor.states.after(context), expected, atol=1e-4)
        with pytest.raises(TypeError):
            predictor.states.after(context[:1])
    predictor.states.expect([context, ["ok"]])
    np.testing.assert_allclose(predictor.states.after(context[:2]), fresh.after(context[:2]), atol=1e-4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Runtime, "hidden", None)
        np.testing.assert_allclose(predictor.states.after(["ok"]), ok, atol=1e-4)


def test_a_message_is_read_once_while_states_are_remembered(
    model: LanguageModel, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [tokens(normalise(text)) for text in ("see you at the station", "ok", "don't believe me", "ok", "haha")]
    states, fresh = (Predictor.of(model, vocabulary).states for _ in range(2))
    rows: list[int] = []
    hidden = Runtime.hidden

    def watch(self: Runtime, pieces_BT: Ids, places_N: Ids) -> Floats:
        rows.append(len(pieces_BT))
        return hidden(self, pieces_BT, places_N)

    expected = [fresh.of(part) for part in (texts[:3], texts[1:], [], texts)]
    monkeypatch.setattr(Runtime, "hidden", watch)
    with states.remembering():
        found = [states.of(part) for part in (texts[:3], texts[1:], [], texts)]
        states.expect([texts[0]])
        np.testing.assert_allclose(states.after(texts[0]), expected[0][len(texts[0])], atol=1e-4)
    assert sum(rows) == len({*map(tuple, texts)})
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    rows.clear()
    states.of(texts[:1])
    assert rows == [1]  # all is forgotten then


def test_the_states_of_a_long_message_take_memory_in_proportion(vocabulary: Vocabulary) -> None:
    class Nothing:
        config = ModelConfig(vocabulary=len(vocabulary), width=2, heads=1)

        def hidden(self, pieces: Ids, places: Ids) -> Floats:
            return np.zeros((len(places), 2), np.float32)

    peaks = []
    for words in (1500, 6000):
        states = ModelStates(cast(Runtime, Nothing()), vocabulary)
        states.expect([["see"] * words])
        tracemalloc.start()
        states.after(["see"])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 6 * peaks[0]


def test_a_word_that_only_its_context_tells_is_offered(model: LanguageModel, vocabulary: Vocabulary) -> None:
    predictor = Predictor.of(model, vocabulary)
    history = [tokens("see you at the zorblax"), tokens("ok please come")] * 3
    before = [offer.word for offer in predictor.suggest("see you at the ", "")]
    predictor.layers = [Trusted(NearContexts(predictor.states, history), 0.9)]
    predictor.forget_context()
    after = predictor.suggest("see you at the ", "")
    assert "zorblax" not in before
    assert (after[0].word, after[0].source) == ("zorblax", "own")
    assert predictor.suggest("see you at the ", "zor")[0].word == "zorblax"


def test_a_share_of_all_and_no_temperature_are_refused() -> None:
    for config in ({"share": 1.0}, {"share": 0.0}, {"temperature": 0.0}, {"most_contexts": 0}):
        with pytest.raises(ValueError, match="near contexts"):
            NearConfig(**config)


@pytest.mark.parametrize("other", [None, "platform"])
@given(messages, st.lists(st.sampled_from(WORDS), max_size=4), st.sampled_from(WORDS[:-1]))
@settings(max_examples=50)
def test_a_word_forgotten_or_renamed_is_as_if_its_messages_had_ended_there(
    other: str | None, history: list[list[str]], context: list[str], word: str
) -> None:
    layer = NearContexts(_States(), history)
    for _ in range(2):  # forgotten already
        layer.forget(word) if other is None else layer.rename(word, other)
    assert word not in layer.words
    weights: dict[str, float] = {}
    for message in history:
        for tail, token in _pairs(message):
            a, b = _state(tail), _state(tuple(context[-2:]))
            weight = math.exp(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) / layer.config.temperature)
            known = other if token == word else token
            if known is not None:
                weights[known] = weights.get(known, 0.0) + weight
            if token == word:
                break
    for token in [*WORDS, "platform", END]:
        expected = layer.config.share * weights.get(token, 0.0) / math.fsum(weights.values()) if weights else 0.0
        assert layer.mass(context, token) == pytest.approx(expected, rel=1e-4, abs=1e-9)
    assert layer.rest(context) == pytest.approx(1 - layer.config.share if weights else 1.0)


def _pairs(message: Sequence[str]) -> list[tuple[tuple[str, ...], str]]:
    """What each token and the end of a message followed."""
    return [(tuple(message[max(0, place - 2) : place]), token) for place, token in enumerate([*message, END])]


@given(messages, st.lists(st.sampled_from(WORDS), max_size=4))
@settings(max_examples=20)
def test_what_is_kept_of_a_layer_is_the_layer(history: list[list[str]], context: list[str]) -> None:
    layer = NearContexts(_States(), history)
    again = NearContexts.of_stored(_States(), layer.stored())
    for both in (layer, again):
        both.forget("you")
    assert again.words == layer.words
    for token in [*WORDS, END]:
        assert again.mass(context, token) == pytest.approx(layer.mass(context, token), rel=0.05, abs=1e-6)


def test_a_layer_of_nothing_and_one_of_an_end_alone_are_kept_as_they_are() -> None:
    nothing: list[tuple[list[list[str]], float]] = [([], 1.0), ([[]], 1 - NearConfig().share)]
    for history, rest in nothing:
        again = NearContexts.of_stored(_States(), NearContexts(_States(), history).stored())
        assert (again.rest(["see"]), again.words) == (pytest.approx(rest), [])
        again.learn([["see", "you"]])
        assert again.words == ["see", "you"]


def test_what_is_no_layer_is_refused() -> None:
    whole = NearContexts(_States(), [["see", "you"]])
    short = safetensors.numpy.load(whole.stored())
    short["message"] = short["message"][:1]
    for stored in (b"", b"{}" * 9, safetensors.numpy.save(short), safetensors.numpy.save({"next": short["next"]})):
        with pytest.raises(ValueError, match="near contexts that cannot be read"):
            NearContexts.of_stored(_States(), stored)


@given(messages, messages, st.integers(1, 40))
@settings(max_examples=50)
def test_what_is_learned_later_is_as_if_it_was_there_at_once(
    history: list[list[str]], later: list[list[str]], most: int
) -> None:
    config = NearConfig(most_contexts=most)
    layer, whole = NearContexts(_States(), history, config), NearContexts(_States(), [*history, *later], config)
    for message in later:
        layer.learn([message])
    together = NearContexts(_States(), history, config)
    together.learn(later)
    for word in ("zoque", "you"):
        for each in (layer, whole, together):
            each.forget(word)
        assert [(each.words, each.mass([], "see")) for each in (layer, together)] == [
            (whole.words, pytest.approx(whole.mass([], "see")))
        ] * 2


@given(messages, messages, st.lists(st.sampled_from(WORDS), max_size=4), st.sets(st.sampled_from(WORDS[:-1])))
@settings(max_examples=50)
def test_words_that_may_not_be_offered_leave_all_others_the_mass_that_they_have(
    history: list[list[str]], later: list[list[str]], context: list[str], only: set[str]
) -> None:
    said: set[str] = set()
    layer, whole = NearContexts(_States(), history, only=said), NearContexts(_States(), [*history, *later])
    assert layer.words == []
    said |= only
    layer.learn(later)
    assert layer.words == [word for word in whole.words if word in only]
    for token in [*WORDS, END]:
        expected = whole.mass(context, token) if token in {*only, "!", END} else 0.0
        assert layer.mass(context, token) == pytest.approx(expected)
    assert layer.top(context, 9, "s") == [
        (word, pytest.approx(p)) for word, p in whole.top(context, 9, "s") if word in only
    ]
    assert layer.prefix_mass(context, "s") == pytest.approx(sum(p for _, p in layer.top(context, 9, "s")))
    assert layer.rest(context) == whole.rest(context)


def test_of_a_long_history_the_newest_whole_messages_are_compared() -> None:
    history = [["see", "you"], ["at", "the"], ["station"], ["!"]]
    assert NearContexts(_States(), history, NearConfig(most_contexts=6)).words == ["station"]
    assert NearContexts(_States(), history, NearConfig(most_contexts=7)).words == ["at", "station", "the"]
    assert NearContexts(_States(), history, NearConfig(most_contexts=1)).rest([]) == 1.0


def test_a_graph_tells_its_hidden_states_and_answers_as_before(model: LanguageModel, vocabulary: Vocabulary) -> None:
    runtime = Runtime(model.config, model.weights())
    pieces = np.array([[1, 5, 9, 7]], np.int64)
    hidden = runtime.hidden(pieces, np.array([0, 3], np.int64))
    logp, also, _ = runtime.read(pieces, np.array([0, 3], np.int64))
    np.testing.assert_allclose(hidden, also, atol=1e-5)
    logits = hidden @ model.weights()["embedding.weight"].T
    np.testing.assert_allclose(logits - np.log(np.exp(logits).sum(1, keepdims=True)), logp, atol=1e-3)
