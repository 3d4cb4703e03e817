"""Laws of private training."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from opacus.grad_sample import GradSampleModule

from nextword.federation.ledger import epsilon
from nextword.federation.noise import Secret, Seeded, derived_key
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.training import IGNORED, Descent, TrainConfig, padded
from personalization.adapters import adapted
from personalization.clipping import clipped_sum
from personalization.private import DpSgd, fit_privately, noise_for
from personalization.store import device_secret

SGD = TrainConfig(epochs=2, batch_messages=4, learning_rate=0.3, optimizer="sgd")
OPEN = DpSgd(0.0, math.inf, 0.5)
MESSAGES = [[5, 9, 5, 30], [7], [200, 201, 5, 5, 5, 9, 40], [8, 8], [11, 12, 13], [5, 9, 6]]


@pytest.fixture
def small() -> LanguageModel:
    return LanguageModel(ModelConfig(vocabulary=300, width=16, layers=2, heads=2, hidden=24)).initialise(3)


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products in float32, so that two ways to the same number agree closely."""
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())


def _seeded(seed: int = 0) -> Seeded:
    return Seeded(np.random.default_rng(seed))


def _one_by_one(model: LanguageModel, messages: list[list[int]]) -> list[dict[str, torch.Tensor]]:
    """Each message's gradient, by a backward pass of its own."""
    found = []
    for message in messages:
        inputs, targets = padded([message], 64)
        model.zero_grad()
        F.cross_entropy(model(inputs)[0], targets[0], ignore_index=IGNORED).backward()
        found.append({name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None})
    model.zero_grad()
    return found


def _norm(gradient: dict[str, torch.Tensor]) -> float:
    return math.sqrt(sum(float(value.double().square().sum()) for value in gradient.values()))


messages_of_any_kind = st.lists(st.lists(st.integers(4, 299), min_size=1, max_size=9), min_size=1, max_size=5)


@settings(max_examples=25)
@given(messages_of_any_kind, st.floats(0.05, 20.0))
def test_the_sum_is_of_each_messages_clipped_gradient(messages: list[list[int]], bound: float) -> None:
    model = LanguageModel(ModelConfig(vocabulary=300, width=16, layers=2, heads=2, hidden=24)).initialise(3)
    names = [name for name, _ in model.named_parameters()]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "autocast", lambda *_, **__: contextlib.nullcontext())
        clipped = clipped_sum(model, *padded(messages, 64), names, bound)
        slow = _one_by_one(model, messages)
    norms = [_norm(gradient) for gradient in slow]
    np.testing.assert_allclose(clipped.norms_B.numpy(), norms, rtol=1e-4)
    for name in names:
        expected = sum(gradient[name] * min(1.0, bound / norm) for gradient, norm in zip(slow, norms, strict=True))
        np.testing.assert_allclose(clipped.total[name].numpy(), expected.numpy(), atol=1e-5)


@pytest.mark.usefixtures("exact")
@pytest.mark.filterwarnings("ignore:Full backward hook")
def test_it_equals_opacus_with_the_embedding_tied(small: LanguageModel) -> None:
    inputs, targets = padded(MESSAGES, 64)
    clipped = clipped_sum(small, inputs, targets, [name for name, _ in small.named_parameters()], math.inf)
    theirs = GradSampleModule(copy.deepcopy(small), loss_reduction="sum")
    nats_BT = F.cross_entropy(theirs(inputs).transpose(1, 2), targets, ignore_index=IGNORED, reduction="none")
    (nats_BT.sum(1) / (targets != IGNORED).sum(1)).sum().backward()
    for name, value in theirs._module.named_parameters():
        np.testing.assert_allclose(clipped.total[name].numpy(), value.grad_sample.sum(0).numpy(), atol=1e-5)


@pytest.mark.parametrize("tiles", [False, True])
@pytest.mark.parametrize("message", MESSAGES)
def test_one_message_never_adds_more_than_the_bound(
    monkeypatch: pytest.MonkeyPatch, small: LanguageModel, message: list[int], tiles: bool
) -> None:
    """With the products in bfloat16 too, alone and beside others."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": tiles})
    names = [name for name, _ in small.named_parameters()]
    for bound in (1e-3, 0.5, 3.0):
        alone = clipped_sum(small, *padded([message], 64), names, bound)
        assert _norm(alone.total) <= bound * (1 + 1e-4)
    others = [other for other in MESSAGES if other != message]
    both = clipped_sum(small, *padded([*others, message], 64), names, 0.5).total
    rest = clipped_sum(small, *padded([*others, [4] * len(message)], 64), names, 0.5).total
    difference = {name: value - rest[name] for name, value in both.items()}
    assert 0 < _norm(difference) <= 2 * 0.5 * (1 + 1e-4)


@pytest.mark.usefixtures("exact")
def test_some_parameters_alone_have_the_norm_of_these(small: LanguageModel) -> None:
    top = [name for name, _ in small.named_parameters() if name.startswith(("blocks.1.", "norm."))]
    clipped = clipped_sum(small, *padded(MESSAGES, 64), top, math.inf)
    assert set(clipped.total) == set(top)
    slow = [{name: gradient[name] for name in top} for gradient in _one_by_one(small, MESSAGES)]
    np.testing.assert_allclose(clipped.norms_B.numpy(), [_norm(gradient) for gradient in slow], rtol=1e-4)


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("part", ["own", "below"])
def test_adapters_and_what_lies_below_them_have_clipped_gradients(small: LanguageModel, part: str) -> None:
    with adapted(small, 2, np.random.default_rng(0)) as changes:
        changes.load({name: np.full_like(value, 0.1) for name, value in changes.state().items()})
        names = getattr(changes, part)
        clipped = clipped_sum(small, *padded(MESSAGES, 64), names, math.inf)
        slow = [{name: gradient[name] for name in names} for gradient in _one_by_one(small, MESSAGES)]
    np.testing.assert_allclose(clipped.norms_B.numpy(), [_norm(gradient) for gradient in slow], rtol=1e-4)
    for name in names:
        np.testing.assert_allclose(clipped.total[name].numpy(), sum(g[name] for g in slow).numpy(), atol=1e-5)


@pytest.mark.usefixtures("exact")
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("prox", [0.0, 0.3])
def test_without_noise_or_clipping_it_is_plain_training(small: LanguageModel, optimizer: Any, prox: float) -> None:
    config = dataclasses.replace(SGD, optimizer=optimizer, learning_rate=0.01, prox=prox, schedule="cosine")
    plain, noise = copy.deepcopy(small), _seeded()
    descent = Descent(plain, config, 4)
    for _ in range(4):
        drawn = (noise.uniform(len(MESSAGES)) < 0.5).nonzero().flatten().tolist()
        descent.forget_gradients()
        losses = [F.cross_entropy(plain(x)[0], y[0]) for x, y in (padded([MESSAGES[index]], 64) for index in drawn)]
        (torch.stack(losses).sum() / config.batch_messages).backward()
        descent.step()
    result = fit_privately(small, MESSAGES, config, OPEN, _seeded())
    assert result.num_steps == 4
    for (name, value), expected in zip(small.named_parameters(), plain.parameters(), strict=True):
        np.testing.assert_allclose(value.detach().numpy(), expected.detach().numpy(), atol=2e-5, err_msg=name)


@pytest.fixture(params=["seeded", "secret"])
def noise(request: pytest.FixtureRequest) -> Any:
    return _seeded() if request.param == "seeded" else Secret(b"k" * 32)


def test_a_step_with_nobody_in_it_is_noise_alone_with_the_deviation_that_was_set(
    small: LanguageModel, noise: Any
) -> None:
    """7,000 numbers: their deviation is within 5 % but for one run in 10^8."""
    before = copy.deepcopy(small)
    config = dataclasses.replace(SGD, epochs=1, learning_rate=1.0)
    result = fit_privately(small, [], config, DpSgd(1.5, 0.2, 1.0), noise)
    assert (result.num_steps, result.num_pieces) == (1, 0)
    moved = torch.cat([(a - b).flatten() for a, b in zip(small.parameters(), before.parameters(), strict=True)])
    assert len(moved) > 7000
    moved = moved.detach()
    assert float(moved.std()) == pytest.approx(1.5 * 0.2 / config.batch_messages, rel=0.05)
    assert abs(float(moved.mean())) < 6 * 1.5 * 0.2 / config.batch_messages / math.sqrt(len(moved))


def test_normal_numbers_are_normal_and_uniform_ones_uniform(noise: Any) -> None:
    """By Kolmogorov and Smirnov; one in a million true sources would fail. The deviations pass where blocks meet."""
    from scipy.stats import kstest

    normal = torch.zeros(2**18 + 7001)
    noise.add_normal(normal, 2.0)
    assert kstest(normal.numpy() / 2, "norm").pvalue > 1e-6
    assert kstest(noise.uniform(20_000).numpy(), "uniform").pvalue > 1e-6
    assert abs(float(torch.corrcoef(torch.stack([normal[:-1], normal[1:]]))[0, 1])) < 6 / math.sqrt(len(normal))


def test_two_peoples_noise_is_independent_and_ones_own_repeats(tmp_path: Any) -> None:
    """Correlation of 50,000 numbers: beyond 0.03 but for one run in 10^10."""
    secrets = [device_secret(tmp_path / name) for name in ("one", "other", "one")]
    assert secrets[0] == secrets[2] != secrets[1]
    keys = [derived_key(secrets[0], 1, b"x"), derived_key(secrets[1], 1, b"x"), derived_key(secrets[0], 2, b"x")]
    streams = torch.zeros(4, 50_000)
    for row, key in zip(streams, [*keys, keys[0]], strict=True):
        Secret(key).add_normal(row, 1.0)
    assert torch.equal(streams[0], streams[3])
    assert float((torch.corrcoef(streams[:3]) - torch.eye(3)).abs().max()) < 0.03


def test_every_message_is_drawn_by_itself_with_the_rate() -> None:
    """Of 2,000 steps; the counts within 6 deviations, and the batch's size as binomial as it should be."""
    noise = _seeded()
    drawn = torch.stack([noise.uniform(40) < 0.1 for _ in range(2000)]).double()
    assert ((drawn.sum(0) - 200).abs() < 6 * math.sqrt(2000 * 0.09)).all()
    assert float(drawn.sum(1).var()) == pytest.approx(40 * 0.09, rel=0.25)


def test_noise_for_an_epsilon_spends_it_and_no_more() -> None:
    found = noise_for(4.0, 1e-5, sampling_rate=0.2, steps=10)
    one = DpSgd(found, 1.0, 0.2).released(2)
    assert one.steps == 10
    assert 3.9 <= epsilon([one], 1e-5, "prv") <= 4.0
    assert noise_for(math.inf, 1e-5, sampling_rate=0.2, steps=10) == 0.0


def test_the_same_noise_repeats_a_training_and_dropout_is_allowed(small: LanguageModel) -> None:
    config = dataclasses.replace(SGD, dropout=0.2)
    made = [copy.deepcopy(small) for _ in range(3)]
    for model, seed in zip(made, (1, 1, 2), strict=True):
        fit_privately(model, MESSAGES, config, DpSgd(1.0, 1.0, 0.5), _seeded(seed))
    first, same, other = (model.weights()["embedding.weight"] for model in made)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_whom_dropout_drops_is_as_secret_as_the_noise(small: LanguageModel, dropout: float) -> None:
    """Whoever knew it could tell a message from how the others' gradients move."""
    config, made = dataclasses.replace(SGD, dropout=dropout), [copy.deepcopy(small) for _ in range(3)]
    for model, key in zip(made, (b"a", b"a", b"b"), strict=True):
        fit_privately(model, MESSAGES, config, DpSgd(0.0, 1.0, 1.0), Secret(32 * key))
    first, same, other = (model.weights()["embedding.weight"] for model in made)
    assert np.array_equal(first, same)
    assert np.array_equal(first, other) == (dropout == 0)


@pytest.mark.parametrize(
    "bad", [(-1.0, 1.0, 0.5), (1.0, 0.0, 0.5), (1.0, 1.0, 0.0), (1.0, 1.0, 1.5), (1.0, math.inf, 0.5)]
)
def test_impossible_settings_are_refused(bad: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="dpsgd"):
        DpSgd(*bad)
