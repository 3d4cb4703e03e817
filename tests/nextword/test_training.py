from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from nextword import training
from nextword.model import LanguageModel
from nextword.precision import fast_products
from nextword.training import Keep, TrainConfig, fit, padded, score, text_bits
from nextword.vocabulary import Vocabulary
from tests.conftest import LINES


def _messages(vocabulary: Vocabulary) -> list[list[int]]:
    return [vocabulary.encode(line) for line in LINES]


def test_training_learns_and_is_reproducible(model: LanguageModel, vocabulary: Vocabulary) -> None:
    messages = _messages(vocabulary)
    twin = copy.deepcopy(model)
    before = text_bits(model, vocabulary, LINES)
    config = TrainConfig(epochs=4, batch_messages=4, learning_rate=1e-2, schedule="cosine", warmup_share=0.1)
    result = fit(model, messages, config, np.random.default_rng(0))
    fit(twin, messages, config, np.random.default_rng(0))
    after = text_bits(model, vocabulary, LINES)
    assert after.bits < 0.7 * before.bits
    assert result.num_steps == 4 * math.ceil(len(messages) / 4)
    assert result.num_pieces == 4 * after.num_pieces
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True))


@pytest.mark.parametrize("stop_after", [1, 3, 4])
@pytest.mark.parametrize(
    "settings",
    [{"dropout": 0.2, "schedule": "cosine"}, {"optimizer": "sgd", "learning_rate": 0.5}, {"prox": 1.0, "dropout": 0.1}],
)
def test_a_training_cut_off_ends_as_the_unbroken_one(
    model: LanguageModel, vocabulary: Vocabulary, tmp_path: Path, stop_after: int, settings: dict[str, Any]
) -> None:
    messages, config = _messages(vocabulary)[:6], TrainConfig(**{"epochs": 2, "batch_messages": 2, **settings})
    cut, whole = copy.deepcopy(model), copy.deepcopy(model)
    keep = Keep(tmp_path / "state", "this one", every_s=0.0)

    def stop(step: int, *_: object) -> None:
        if step == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(cut, messages, config, np.random.default_rng(0), progress=stop, keep=keep)
    told: list[int] = []
    unbroken = fit(whole, messages, config, np.random.default_rng(0))
    other = fit(copy.deepcopy(model), messages, config, np.random.default_rng(0), keep=Keep(keep.path, "another", 1e9))
    random = torch.get_rng_state()
    cut = copy.deepcopy(model)
    resumed = fit(
        cut, messages, config, np.random.default_rng(0), progress=lambda step, *_: told.append(step), keep=keep
    )
    assert told == [*range(stop_after + 1, 7)]
    assert resumed == unbroken == other
    assert all(torch.equal(a, b) for a, b in zip(cut.parameters(), whole.parameters(), strict=True))
    assert torch.equal(torch.get_rng_state(), random)
    assert fit(copy.deepcopy(model), messages, config, np.random.default_rng(0), keep=keep) == unbroken  # all is done
    keep.path.write_bytes(b"cut")
    with pytest.raises(ValueError, match="state: the state of the training cannot be read"):
        fit(model, messages, config, np.random.default_rng(0), keep=keep)


def test_an_sgd_step_is_the_gradient_of_the_mean_piece(model: LanguageModel, vocabulary: Vocabulary) -> None:
    messages = _messages(vocabulary)[:3]
    by_hand = copy.deepcopy(model)
    fit(
        model,
        messages,
        TrainConfig(batch_messages=3, learning_rate=0.1, optimizer="sgd", clip_norm=1e9),
        np.random.default_rng(0),
    )
    inputs, targets = padded(messages, 64)
    with fast_products(torch.device("cpu")):
        logits = by_hand(inputs)
    F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten(), ignore_index=-100).backward()
    for moved, start in zip(model.parameters(), by_hand.parameters(), strict=True):
        assert start.grad is not None
        # rows come in another order, and bfloat16 products round by it
        torch.testing.assert_close(moved, start - 0.1 * start.grad, atol=5e-3, rtol=0)


@pytest.mark.parametrize(("lengths", "places"), [([3, 5], 12), ([40, 30, 2], 123), ([9, 3] * 8, 128), ([63] * 3, 192)])
def test_places_of_padding_beside_the_real_ones_change_nothing(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch, lengths: list[int], places: int
) -> None:
    """They are there so that products are of few sizes."""
    monkeypatch.setattr(training, "fast_products", lambda device: torch.autocast(device.type, enabled=False))
    rng, by_hand = np.random.default_rng(0), copy.deepcopy(model)
    inputs, targets = padded([rng.integers(3, 300, length).tolist() for length in lengths], 64)
    logits_at, asked = LanguageModel.logits_at, []

    def watch(self: LanguageModel, pieces_BT: torch.Tensor, wanted_BT: torch.Tensor) -> torch.Tensor:
        asked.append(int(wanted_BT.sum()))
        return logits_at(self, pieces_BT, wanted_BT)

    monkeypatch.setattr(LanguageModel, "logits_at", watch)
    loss = training.piece_loss(model, inputs, targets)
    loss.backward()
    logits = by_hand(inputs)
    expected = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-100)
    expected.backward()
    assert asked == [places]
    torch.testing.assert_close(loss, expected)
    for ours, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-6, rtol=1e-4)


def test_dropout_depends_on_the_generator_alone_and_ends_with_the_training(
    model: LanguageModel, vocabulary: Vocabulary
) -> None:
    messages = [vocabulary.encode(line) for line in LINES]
    start = copy.deepcopy(model.state_dict())
    ends = []
    for dropout, torch_seed in ((0.0, 1), (0.3, 1), (0.3, 2)):
        model.load_state_dict(start)
        torch.manual_seed(torch_seed)
        before = torch.random.get_rng_state()
        fit(model, messages, TrainConfig(learning_rate=0.01, dropout=dropout), np.random.default_rng(0))
        assert torch.equal(before, torch.random.get_rng_state())
        ends.append(model.embedding.weight.detach().clone())
    assert not torch.equal(ends[0], ends[1])
    assert torch.equal(ends[1], ends[2])
    model.train()
    inputs_BT = torch.tensor([messages[0]])
    assert torch.equal(model(inputs_BT), model(inputs_BT))


def test_fedprox_pulls_towards_the_start(model: LanguageModel, vocabulary: Vocabulary) -> None:
    messages = _messages(vocabulary)
    moved = {}
    for prox in (0.0, 1.0, 100.0):
        twin = copy.deepcopy(model)
        config = TrainConfig(epochs=3, learning_rate=0.01, optimizer="sgd", prox=prox, clip_norm=1e9)
        fit(twin, messages, config, np.random.default_rng(0))
        moved[prox] = sum(
            float((a - b).detach().norm()) for a, b in zip(twin.parameters(), model.parameters(), strict=True)
        )
    assert moved[0.0] > moved[1.0] > moved[100.0] > 0


def test_bits_count_each_piece_and_the_end_once(model: LanguageModel, vocabulary: Vocabulary) -> None:
    messages = [vocabulary.encode("see you"), [], vocabulary.encode("haha ok :) see you tomorrow then")]
    bits, pieces = score(model, messages)
    assert pieces.tolist() == [len(message) + 1 for message in messages]
    for message, expected in zip(messages, bits, strict=True):
        with torch.no_grad():
            logp = model(torch.tensor([[Vocabulary.bos, *message]]))[0].log_softmax(-1)
        slow = -sum(float(logp[i, piece]) for i, piece in enumerate([*message, Vocabulary.eos])) / math.log(2)
        assert expected == pytest.approx(slow, rel=1e-5)


def test_no_messages_train_nothing(model: LanguageModel) -> None:
    before = copy.deepcopy(model.state_dict())
    result = fit(model, [[], []], TrainConfig(), np.random.default_rng(0))
    assert result.num_pieces == result.num_steps == 0
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_impossible_values_are_refused() -> None:
    for wrong in ({"learning_rate": 0.0}, {"epochs": -1}, {"prox": -1.0}, {"warmup_share": 1.0}, {"dropout": 1.0}):
        with pytest.raises(ValueError, match="training:"):
            TrainConfig(**wrong)
