from __future__ import annotations

import pytest
import torch

from nextword.model import LanguageModel, ModelConfig


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


@torch.no_grad()
def test_branches_read_over_a_cache_equal_whole_readings(model: LanguageModel) -> None:
    context = torch.randint(4, model.config.vocabulary, (1, 7))
    _, cache = model.read(context)
    # two branches begun after 5 and after 7 pieces of the context, then a second piece on the first of them
    visible = torch.zeros(1, 2, 9, dtype=torch.bool)
    visible[0, 0, :5] = visible[0, 0, 7] = visible[0, 1, :7] = visible[0, 1, 8] = True
    hidden, cache = model.read(torch.tensor([[11, 12]]), cache, torch.tensor([[5, 7]]), visible)
    deeper = torch.zeros(1, 1, 10, dtype=torch.bool)
    deeper[0, 0, :5] = deeper[0, 0, 7] = deeper[0, 0, 9] = True
    second, _ = model.read(torch.tensor([[13]]), cache, torch.tensor([[6]]), deeper)
    first_whole, _ = model.read(torch.cat([context[:, :5], torch.tensor([[11, 13]])], 1))
    other_whole, _ = model.read(torch.cat([context, torch.tensor([[12]])], 1))
    torch.testing.assert_close(hidden[0, 0], first_whole[0, 5], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(second[0, 0], first_whole[0, 6], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(hidden[0, 1], other_whole[0, 7], atol=1e-4, rtol=1e-4)


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
