from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nextword import pretraining
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.pretraining import PretrainConfig, Text, _backward, _exchange, batches, pretrain
from nextword.training import score

CONFIG = PretrainConfig(epochs=2, batch_pieces=96, max_pieces=12)


def _lines(number: int = 60, seed: int = 0) -> list[list[int]]:
    """Lines that count upwards from a random piece, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    return [[5 + (first + i) % 40 for i in range(rng.integers(1, 20))] for first in rng.integers(0, 40, number)]


def _model() -> LanguageModel:
    return LanguageModel(ModelConfig(vocabulary=50, width=16, layers=2, heads=2, hidden=24)).initialise(3)


def _trained(folder: Path, config: PretrainConfig, **more: Any) -> dict[str, torch.Tensor]:
    folder.mkdir(exist_ok=True)
    Text.of(_lines()).save(folder)
    model = _model()
    pretrain(folder, model, config, **more)
    return {name: torch.from_numpy(value) for name, value in model.weights().items()}


@given(st.integers(1, 80), st.integers(0, 3), st.integers(0, 2))
def test_each_epoch_reads_each_line_once_in_batches_within_the_budget(number: int, seed: int, epoch: int) -> None:
    text = Text.of(_lines(number, seed))
    config = PretrainConfig(batch_pieces=60, max_pieces=12, seed=seed)
    found = batches(text, config, epoch)
    assert sorted(np.concatenate(found).tolist()) == list(range(number))
    assert all(min(12, text.lengths[batch].max()) * len(batch) <= 60 for batch in found)
    assert [batch.tolist() for batch in found] == [batch.tolist() for batch in batches(text, config, epoch)]


def test_epochs_differ_in_their_order() -> None:
    text = Text.of(_lines())
    one, other = (np.concatenate(batches(text, CONFIG, epoch)).tolist() for epoch in (0, 1))
    assert one != other


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_training_learns_the_text(tmp_path: Path, optimizer: Any) -> None:
    config = PretrainConfig(epochs=8, batch_pieces=96, max_pieces=12, optimizer=optimizer, learning_rate=1e-2)
    Text.of(_lines()).save(tmp_path)
    model, unseen = _model(), _lines(20, seed=9)
    before = score(model, unseen).bits.sum()
    epochs: list[int] = []
    steps = pretrain(tmp_path, model, config, after_epoch=epochs.append)
    assert score(model, unseen).bits.sum() < 0.6 * before
    assert epochs == list(range(1, 9))
    assert steps == sum(len(batches(Text.of(_lines()), config, epoch)) for epoch in range(8))


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("stop_after", [1, 7])
def test_a_training_cut_off_ends_at_the_weights_of_the_unbroken_one(
    tmp_path: Path, optimizer: Any, stop_after: int
) -> None:
    config = PretrainConfig(epochs=2, batch_pieces=96, max_pieces=12, dropout=0.2, optimizer=optimizer)

    def stop(step: int, steps: int, bits: float) -> None:
        if step == stop_after + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _trained(tmp_path / "cut", config, progress=stop, save_every_s=0.0)
    steps: list[int] = []
    resumed = _trained(tmp_path / "cut", config, progress=lambda step, *_: steps.append(step))
    assert steps[0] == stop_after + 1
    whole = _trained(tmp_path / "whole", config)
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_two_processes_train_as_one(tmp_path: Path, optimizer: Any) -> None:
    one = PretrainConfig(epochs=1, batch_pieces=96, max_pieces=12, optimizer=optimizer)
    bits: dict[int, list[float]] = {1: [], 2: []}
    weights = {}
    for processes in (1, 2):
        config = replace(one, processes=processes)
        told = bits[processes]
        weights[processes] = _trained(tmp_path / str(processes), config, progress=lambda *step: told.append(step[2]))  # noqa: B023
    np.testing.assert_allclose(bits[2], bits[1], rtol=2e-3)
    for name, start in _model().weights().items():
        moved = (weights[1][name] - torch.from_numpy(start)).norm()
        assert (weights[2][name] - weights[1][name]).norm() < 0.1 * moved, name  # bfloat16 rounds sums of other parts


def test_gradients_of_processes_add_up_to_those_of_the_whole_batch() -> None:
    text, model = Text.of(_lines()), _model()
    lines, config = np.arange(7), CONFIG
    predicted = int(np.minimum(text.lengths[lines], config.max_pieces).sum())

    def gradients(some: NDArray[np.int64]) -> list[torch.Tensor]:
        _backward(model, text, some, predicted, config, None, torch.device("cpu"))
        return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]

    whole, first, second = gradients(lines), gradients(lines[0::2]), gradients(lines[1::2])
    for all_of_it, one, other in zip(whole, first, second, strict=True):
        torch.testing.assert_close(one + other, all_of_it, atol=2e-3, rtol=0.05)
    assert all(not gradient.any() for gradient in gradients(lines[:0]))


@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_each_matrix_is_taken_from_one_process_also_where_these_are_more(
    monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    def broadcast(flat: torch.Tensor, rank: int) -> None:
        flat.add_(rank + 1)

    monkeypatch.setattr("torch.distributed.broadcast", broadcast)
    matrices = [torch.zeros(2, 2), torch.zeros(1, 3), torch.zeros(3, 1)]
    _exchange(matrices, processes)
    taken = [number % processes + 1 if processes > 1 else 0 for number in range(3)]
    assert [matrix.unique().tolist() for matrix in matrices] == [[rank] for rank in taken]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_two_processes_cut_off_end_where_the_unbroken_two_do(tmp_path: Path, optimizer: Any) -> None:
    config = PretrainConfig(epochs=1, batch_pieces=96, max_pieces=12, dropout=0.2, processes=2, optimizer=optimizer)

    def stop(step: int, steps: int, bits: float) -> None:
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _trained(tmp_path / "cut", config, progress=stop, save_every_s=0.0)
    resumed, whole = _trained(tmp_path / "cut", config), _trained(tmp_path / "whole", config)
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_process_that_dies_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "_help", print_no_more)
    with pytest.raises(ChildProcessError, match="--resume"):
        _trained(tmp_path, PretrainConfig(batch_pieces=96, max_pieces=12, processes=2))


def print_no_more(*_: Any) -> None:
    """What a process does that ends at once."""
    raise SystemExit(3)


def test_a_damaged_state_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "state.safetensors").write_bytes(b"")
    with pytest.raises(ValueError, match=r"state\.safetensors: the state of the training cannot be read"):
        _trained(tmp_path, CONFIG)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="batch-pieces"):
        PretrainConfig(batch_pieces=100, processes=2)
    with pytest.raises(ValueError, match="epochs"):
        PretrainConfig(epochs=0)
