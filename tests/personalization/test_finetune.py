from __future__ import annotations

import copy
import dataclasses

import numpy as np
import torch

from nextword.model import LanguageModel
from nextword.model_config import OUTPUT_BIAS
from nextword.training import TrainConfig, score
from nextword.vocabulary import Vocabulary
from personalization.finetune import FinetuneConfig, Tuner, part_of_the_way, tune

EAGER = FinetuneConfig(train=TrainConfig(epochs=8, batch_messages=4, learning_rate=1e-2))


def test_fine_tuning_learns_and_the_shared_model_is_untouched(model: LanguageModel, vocabulary: Vocabulary) -> None:
    before = copy.deepcopy(model.state_dict())
    messages = [vocabulary.encode(f"see you at the station {word}") for word in ("then", "again", "please")] * 4
    tuned = Tuner(model, EAGER, np.random.default_rng(0))(messages)
    assert score(tuned, messages).bits.sum() < score(model, messages).bits.sum()
    half = score(part_of_the_way(model, tuned, 0.5), messages).bits.sum()
    assert score(tuned, messages).bits.sum() < half < score(model, messages).bits.sum()
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_the_same_messages_are_learned_once(model: LanguageModel, vocabulary: Vocabulary) -> None:
    tuner = Tuner(model, EAGER, np.random.default_rng(0))
    messages = [vocabulary.encode("see you")] * 8
    first = tuner(messages)
    assert tuner(list(messages)) is first
    assert tuner(messages[1:]) is not first


def test_what_was_learned_before_changes_nothing(model: LanguageModel, vocabulary: Vocabulary) -> None:
    messages = [vocabulary.encode(f"see you at the station {word}") for word in ("then", "again", "please")] * 4
    tuner = Tuner(model, EAGER, np.random.default_rng(0))
    tuner(messages[:5])
    later, alone = tuner(messages), Tuner(model, EAGER, np.random.default_rng(0))(messages)
    assert all(torch.equal(a, b) for a, b in zip(later.parameters(), alone.parameters(), strict=True))


def test_only_the_newest_messages_are_learned(model: LanguageModel, vocabulary: Vocabulary) -> None:
    old, new = [vocabulary.encode("traffic traffic")] * 9, [vocabulary.encode("see you at the station")] * 12
    few = dataclasses.replace(EAGER, most_messages=len(new))
    with_old, without = (Tuner(model, few, np.random.default_rng(0))(train) for train in (old + new, new))
    assert all(torch.equal(a, b) for a, b in zip(with_old.parameters(), without.parameters(), strict=True))


def test_of_no_messages_nothing_is_learned(model: LanguageModel) -> None:
    tuned = Tuner(model, EAGER, np.random.default_rng(0))([])
    assert all(torch.equal(a, b) for a, b in zip(tuned.parameters(), model.parameters(), strict=True))


def test_adapters_change_the_blocks_matrices_alone_and_by_a_low_rank(
    model: LanguageModel, vocabulary: Vocabulary
) -> None:
    messages = [vocabulary.encode("see you at the station")] * 12
    config = dataclasses.replace(EAGER, part="adapters", rank=2)
    tuned = tune(model, messages, config, np.random.default_rng(0))
    assert score(tuned, messages).bits.sum() < score(model, messages).bits.sum()
    before, after = model.weights(), tuned.weights()
    assert set(after) == {*before, OUTPUT_BIAS}
    assert after[OUTPUT_BIAS].any()
    half, farther = (part_of_the_way(model, tuned, way).weights() for way in (0.5, 2.0))
    assert np.allclose(half[OUTPUT_BIAS], after[OUTPUT_BIAS] / 2)
    assert np.allclose(farther[OUTPUT_BIAS], after[OUTPUT_BIAS] * 2)
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


def test_norms_alone_are_trained_where_that_is_asked(model: LanguageModel, vocabulary: Vocabulary) -> None:
    messages = [vocabulary.encode("see you at the station")] * 12
    tuned = tune(model, messages, dataclasses.replace(EAGER, part="norms"), np.random.default_rng(0))
    assert score(tuned, messages).bits.sum() < score(model, messages).bits.sum()
    before, after = model.weights(), tuned.weights()
    assert {name for name in before if (after[name] != before[name]).any()} == {n for n in before if "norm" in n}
