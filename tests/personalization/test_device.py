"""What a device computes beside a person's text."""

from __future__ import annotations

import math

import numpy as np
import pytest

from data.splits import Split
from nextword.federation.config import ClientConfig, PersonalConfig
from nextword.model import LanguageModel
from nextword.text import normalise
from nextword.training import padded, piece_loss
from nextword.vocabulary import Vocabulary
from personalization import device
from personalization.methods import Local

VALIDATION = ("See you at the STATION", "is she coming ?", "")
PERSON = Split("ann", None, ("we are going to the station", "haha ok :)", *VALIDATION), VALIDATION, ("late again",))


def _parameters(model: LanguageModel) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in model.named_parameters()}


def _local(model: LanguageModel, user: str = "ann") -> Local:
    rng = device.generator(0, 1, user)
    return Local(model, _parameters(model), (), device.train_config(ClientConfig()), PersonalConfig(), rng)


def test_validation_bits_are_the_sum_over_messages(model: LanguageModel, vocabulary: Vocabulary) -> None:
    measured = device.evaluate_user(model, vocabulary, PERSON, ClientConfig())
    bits, pieces = 0.0, 0
    for text in VALIDATION[:2]:
        inputs, targets = padded([vocabulary.encode(normalise(text))], 64)
        bits += float(piece_loss(model, inputs, targets).detach()) * targets.numel() / math.log(2)
        pieces += targets.numel()
    assert measured.num_messages == 2
    assert measured.num_pieces == pieces
    assert measured.num_characters == sum(len(text) + 1 for text in VALIDATION[:2])
    assert measured.bits == pytest.approx(bits, rel=0.02)  # bfloat16, other batches


def test_a_long_message_counts_the_characters_that_were_measured(model: LanguageModel, vocabulary: Vocabulary) -> None:
    long = "see you at the station " * 500
    person = Split("ann", None, (long,), (long,), ("x",))
    measured = device.evaluate_user(model, vocabulary, person, ClientConfig(max_pieces=32))
    assert measured.num_pieces == 32
    whole = len(vocabulary.encode(normalise(long))) + 1
    assert measured.num_characters == pytest.approx((len(normalise(long)) + 1) * 32 / whole, abs=1)


def test_the_update_is_the_change_and_the_weight_the_number_of_messages(
    model: LanguageModel, vocabulary: Vocabulary
) -> None:
    before = _parameters(model)
    trained = device.train_user(_local(model), vocabulary, PERSON.train, before)
    assert trained.num_messages == 2
    after = _parameters(model)
    assert all(np.array_equal(trained.delta[name], after[name] - before[name]) for name in before)
    again = device.train_user(_local(model), vocabulary, PERSON.train, before)
    assert all(np.array_equal(trained.delta[name], again.delta[name]) for name in before)


def test_a_person_without_usable_text_sends_nothing(model: LanguageModel, vocabulary: Vocabulary) -> None:
    trained = device.train_user(_local(model, "bob"), vocabulary, ("", " \t"), _parameters(model))
    assert (trained.delta, trained.num_messages) == ({}, 0)


def test_randomness_differs_by_seed_round_and_user() -> None:
    draws = {device.generator(s, r, u).integers(2**62) for s in (0, 1) for r in (1, 2) for u in ("ann", "bob")}
    assert len(draws) == 8


def test_parameters_of_another_model_are_refused(model: LanguageModel) -> None:
    with pytest.raises(ValueError, match="do not fit the model"):
        model.set_weights({"w": np.ones(3, np.float32)})
