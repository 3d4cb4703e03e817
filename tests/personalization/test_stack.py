"""The default stack: who has habits gains, who has not keeps what everybody has, and anybody gets an answer."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from nextword.model import LanguageModel
from nextword.ngram_layer import NgramConfig, NgramLayer
from nextword.predictor import Predictor
from nextword.text import normalise, tokens
from nextword.training import TrainConfig
from nextword.vocabulary import Vocabulary
from personalization.finetune import FinetuneConfig
from personalization.gate import GateConfig
from personalization.stack import Shared, StackConfig, personalize, word_scores

CONFIG = StackConfig(
    layers_gate=GateConfig(margin=0.5),
    finetune=FinetuneConfig(
        train=TrainConfig(epochs=8, batch_messages=4, learning_rate=1e-2), gate=GateConfig(margin=0.5)
    ),
)
HABITS = [f"Meet you at Zoque {word}" for word in ("then", "again", "tomorrow", "ok", "please", "haha")] * 4


@pytest.fixture
def shared(model: LanguageModel, vocabulary: Vocabulary) -> Shared:
    return Shared(model, Predictor.of(model, vocabulary))


def _rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_person_with_habits_gets_their_words_and_the_shared_model_stays(shared: Shared) -> None:
    before = copy.deepcopy(shared.model.state_dict())
    personal = personalize(shared, HABITS[:-4], HABITS[-4:], CONFIG, _rng())
    assert personal.shipped
    assert personal.layers.choice is not None
    assert personal.predictor.suggest("meet you at")[0].word == "Zoque"
    assert personal.predictor.suggest("meet you at")[0].source == "own"
    assert shared.predictor.layers == []
    assert all(torch.equal(before[name], value) for name, value in shared.model.state_dict().items())


def test_what_ships_wins_on_validation(shared: Shared) -> None:
    validation = ["see you at the station", "see you tomorrow", "Meet you at Zoque then", "ok"]
    personal = personalize(shared, HABITS, validation, CONFIG, _rng())
    assert personal.shipped
    judged = [tokens(normalise(text)) for text in validation]
    ours, theirs = word_scores(personal.predictor, judged), word_scores(shared.predictor, judged)
    assert ours.bits.sum() < theirs.bits.sum()
    assert ours.hits.sum() > theirs.hits.sum()


def test_whoever_writes_otherwise_than_before_keeps_what_everybody_has(shared: Shared) -> None:
    validation = ["ok", "haha", "is she still at home ?", "we are going"]
    personal = personalize(shared, ["traffic traffic traffic"] * 20, validation, CONFIG, _rng())
    assert not personal.shipped
    assert personal.predictor.suggest("see you at") == shared.predictor.suggest("see you at")


def test_fine_tuning_is_judged_against_what_the_own_words_have_won(shared: Shared) -> None:
    strict = StackConfig(layers_gate=CONFIG.layers_gate, finetune=FinetuneConfig(gate=GateConfig(margin=1e6)))
    personal = personalize(shared, HABITS[:-4], HABITS[-4:], strict, _rng())
    assert (personal.layers.choice, personal.finetuned.choice) == (0, None)
    never = StackConfig(layers_gate=GateConfig(margin=1e6), finetune=CONFIG.finetune)
    tuned = personalize(shared, HABITS[:-4], HABITS[-4:], never, _rng())
    assert tuned.layers.choice is None
    assert tuned.finetuned.choice is not None
    assert tuned.predictor.layers == []


def test_the_words_of_many_are_used_where_they_win(shared: Shared) -> None:
    many = NgramLayer(NgramConfig(), {(): {"bugis": 9.0}, ("at",): {"bugis": 9.0}}, source="many")
    also = shared._replace(many=many)
    habits = personalize(also, HABITS[:-4], HABITS[-4:], CONFIG, _rng())
    assert all(layer is not many for layer in habits.predictor.layers)  # in their way here
    at_bugis = [f"look at bugis {word}" for word in ("then", "again", "tomorrow", "ok")]
    theirs = personalize(also, ["haha"] * 20, at_bugis, CONFIG, _rng())
    assert theirs.predictor.layers[0] is many
    assert theirs.predictor.suggest("look at")[0].word == "bugis"


@pytest.mark.parametrize(
    ("train", "validation"),
    [
        ([], []),
        (["hi"], []),
        (["hi"], ["hi"]),
        (["hi"] * 27, ["hi"] * 3),
        (["", "  ", "!"], ["", "?", "..."]),
        (["\u4f60\u597d \u665a\u5b89"] * 24, ["\u4f60\u597d"] * 3),
        (["\U0001f600" * 30] * 9, ["\U0001f600"] * 4),
    ],
    ids=["nothing", "one", "two", "all alike", "no words", "another language", "emoji"],
)
def test_anybody_gets_an_answer(shared: Shared, train: list[str], validation: list[str]) -> None:
    personal = personalize(shared, train, validation, CONFIG, _rng())
    assert len(personal.predictor.suggest("see you")) == 3
    if len(validation) < 3:
        assert not personal.shipped
