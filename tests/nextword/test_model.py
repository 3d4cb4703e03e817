from __future__ import annotations

import numpy as np
import pytest
import torch

from nextword.model import LanguageModel
from nextword.model_config import ModelConfig


def test_the_default_model_has_five_million_parameters() -> None:
    count = sum(parameter.numel() for parameter in LanguageModel(ModelConfig()).parameters())
    assert 4_500_000 < count < 5_500_000


@torch.no_grad()
def test_a_piece_sees_only_what_came_before(model: LanguageModel) -> None:
    pieces = torch.randint(4, model.config.vocabulary, (1, 9))
    changed = pieces.clone()
    changed[0, 6] = (changed[0, 6] + 1) % model.config.vocabulary
    torch.testing.assert_close(model(pieces)[:, :6], model(changed)[:, :6])
    assert not torch.allclose(model(pieces)[:, 6:], model(changed)[:, 6:])


@torch.no_grad()
def test_order_matters(model: LanguageModel) -> None:
    one, other = torch.tensor([[5, 9, 7]]), torch.tensor([[9, 5, 7]])
    assert not torch.allclose(model(one)[:, -1], model(other)[:, -1])


def test_the_config_knows_the_models_weights(model: LanguageModel) -> None:
    shapes = {name: tuple(value.shape) for name, value in model.named_parameters()}
    assert model.config.weight_shapes() == shapes
    assert model.config.num_parameters == sum(value.numel() for value in model.parameters())


def test_weights_taken_out_and_put_back_are_the_model(model: LanguageModel) -> None:
    other = LanguageModel(model.config).initialise(5)
    other.set_weights(model.weights())
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), model.parameters(), strict=True))
    with pytest.raises(ValueError, match="do not fit the model"):
        other.set_weights({**model.weights(), "norm.weight": np.ones(3, np.float32)})


def test_weights_depend_on_the_seed_alone() -> None:
    config = ModelConfig(vocabulary=50, width=8, layers=1, heads=2, hidden=8)
    one, same, other = (LanguageModel(config).initialise(seed) for seed in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.embedding.weight, other.embedding.weight)
    assert one.output.weight is one.embedding.weight


def test_impossible_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        ModelConfig(width=30, heads=4)
    with pytest.raises(ValueError, match="at least 1"):
        ModelConfig(layers=0)
