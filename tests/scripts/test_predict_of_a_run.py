"""`nextword predict` over a run's folder: the cluster that suits a history, and n-grams of many in any case."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from nextword import checkpoint
from nextword.federation.published import Published
from nextword.model import LanguageModel
from nextword.vocabulary import Vocabulary
from scripts.systems import Checkpointed, WithNgrams
from tests.personalization.test_published import LIKE_MINDED, OTHERS, growth, trained

Do = Callable[..., Any]


def test_a_history_chooses_the_cluster(
    nextword: Do, tmp_path: Path, model: LanguageModel, vocabulary: Vocabulary
) -> None:
    run, others = tmp_path / "run", trained(vocabulary, model, OTHERS)
    checkpoint.save(run / "final", others, vocabulary)
    checkpoint.save(run / "clusters" / "0", others, vocabulary)
    checkpoint.save(run / "clusters" / "1", trained(vocabulary, model, LIKE_MINDED), vocabulary)
    growth(vocabulary).save(run / "ngrams.safetensors")
    history = tmp_path / "history.txt"
    history.write_text("\n".join(LIKE_MINDED), encoding="utf-8")

    def offered(*options: Any) -> list[dict[str, Any]]:
        told = nextword("predict", "the", "--json", "--k", 100, *options)
        assert told.code == 0, told.err
        return json.loads(told.out)["suggestions"]

    def sources(*options: Any) -> set[str]:
        return {suggestion["source"] for suggestion in offered(*options)}

    # The n-grams of many are over it: their one word is more probable, and no other is.
    before, after = (
        {each["word"]: each["probability"] for each in offered("--model", m)} for m in (run / "final", run)
    )
    assert {word for word in before if after.get(word, 0.0) > before[word]} == {"the"}
    assert sources("--model", run) <= {"many", "shared"}
    assert sources("--model", run, "--history", history) >= {"cluster", "own"}
    assert "shared" not in sources("--model", run, "--history", history)
    assert sources("--model", run / "final", "--history", history) >= {"shared", "own"}


def test_learning_from_a_history_is_seen_on_stderr(
    nextword: Do, tmp_path: Path, model: LanguageModel, vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr("scripts.console.errors", terminal)
    checkpoint.save(tmp_path / "model", model, vocabulary)
    history = tmp_path / "history.txt"
    predict = ["predict", "the", "--model", tmp_path / "model", "--json"]
    history.write_text("\n".join(LIKE_MINDED), encoding="utf-8")
    assert nextword(*predict, "--history", history).err == ""
    shown = terminal.file.getvalue()  # type: ignore[attr-defined]
    assert "learning from what you wrote" in shown
    assert "5/5" in shown
    history.write_text("\n  \n", encoding="utf-8")
    blank = nextword(*predict, "--history", history)
    assert (blank.code, "history.txt: no message in it" in blank.err, blank.err.count("\n")) == (0, True, 1)
    assert json.loads(blank.out)["suggestions"] == json.loads(nextword(*predict).out)["suggestions"]


def test_n_grams_that_cannot_be_read_are_told_and_nothing_is_answered_or_measured_without_them(
    nextword: Do, tmp_path: Path, model: LanguageModel, vocabulary: Vocabulary
) -> None:
    run, history = tmp_path / "run", tmp_path / "history.txt"
    checkpoint.save(run / "final", model, vocabulary)
    (run / "ngrams.safetensors").write_bytes(b"cut")
    history.write_text("\n".join(LIKE_MINDED), encoding="utf-8")
    told = nextword("predict", "the", "--history", history, "--model", run)
    assert (told.code, told.out, told.err.count("\n")) == (2, "", 1)
    assert "ngrams.safetensors: the n-grams cannot be read" in told.err
    with pytest.raises(ValueError, match="the n-grams cannot be read"):
        WithNgrams("federated+ngrams", Checkpointed("federated", run / "final"), Published.at(run)).prepare()
    assert nextword("predict", "the", "--model", run).err == told.err
    assert nextword("predict", "the", "--model", run / "final").code == 0  # which needs none


def test_a_run_that_has_not_ended_is_told(nextword: Do, tmp_path: Path) -> None:
    (tmp_path / "config.toml").touch()
    for command in (("predict", "the"), ("type", "--profiles-dir", tmp_path / "profiles")):
        told = nextword(*command, "--model", tmp_path)
        assert told.code == 2
        assert "the run has not ended" in told.err
        assert told.err.count("\n") == 1


def test_a_history_that_is_none_is_told(nextword: Do, tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text(
        "31/12/2023, 22:15 - Ann: hello\n31/12/2023, 22:16 - Ben: ok\n", encoding="utf-8"
    )
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, words in {"chat.txt": "a chat, others' messages", "binary": "UTF-8", "nowhere": "No such file"}.items():
        told = nextword("predict", "the", "--history", tmp_path / name)
        assert (told.code, words in told.err, told.err.count("\n")) == (2, True, 1), told.err
    (tmp_path / "empty").touch()
    assert nextword("predict", "the", "--history", tmp_path / "empty").code == 0
