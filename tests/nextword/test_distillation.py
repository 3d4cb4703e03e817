from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextword.distillation import Advice, Advised, advise, advised_loss
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.pretraining import PretrainConfig, Text, pretrain
from nextword.training import padded


def _distribution(seed: int, places: int = 5, pieces: int = 12) -> torch.Tensor:
    return (2 * torch.randn(places, pieces, generator=torch.Generator().manual_seed(seed))).log_softmax(-1)


def _top(logp: torch.Tensor, k: int) -> Advised:
    values, pieces = logp.topk(k, dim=-1)
    return Advised(pieces, values)


@given(st.integers(0, 50), st.integers(1, 11), st.floats(0.5, 4))
def test_advice_costs_the_divergence_of_the_coarser_distributions(seed: int, k: int, temperature: float) -> None:
    teacher, student = _distribution(seed), _distribution(seed + 100)
    advised = _top(teacher, k)
    expected = 0.0
    for t, s, pieces in zip(teacher, student, advised.pieces_Mk, strict=True):
        outcomes = [[float(x[piece].exp()) for piece in pieces] for x in (t, s)]
        p, q = ([*known, 1 - sum(known)] for known in outcomes)
        p, q = ([value ** (1 / temperature) for value in values] for values in (p, q))
        p, q = ([value / sum(values) for value in values] for values in (p, q))
        expected += temperature**2 * sum(a * np.log(a / b) for a, b in zip(p, q, strict=True))
    assert float(advised_loss(student, advised, temperature)) == pytest.approx(expected, rel=1e-3, abs=1e-4)


@given(st.integers(0, 50))
def test_with_all_pieces_but_one_it_is_the_whole_divergence(seed: int) -> None:
    teacher, student = _distribution(seed), _distribution(seed + 100)
    whole = (teacher.exp() * (teacher - student)).sum()
    assert float(advised_loss(student, _top(teacher, 11), 1.0)) == pytest.approx(float(whole), rel=1e-3, abs=1e-4)
    assert float(advised_loss(teacher, _top(teacher, 4), 2.0)) == pytest.approx(0, abs=1e-5)


@pytest.fixture
def teacher() -> LanguageModel:
    model = LanguageModel(ModelConfig(vocabulary=40, width=16, layers=1, heads=2, hidden=16)).initialise(0)
    with torch.no_grad():
        model.embedding.weight.mul_(30)
    return model.eval()


def _lines(number: int = 150) -> list[list[int]]:
    rng = np.random.default_rng(1)
    return [rng.integers(4, 40, rng.integers(1, 9)).tolist() for _ in range(number)]


def test_the_advice_is_what_the_teacher_finds_most_probable_at_each_place(
    tmp_path: Path, teacher: LanguageModel
) -> None:
    text = Text.of(_lines())
    advise(tmp_path, teacher, text, k=3, max_pieces=12)
    advice = Advice.open(tmp_path)
    for index in (0, 17, 149):
        with torch.no_grad():
            logp = teacher(torch.tensor([[1, *text.line(index).tolist()]]))[0].log_softmax(-1)
        places = np.arange(text.starts[index], text.starts[index + 1])
        advised = advice.at(places, torch.device("cpu"))
        torch.testing.assert_close(advised.logp_Mk, logp.topk(3).values, atol=0.1, rtol=0.02)  # bfloat16
        torch.testing.assert_close(logp.gather(1, advised.pieces_Mk), advised.logp_Mk, atol=0.1, rtol=0.02)


def test_a_teacher_that_was_interrupted_goes_on(
    tmp_path: Path, teacher: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Text.of(_lines())
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    advise(tmp_path / "whole", teacher, text, k=3, max_pieces=12)

    def stop(done: int, lines: int) -> None:
        if done > 64:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        advise(tmp_path / "cut", teacher, text, k=3, max_pieces=12, progress=stop)
    advise(tmp_path / "cut", teacher, text, k=3, max_pieces=12)
    for name in ("advice-pieces.npy", "advice-logp.npy"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_student_comes_near_its_teacher(tmp_path: Path, teacher: LanguageModel) -> None:
    text = Text.of(_lines())
    text.save(tmp_path)
    advise(tmp_path, teacher, text, k=8, max_pieces=12)
    config = PretrainConfig(epochs=12, batch_pieces=200, max_pieces=12, learning_rate=2e-2, advice_weight=1.0)

    def divergence(student: LanguageModel) -> float:
        pieces, targets = padded(_lines(40), 12)
        with torch.no_grad():
            t, s = (model.logits_at(pieces, targets >= 0).log_softmax(-1) for model in (teacher, student))
        return float((t.exp() * (t - s)).sum(-1).mean())

    student = LanguageModel(teacher.config).initialise(7)
    before = divergence(student)
    pretrain(tmp_path, student, config, advice=tmp_path)
    assert divergence(student) < 0.5 * before
