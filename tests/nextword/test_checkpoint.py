from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from nextword import checkpoint
from nextword.casing import Casing
from nextword.model import LanguageModel
from nextword.predictor import Predictor
from nextword.vocabulary import Vocabulary
from tests.conftest import LINES


@pytest.fixture
def saved(tmp_path: Path, model: LanguageModel, vocabulary: Vocabulary) -> Path:
    checkpoint.save(tmp_path / "model", model, vocabulary, extra={"text": "made up"})
    return tmp_path / "model"


def test_what_is_saved_is_loaded(saved: Path, model: LanguageModel, vocabulary: Vocabulary) -> None:
    loaded, pieces = checkpoint.load(saved)
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), model.parameters(), strict=True))
    assert loaded.output.weight is loaded.embedding.weight
    assert pieces.sha256 == vocabulary.sha256
    assert checkpoint.read_config(saved)["about"] == {"text": "made up"}
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_how_words_are_written_goes_with_the_vocabulary(
    tmp_path: Path, model: LanguageModel, vocabulary: Vocabulary
) -> None:
    written = Vocabulary(vocabulary.model, casing=Casing.read("I Maria"))
    checkpoint.save(tmp_path / "model", model, written)
    assert checkpoint.read(tmp_path / "model").vocabulary.casing == written.casing
    (tmp_path / "model" / "casing.txt").write_text("SECRET")
    with pytest.raises(ValueError, match="casing.txt is damaged"):
        checkpoint.read(tmp_path / "model")


def test_saving_again_replaces(saved: Path, model: LanguageModel, vocabulary: Vocabulary) -> None:
    with torch.no_grad():
        model.norm.weight.fill_(0.5)
    checkpoint.save(saved, model, vocabulary)
    assert float(checkpoint.load(saved)[0].norm.weight.detach()[0]) == 0.5
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_eight_bits_move_no_weight_by_more_than_half_a_step(
    tmp_path: Path, model: LanguageModel, vocabulary: Vocabulary
) -> None:
    with torch.no_grad():
        model.embedding.weight[3] = 0.0  # a row without a scale
    checkpoint.save(tmp_path / "small", model, vocabulary, eight_bit=True)
    loaded, _ = checkpoint.load(tmp_path / "small")
    for (name, value), (_, rounded) in zip(model.named_parameters(), loaded.named_parameters(), strict=True):
        step = value.abs().amax(-1, keepdim=True) / 127 if value.dim() > 1 else torch.zeros(1)
        assert (((value - rounded).abs() <= 0.501 * step) | (value == rounded)).all(), name
    checkpoint.save(tmp_path / "whole", model, vocabulary)
    small, whole = ((tmp_path / name / "model.safetensors").stat().st_size for name in ("small", "whole"))
    assert small < 0.5 * whole


def test_the_bundled_model_speaks_english() -> None:
    words = [suggestion.word for suggestion in Predictor.load(checkpoint.BUNDLED).suggest("see you at", "th")]
    assert "the" in words
    assert sum(path.stat().st_size for path in checkpoint.BUNDLED.iterdir()) < 6_000_000


def test_another_vocabulary_is_refused(saved: Path) -> None:
    (saved / "vocabulary.model").write_bytes(Vocabulary.train(LINES, size=310).model)
    with pytest.raises(ValueError, match=r"vocabulary.model is damaged or from another checkpoint"):
        checkpoint.load(saved)
    config = json.loads((saved / "config.json").read_text())
    del config["sha256"]["vocabulary.model"]
    (saved / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="another vocabulary"):
        checkpoint.load(saved)


def test_damage_is_refused_in_one_line(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no checkpoint there"):
        checkpoint.load(tmp_path)
    weights = saved / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-10])
    with pytest.raises(ValueError, match="damaged"):
        checkpoint.load(saved)
    weights.unlink()
    with pytest.raises(FileNotFoundError, match="missing"):
        checkpoint.load(saved)
    for text in ("{", "[]", '{"format": 99, "model": {}, "sha256": {}}'):
        (saved / "config.json").write_text(text)
        with pytest.raises(ValueError, match="config.json"):
            checkpoint.load(saved)
