from __future__ import annotations

import copy
import dataclasses

import numpy as np
import torch

from nextword.model import LanguageModel
from nextword.training import TrainConfig, score
from nextword.vocabulary import Vocabulary
from personalization.finetune import FinetuneConfig, personalize, tune
from personalization.gate import GateConfig

EAGER = FinetuneConfig(train=TrainConfig(epochs=8, batch_messages=4, learning_rate=1e-2))


def test_a_person_with_habits_gains_and_the_shared_model_is_untouched(
    model: LanguageModel, vocabulary: Vocabulary
) -> None:
    before = copy.deepcopy(model.state_dict())
    history = [
        vocabulary.encode(f"see you at the station {word}") for word in "then again tomorrow ok please".split()
    ] * 4
    validation = [vocabulary.encode(text) for text in ("see you at the station", "see you tomorrow", "see you then")]
    personal, verdict = personalize(model, history, validation, EAGER, np.random.default_rng(0))
    assert verdict.choice is not None
    gain = (score(model, validation).bits - score(personal, validation).bits).mean()
    assert gain > verdict.gain_bits > 0  # what ships has learned the validation messages too
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_whoever_writes_otherwise_than_before_keeps_the_shared_model(
    model: LanguageModel, vocabulary: Vocabulary
) -> None:
    history = [vocabulary.encode("traffic traffic traffic")] * 20
    validation = [vocabulary.encode(text) for text in ("ok", "haha", "is she still at home ?", "we are going")]
    strict = FinetuneConfig(train=EAGER.train, gate=GateConfig(margin=3.0))
    personal, verdict = personalize(model, history, validation, strict, np.random.default_rng(0))
    assert personal is model
    assert verdict.choice is None


def test_too_little_text_is_no_error(model: LanguageModel, vocabulary: Vocabulary) -> None:
    one = [vocabulary.encode("ok")]
    for history, validation in (([], []), (one, []), ([[]], one * 5), (one, one)):
        assert personalize(model, history, validation, EAGER, np.random.default_rng(0))[0] is model


def test_only_the_newest_messages_are_learned(model: LanguageModel, vocabulary: Vocabulary) -> None:
    old, new = [vocabulary.encode("traffic traffic")] * 9, [vocabulary.encode("see you at the station")] * 12
    validation = [vocabulary.encode(text) for text in ("see you at the station", "see you tomorrow", "see you then")]
    few = dataclasses.replace(EAGER, most_messages=len(new))
    with_old, without = (
        personalize(model, train, validation, few, np.random.default_rng(0))[0] for train in (old + new, new)
    )
    assert all(torch.equal(a, b) for a, b in zip(with_old.parameters(), without.parameters(), strict=True))


def test_adapters_change_the_blocks_matrices_alone_and_by_a_low_rank(
    model: LanguageModel, vocabulary: Vocabulary
) -> None:
    messages = [vocabulary.encode("see you at the station")] * 12
    config = dataclasses.replace(EAGER, part="adapters", rank=2)
    tuned = tune(model, messages, config, np.random.default_rng(0))
    assert score(tuned, messages).bits.sum() < score(model, messages).bits.sum()
    before, after = model.weights(), tuned.weights()
    assert set(before) == set(after)
    for name, value in before.items():
        change = after[name] - value
        inside = name.startswith("blocks.") and value.ndim == 2
        assert np.linalg.matrix_rank(change, tol=1e-4) == (2 if inside else 0) if value.ndim == 2 else not change.any()


def test_the_last_layers_alone_are_trained(model: LanguageModel, vocabulary: Vocabulary) -> None:
    messages = [vocabulary.encode("see you at the station")] * 12
    tuned = tune(model, messages, dataclasses.replace(EAGER, part="last"), np.random.default_rng(0))
    before, after = model.weights(), tuned.weights()
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {name for name in before if name.startswith(("blocks.1.", "norm."))}
