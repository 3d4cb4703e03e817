"""What was written after like contexts, compared with the plain formula."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.layers import END, Trusted
from nextword.model import LanguageModel
from nextword.near_contexts import ModelStates, NearConfig, NearContexts
from nextword.predictor import Predictor
from nextword.runtime import Floats, Runtime
from nextword.text import normalise, tokens
from nextword.vocabulary import Vocabulary

WORDS = ["see", "you", "at", "the", "station", "!"]


def _states(message: Sequence[str]) -> Floats:
    """States that depend on the last two tokens, as random as can be."""
    return np.array([_state(tuple(message[max(0, place - 2) : place])) for place in range(len(message) + 1)])


def _state(tail: tuple[str, ...]) -> Floats:
    seed = [WORDS.index(token) + 1 for token in tail] or [0]
    return np.random.default_rng(seed).standard_normal(8).astype(np.float32)


messages = st.lists(st.lists(st.sampled_from(WORDS), max_size=6), min_size=1, max_size=6)


@given(messages, st.lists(st.sampled_from(WORDS), max_size=4))
@settings(max_examples=50)
def test_masses_are_the_formula_and_leave_the_rest(history: list[list[str]], context: list[str]) -> None:
    config = NearConfig(temperature=0.3, share=0.9)
    layer = NearContexts(_states, history, config)
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
    layer = NearContexts(_states)
    assert layer.rest(["see"]) == 1.0
    assert (layer.mass(["see"], "you"), layer.top(["see"], 3, ""), layer.prefix_mass(["see"], "y")) == (0.0, [], 0.0)


@pytest.mark.parametrize("eight_bit", [False, True])
def test_states_are_the_models_before_each_token_also_past_its_window(
    model: LanguageModel, vocabulary: Vocabulary, eight_bit: bool
) -> None:
    """Before a token as after the message that ends there; of a short message what torch computes."""
    predictor = Predictor.of(model, vocabulary, eight_bit=eight_bit)
    states = predictor.states()
    short = tokens(normalise("see you at the station!"))
    found = states(short)
    assert found.shape == (len(short) + 1, model.config.width)
    atol = 0.2 if eight_bit else 1e-4
    pieces = [Vocabulary.bos, *vocabulary.encode_tokens(short)]
    with torch.no_grad():
        expected = model.hidden_at(torch.tensor([pieces]), torch.ones(1, len(pieces), dtype=torch.bool))
    np.testing.assert_allclose(found[-1], expected[-1].numpy(), atol=atol)
    long = short * 30
    for place in (0, 3, 40, 100, len(long)):
        np.testing.assert_allclose(states(long)[place], states(long[:place])[-1], atol=atol)


def test_a_word_that_only_its_context_tells_is_offered(model: LanguageModel, vocabulary: Vocabulary) -> None:
    predictor = Predictor.of(model, vocabulary)
    history = [tokens("see you at the zorblax"), tokens("ok please come")] * 3
    before = [offer.word for offer in predictor.suggest("see you at the ", "")]
    predictor.layers = [Trusted(NearContexts(predictor.states(), history), 0.9)]
    predictor.forget_context()
    after = predictor.suggest("see you at the ", "")
    assert "zorblax" not in before
    assert (after[0].word, after[0].source) == ("zorblax", "own")
    assert predictor.suggest("see you at the ", "zor")[0].word == "zorblax"


def test_a_share_of_all_and_no_temperature_are_refused() -> None:
    for config in ({"share": 1.0}, {"share": 0.0}, {"temperature": 0.0}):
        with pytest.raises(ValueError, match="near contexts"):
            NearConfig(**config)


def test_a_graph_tells_its_hidden_states_and_answers_as_before(model: LanguageModel, vocabulary: Vocabulary) -> None:
    runtime = Runtime(model.config, model.weights())
    assert isinstance(Predictor.of(model, vocabulary).states(), ModelStates)
    pieces = np.array([[1, 5, 9, 7]], np.int64)
    hidden = runtime.hidden(pieces, np.array([0, 3], np.int64))
    logp, _ = runtime.read(pieces, np.array([0, 3], np.int64))
    logits = hidden @ model.weights()["embedding.weight"].T
    np.testing.assert_allclose(logits - np.log(np.exp(logits).sum(1, keepdims=True)), logp, atol=1e-3)
