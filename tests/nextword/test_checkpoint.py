from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from nextword import checkpoint
from nextword.model import LanguageModel
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


def test_saving_again_replaces(saved: Path, model: LanguageModel, vocabulary: Vocabulary) -> None:
    with torch.no_grad():
        model.norm.weight.fill_(0.5)
    checkpoint.save(saved, model, vocabulary)
    assert float(checkpoint.load(saved)[0].norm.weight.detach()[0]) == 0.5
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


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
