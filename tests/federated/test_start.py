"""Starting from scratch: the same start for the same seed, and nothing of anyone's text in the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.federation.folders import start_folder, with_absolute_paths
from server import start
from server.summary import weights_sha256


class _Synthetic:
    """Stands for the synthetic population, of which there is nothing here but the people who take part in no run."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def public_texts(self, people: int) -> Iterator[str]:
        self.asked.append(people)
        letters = np.random.default_rng(0).choice(list("abcdefgh"), (40 * people, 3, 5))
        return (" ".join("".join(word) for word in row) for row in letters)


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> _Synthetic:
    population = _Synthetic()
    monkeypatch.setattr(start, "synthetic", population)
    return population


@pytest.fixture
def scratch(config: RunConfig, public: _Synthetic) -> RunConfig:
    return config.with_settings(
        ["model.start=scratch", "model.width=16", "model.layers=1", "model.heads=2", "model.vocabulary-size=400"]
    )


def _weights(config: RunConfig) -> str:
    model, _ = start.from_scratch(config)
    return weights_sha256({name: value.detach().numpy() for name, value in model.named_parameters()})


def test_the_seed_decides_the_start(scratch: RunConfig) -> None:
    assert _weights(scratch) == _weights(scratch)
    assert _weights(scratch) != _weights(scratch.with_settings(["seed=9"]))


def test_the_start_is_made_once_and_then_read(scratch: RunConfig, public: _Synthetic) -> None:
    model, vocabulary = start.prepare_start(scratch)
    again, same = start.prepare_start(scratch)
    assert same.sha256 == vocabulary.sha256
    assert model.embedding.weight.equal(again.embedding.weight)
    assert public.asked == [start.PUBLIC_PEOPLE]
    assert (Path(scratch.out) / "start" / "config.json").is_file()


def test_the_vocabulary_is_the_same_for_every_seed(scratch: RunConfig) -> None:
    (_, one), (_, other) = (start.from_scratch(scratch.with_settings([f"seed={seed}"])) for seed in (0, 1))
    assert one.sha256 == other.sha256


def test_the_bundled_model_is_named_in_a_run_and_missed_in_a_copy_without_it(
    config: RunConfig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundled = config.with_settings(["model.start=bundled"])
    assert with_absolute_paths(bundled).model.start == "bundled"
    assert start_folder(bundled) == checkpoint.BUNDLED
    monkeypatch.setattr(checkpoint, "BUNDLED", tmp_path / "apps" / "nextword" / "bundled")
    with pytest.raises(FileNotFoundError, match=r"set model\.start"):
        start_folder(bundled)
