"""From public text to a table of gains: each command takes what the one before it wrote."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import corpus as corpora
from nextword import checkpoint
from nextword.eightbit import quantize, stored_bytes
from personalization import device
from personalization.profile import Profile
from scripts import bench
from scripts.compare import Compared
from scripts.replay import corpus_and_user
from scripts.results import published_in
from scripts.systems import Clustered, Someone
from server.run_folder import RunFolder

Shell = Any


@pytest.fixture
def base(nextword: Shell, text_file: Path, tmp_path: Path) -> Path:
    outcome = nextword("pretrain", text_file, "--out", tmp_path / "base", *_settings(), "--json")
    assert outcome.code == 0, outcome.err
    about = json.loads(outcome.out)
    assert about["lines"] + 4 == len(set(text_file.read_text(encoding="utf-8").splitlines()))  # 1 % held back
    [bits] = about["bits_per_character"]
    assert 0 < bits["public"] < 2
    assert not (tmp_path / "base" / "training").exists()
    return tmp_path / "base"


def _settings(**more: object) -> list[str]:
    settings = {
        "model.vocabulary-size": 340,
        "model.width": 64,
        "model.layers": 2,
        "model.hidden": 96,
        "training.epochs": 1,
        "training.batch-pieces": 256,
        "training.processes": 1,
        "text.held-back": 0.01,
    } | more
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


@pytest.fixture
def run(nextword: Shell, base: Path, corpus_file: Path, tmp_path: Path) -> Path:
    return _simulated(nextword, tmp_path / "run", base, shutil.copy(corpus_file, tmp_path))


def _simulated(nextword: Shell, out: Path, base: Path, corpus: object, **more: object) -> Path:
    settings = {
        "corpus.name": corpus,
        "corpus.data-dir": out.parent / "cache",
        "model.start": base,
        "federation.rounds": 2,
        "federation.users-per-round": 4,
        "federation.workers": 1,
        "ngrams.least-users": 2,
        "ngrams.buckets": 4096,
    } | {key.replace("__", "."): value for key, value in more.items()}
    options = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    outcome = nextword("simulate", *options, "--out", out)
    assert outcome.code == 0, outcome.err
    assert "2 rounds, 8 updates" in outcome.out
    return out


def test_pretraining_goes_on_from_a_checkpoint_with_its_vocabulary(
    nextword: Shell, base: Path, text_file: Path, tmp_path: Path
) -> None:
    options = _settings(**{"model.start": base, "text.invented": 1})
    outcome = nextword("pretrain", text_file, "--out", tmp_path / "second", *options, "--json")
    assert outcome.code == 0, outcome.err
    about = json.loads(outcome.out)
    assert about["start"] == json.loads((base / "config.json").read_text())["sha256"]["model.safetensors"]
    assert about["lines"] > len(set(text_file.read_text(encoding="utf-8").splitlines()))  # the invented person's too
    vocabularies = [(folder / "vocabulary.model").read_bytes() for folder in (base, tmp_path / "second")]
    assert vocabularies[0] == vocabularies[1]
    weights = [(folder / "model.safetensors").read_bytes() for folder in (base, tmp_path / "second")]
    assert weights[0] != weights[1]


def test_a_student_learns_from_the_text_and_its_teacher(
    nextword: Shell, base: Path, text_file: Path, corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXTWORD_DATA", str(tmp_path / "home"))
    people = {"validation.corpora": shutil.copy(corpus_file, tmp_path), "training.epochs": 2, "distill.pieces": 8}
    options = _settings(**{"model.width": 32, "model.layers": 1, "model.hidden": 32, **people})
    outcome = nextword("distill", text_file, "--teacher", base, "--out", tmp_path / "small", *options, "--json")
    assert outcome.code == 0, outcome.err
    about = json.loads(outcome.out)
    first, last = about["bits_per_character"]
    assert 0 < last["public"] < first["public"]
    assert last[people["validation.corpora"]] > 0
    assert about["teacher"] == json.loads((base / "config.json").read_text())["sha256"]["model.safetensors"]
    [words] = about["words"].values()
    assert 0 < words["top1"] <= words["top3"] <= 1
    assert 0 < words["calibration_error"] < 0.2
    assert "words_in_eight_bits" not in about
    sizes = [checkpoint.read(folder).config.num_parameters for folder in (tmp_path / "small", base)]
    assert sizes[0] == about["parameters"] < sizes[1]
    assert checkpoint.read(tmp_path / "small").vocabulary.sha256 == checkpoint.read(base).vocabulary.sha256
    [advice] = (tmp_path / "home" / "advice").iterdir()  # kept for the next student of this text
    again = nextword("distill", text_file, "--teacher", base, "--out", tmp_path / "again", *options, "--eight-bit")
    assert (again.code, again.out.count("probabilities"), again.out.count("in eight bits")) == (0, 2, 1)
    config = json.loads((tmp_path / "again" / "config.json").read_text(encoding="utf-8"))
    assert config["about"]["bits_per_character"] == about["bits_per_character"]
    assert config["about"]["words"] == about["words"]
    assert all(value > 0 for value in config["about"]["words_in_eight_bits"].popitem()[1].values())
    assert [advice] == list((tmp_path / "home" / "advice").iterdir())


def test_a_training_that_was_cut_off_ends_where_the_unbroken_one_does(
    nextword: Shell, base: Path, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nextword import training_state

    save = training_state.save

    def save_and_die(*state: Any) -> None:
        save(*state)
        raise OSError("the power went out")

    monkeypatch.setattr(training_state, "save", save_and_die)
    options = [*_settings(**{"training.epochs": 2}), "--eight-bit"]
    outcome = nextword("pretrain", text_file, "--out", tmp_path / "cut", *options)
    assert (outcome.code, "the power went out" in outcome.err) == (2, True)
    assert not (tmp_path / "cut" / "config.json").exists()
    refused = nextword("pretrain", text_file, "--out", tmp_path / "cut")
    assert (refused.code, "--resume" in refused.err) == (2, True)
    monkeypatch.setattr(training_state, "save", save)
    assert nextword("pretrain", "--resume", tmp_path / "cut").code == 0
    assert nextword("pretrain", text_file, "--out", tmp_path / "whole", *options).code == 0
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("cut", "whole")]
    assert weights[0] == weights[1]


def test_predict_answers_texts_one_by_one_and_streams_line_for_line(
    nextword: Shell, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = nextword("predict", "see you at the", "--model", base, "--typed", "st", "--json")
    answer = json.loads(outcome.out)
    assert answer["suggestions"][0]["word"] == "station"
    assert 0 < answer["suggestions"][0]["probability"] <= 1
    own = json.loads(nextword("predict", "see you", "--typed", "z", "--model", base, "--word", "Zoque", "--json").out)
    assert [(s["word"], s["source"]) for s in own["suggestions"]][:1] == [("Zoque", "own")]
    (tmp_path / "mine.txt").write_text("we go to Zoque Hall\nnow at Zoque Hall\n" * 20)
    learned = json.loads(
        nextword("predict", "to zoque", "--model", base, "--history", tmp_path / "mine.txt", "--json").out
    )
    assert [(s["word"], s["source"]) for s in learned["suggestions"]][:1] == [("Hall", "own")]
    with Profile(tmp_path / "me") as profile:
        profile.add(["we go to Zoque Hall", "now at Zoque Hall"] * 20)
        profile.write("HALL")
        profile.block("zoque")
        profile.export(tmp_path / "mine.jsonl")
    how = ["--model", base, "--history", tmp_path / "mine.jsonl", "--json"]
    told = [json.loads(nextword("predict", place, *how).out)["suggestions"] for place in ("to zoque", "we go to")]
    assert [(s["word"], s["source"]) for s in told[0]][:1] == [("HALL", "own")]
    assert "zoque" not in [s["word"].lower() for s in told[1]]
    lines = [{"text": "see you at the", "typed": "st"}, "no object", {"text": "please"}]
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO("".join(json.dumps(line) + "\n" for line in lines).encode()))
    )
    answers = [json.loads(line) for line in nextword("predict", "--stdin", "--model", base).out.splitlines()]
    assert [("suggestions" in answer) for answer in answers] == [True, False, True]
    assert answers[0]["suggestions"] == answer["suggestions"]


def test_a_run_is_evaluated_beside_its_baselines_and_published(nextword: Shell, run: Path, tmp_path: Path) -> None:
    few = json.loads(nextword("evaluate", "--model", run, "--users", 1, "--workers", 1, "--no-central", "--json").out)
    assert not (run / "central").exists()
    assert few["evaluated"] == {"participants": 8, "newcomers": 2}
    assert {row["users"] for row in few["methods"]} == {1, 2}
    outcome = nextword("evaluate", "--model", run, "--workers", 2, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert answer["protocol"] == "keyboard-1"
    assert answer == json.loads((run / "evaluation.json").read_text(encoding="utf-8"))
    table = nextword("evaluate", "--model", run, "--users", 1, "--workers", 1, "--no-central")
    assert table.code == 0
    assert all(len(line) <= 80 for line in table.out.splitlines())
    names = [
        line.split()[0]
        for line in table.out.split("1 newcomer")[1].splitlines()
        if "+ngrams" in line or " federated " in line
    ]
    assert names[:2] == ["federated", "+ngrams"]
    assert answer == json.loads((run / "evaluation.json").read_text(encoding="utf-8"))  # kept
    again = json.loads(nextword("evaluate", "--model", run, "--central-epochs", 1, "--json").out)
    assert again == json.loads((run / "evaluation.json").read_text(encoding="utf-8"))  # replaced
    assert again["settings"] == answer["settings"] | {"central_epochs": 1}
    for before, after in zip(answer["methods"], again["methods"], strict=True):
        assert (before == after) == (before["name"] != "central")  # trained anew
    answer = again
    met = nextword("evaluate", "--model", run / "final", "--corpus", answer["corpus"])
    assert (met.code, "whose people took part; give the run" in met.err) == (2, True)
    columns = nextword("evaluate", "--model", run, "--text-column", "body")
    assert (columns.code, "--text-column" in columns.err) == (2, True)
    with Path(answer["corpus"]).open("a", encoding="utf-8") as file:
        for person in (1, 2, 3):  # one of them at least has taken part
            file.writelines(json.dumps({"user": f"p{person}", "text": f"one more {i}"}) + "\n" for i in range(5))
    changed = nextword("evaluate", "--model", run)
    assert (changed.code, "people of this run's corpus have changed" in changed.err) == (2, True)
    rows = {(row["name"], row["people"]): row for row in answer["methods"]}
    methods = {
        *("trigram", "trigram+own", "pretrained", "federated", "central"),
        *("federated+ngrams", "federated+own", "federated+near", "finetuned", "personal"),
    }
    assert set(rows) == {(m, p) for m in methods for p in ("participants", "newcomers", "all")}
    assert {people: rows["trigram", people]["users"] for people in ("participants", "newcomers", "all")} == {
        "participants": 8,
        "newcomers": 2,
        "all": 10,
    }
    gains = [(one["top1_hits"]["personal"] - one["top1_hits"]["federated"]) / one["words"] for one in answer["people"]]
    found = spearmanr([one["bits_per_character"] for one in answer["people"]], gains).statistic
    assert answer["predictors"] == {"bits_per_character": pytest.approx(found)}  # all have as many messages
    whole = rows["federated", "all"]["top1"]
    parts = [(rows["federated", people]["top1"], n) for people, n in (("participants", 8), ("newcomers", 2))]
    assert whole == pytest.approx(sum(top1 * n for top1, n in parts) / 10)
    assert rows["central", "all"]["bits_per_character"] < rows["pretrained", "all"]["bits_per_character"]

    to = ["--measured", tmp_path / "measured", "--out", tmp_path / "R.md"]
    assert nextword("results", run, *to).code == 0
    published = (tmp_path / "measured" / "run.json").read_text(encoding="utf-8")
    assert not any(str(path.parent) in published for path in (run, Path(answer["corpus"])))
    people = published_in(tmp_path / "measured" / "run.json")["people"]
    assert sorted(one["person"] for one in people) == list(range(10))
    assert [one["top1_hits"] for one in people] == [one["top1_hits"] for one in answer["people"]]
    text = (tmp_path / "R.md").read_text(encoding="utf-8")
    assert "**newcomers** (all 2 a seed)" in text
    assert f"| federated | {100 * rows['federated', 'newcomers']['top1']:.1f} |" in text
    assert "keyboard-1" in text.lower()
    assert nextword("results", "--check", *to).code == 0
    (tmp_path / "R.md").write_text(text.replace("federated |", "ours |"), encoding="utf-8")
    assert nextword("results", "--check", *to).code != 0


def test_runs_of_the_same_people_are_compared_and_published(
    nextword: Shell, run: Path, base: Path, tmp_path: Path
) -> None:
    corpus = RunFolder(run).config().corpus.name
    same = _simulated(nextword, tmp_path / "same-0", base, corpus)
    small = _simulated(nextword, tmp_path / "small-0", base, corpus, update__codec="topk:0.05+int4")
    outcome = nextword("compare", run, same, small, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert answer == RunFolder(run).comparison()
    assert [one["name"] for one in answer["runs"]] == ["run", "same", "small", "pretrained"]
    assert [one["changed"] for one in answer["runs"]] == [{}, {}, {"update.codec": "topk:0.05+int4"}, {}]
    whole, again, little, nothing = (one["upload_bytes"] for one in answer["runs"])
    assert whole == again > 20 * little > nothing == 0
    rows = {(row["name"], row["people"]): row for row in answer["methods"]}
    evaluated = json.loads(nextword("evaluate", "--model", run, "--no-central", "--json").out)
    names = {"federated": ("run", "same"), "pretrained": ("pretrained",)}
    for row in (row for row in evaluated["methods"] if row["name"] in names):
        for name in names[row["name"]]:
            assert rows[name, row["people"]] == row | {"name": name}  # the gain of what is alike is 0
    assert rows["small", "all"]["bits_per_character"] != rows["run", "all"]["bits_per_character"]
    table = nextword("compare", run, small, "--users", 1)
    assert table.code == 0
    assert "small" in table.out
    assert "more people or rows and is kept" in table.err
    assert answer == RunFolder(run).comparison()
    assert nextword("report", run, "--out", tmp_path / "report.html").code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    gain, (low, high) = (rows["small", "newcomers"][key] for key in ("gain_top1", "gain_interval"))
    assert f"<td>{100 * gain:+.2f}</td><td>{100 * low:+.2f} to {100 * high:+.2f}</td>" in page
    assert '<td class="words">update.codec topk:0.05+int4</td>' in page
    assert 'id="run-price-of-bytes"' in page
    assert nextword("report", tmp_path / "small-0", "--out", tmp_path / "small.html").code == 0  # not evaluated yet
    assert f"nextword evaluate --model {tmp_path / 'small-0'}<" in (tmp_path / "small.html").read_text(encoding="utf-8")

    to = ["--measured", tmp_path / "measured", "--out", tmp_path / "R.md"]
    assert nextword("results", run, *to).code == 0
    assert sorted(path.name for path in (tmp_path / "measured").iterdir()) == [
        "run.comparison.csv",
        "run.comparison.json",
        "run.csv",
        "run.json",
    ]
    assert str(tmp_path) not in (tmp_path / "measured" / "run.comparison.json").read_text(encoding="utf-8")
    text = (tmp_path / "R.md").read_text(encoding="utf-8")
    assert "| small | update.codec topk:0.05+int4 | 1 |" in text
    assert "| kB down | participants (all 8 a seed) | newcomers (all 2 a seed) |" in text

    (tmp_path / "other").mkdir()
    other = _simulated(nextword, tmp_path / "other" / "small-1", base, corpus, seed=1)
    shutil.copytree(small, tmp_path / "pretrained-0")
    for number, name in enumerate(("damaged-0", "headless-0")):
        shutil.copytree(small, tmp_path / name)
        (tmp_path / name / ("summary.json", "final/model.safetensors")[number]).write_bytes(b"\x00{")
    for runs, words in (
        ([run, tmp_path / "damaged-0"], "summary.json: not JSON"),
        ([run, tmp_path / "headless-0"], "model.safetensors is damaged"),
        ([run], "name the runs to compare it with"),
        ([run, other], "seed = 1"),
        ([run, run], "two rows of this name"),
        ([run, tmp_path / "pretrained-0"], "pretrained: two rows of this name"),
        ([run, base], "no run that has ended"),
    ):
        refused = nextword("compare", *runs)
        assert (refused.code, words in refused.err, refused.err.count("\n")) == (2, True, 1), refused.err


def test_runs_of_one_corpus_name_and_other_people_are_not_compared(
    nextword: Shell, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where two folders hold other versions of it, and each run its own."""
    from scripts import beside, subject

    other = tmp_path / "other-0"
    shutil.copytree(run, other)
    subject_of = subject.subject_of

    def fewer(model: Path, *given: Any) -> subject.Subject:
        found = subject_of(model, *given)
        population = dataclasses.replace(found.population, newcomers=found.population.newcomers[1:])
        return dataclasses.replace(found, population=population) if model == other else found

    monkeypatch.setattr(beside, "subject_of", fewer)
    for command in (["compare", run, other], ["evaluate", "--model", run, "--beside", other, "--no-central"]):
        refused = nextword(*command)
        assert (refused.code, refused.err.count("\n")) == (2, 1), refused.err
        assert "other-0: the people of its corpus.data-dir are others" in refused.err


def test_a_run_beside_another_is_measured_as_by_itself(
    nextword: Shell, run: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = RunFolder(run).config().corpus.name
    other = _simulated(nextword, tmp_path / "run-fedper-0", base, corpus, personal__method="fedper")
    how = ["--no-central", "--at-hand", "5", "--json"]
    plain, itself = (json.loads(nextword("evaluate", "--model", path, *how).out) for path in (run, other))
    outcome = nextword("evaluate", "--model", run, "--beside", other, *how)
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert answer == RunFolder(run).evaluation()

    called = {
        "federated": "fedper",
        "fedper": "fedper+fedper",
        "finetuned": "fedper+finetuned",
        "personal-fedper": "fedper+personal-fedper",
        "personal": "fedper+personal",
    }
    [about] = answer["beside"]
    assert about == {"name": "fedper", "run": str(other), "rows": [*called.values()]}
    own = [row for row in answer["methods"] if row["name"] not in about["rows"]]
    assert own == plain["methods"]
    assert answer["methods"][-1]["name"] == "personal"
    rows = {(row["name"], row["people"]): row for row in answer["methods"]}
    alone = {(row["name"], row["people"]): row for row in itself["methods"]}
    for name, there in called.items():
        for people in ("participants", "newcomers", "all"):
            for key in ("users", "top1", "top1_interval", "top3", "bits_per_character", "keystroke_savings"):
                assert rows[there, people][key] == alone[name, people][key], (name, people, key)
    assert rows["fedper", "all"]["bits_per_character"] != rows["federated", "all"]["bits_per_character"]
    for row in answer["over_the_stack"]:
        assert row["name"] == "fedper+personal"
        before, after = (rows[name, row["people"]]["top1"] for name in ("personal", "fedper+personal"))
        assert row["gain_top1"] == pytest.approx(after - before)
    assert [row["people"] for row in answer["over_the_stack"]] == ["participants", "newcomers", "all"]
    learned = {"fedper+fedper", "fedper+finetuned", "fedper+personal"}
    assert {row["name"] for row in answer["at_hand"]} == learned | {row["name"] for row in plain["at_hand"]}

    table = nextword("evaluate", "--model", run, "--beside", other, "--no-central", "--users", 1).out
    assert "fedper+personal over personal, 1 newcomer: " in table
    assert "By fedper+fedper 'fedper' is what people share under a top" in " ".join(table.split())
    assert "By fedper 'federated'" not in " ".join(table.split())
    assert all(len(line) <= 80 for line in table.splitlines())
    to = ["--measured", tmp_path / "measured", "--out", tmp_path / "R.md"]
    assert nextword("results", run, *to).code == 0
    published = published_in(tmp_path / "measured" / "run.json")
    assert "fedper" not in json.dumps(published)  # which is published of its own evaluation
    assert [row["name"] for row in published["methods"]] == [row["name"] for row in plain["methods"]]
    assert {*published["people"][0]["top1_hits"]} == {row["name"] for row in plain["methods"]}

    assert nextword("report", run, "--out", tmp_path / "report.html").code == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<td>fedper+personal</td>" in page
    assert "By fedper &#39;federated&#39;" not in page
    assert "By fedper+fedper &#39;fedper&#39;" in page
    assert "<p>fedper+personal over personal, 2 newcomers: " in page

    some = ["--no-central", "--users", 1, "--methods", "finetuned,fedper+finetuned", "--json"]
    told = json.loads(nextword("evaluate", "--model", run, "--beside", other, *some).out)
    names = [row["name"] for row in told["methods"] if row["people"] == "newcomers"]
    assert names == ["federated", "fedper+finetuned", "finetuned"]  # the last one's gains are told by group
    assert told["over_the_stack"] == []
    some[-2] = "fedper+finetuned"
    told = json.loads(nextword("evaluate", "--model", run, "--beside", other, *some).out)
    assert [row["name"] for row in told["methods"][::3]] == ["federated", "fedper+finetuned"]

    again = nextword("evaluate", "--model", run, *how)
    assert f"{run / 'evaluation-beside.json'}: the evaluation that was there" in again.err.replace("\n", "")
    assert json.loads((run / "evaluation-beside.json").read_text(encoding="utf-8")) == answer
    assert RunFolder(run).evaluation() == json.loads(again.out)
    assert nextword("results", run, *to).code == 0
    assert nextword("results", run, "--check", *to).code == 0

    def train(*_: object, **__: object) -> None:
        raise AssertionError("what is refused is told before the ceiling is trained")

    monkeypatch.setattr("scripts.subject._train_ceiling", train)
    copied, seeded = (shutil.copytree(other, tmp_path / name) for name in ("without-devices-0", "seeded-1"))
    shutil.rmtree(copied / "devices")
    settings = (seeded / "config.toml").read_text(encoding="utf-8")
    (seeded / "config.toml").write_text(settings.replace("seed = 0", "seed = 1"), encoding="utf-8")
    for model, beside, words in (
        (run, [base], "no run of 'nextword simulate' is there"),
        (run, [other, other], "another row is called 'fedper' too"),
        (run, [seeded], "seed = 1"),
        (run, [copied], "nothing is kept there"),
        (base, [other], "runs stand beside a run"),
    ):
        options = [word for path in beside for word in ("--beside", path)]
        of = ["--corpus", corpus] if model == base else []
        refused = nextword("evaluate", "--model", model, *options, *of)
        assert (refused.code, words in refused.err, refused.err.count("\n")) == (2, True, 1), refused.err


def test_a_clustered_run_with_personal_layers_is_evaluated(nextword: Shell, base: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    words = ["see you at the station".split(), "don't believe me please ok".split()]
    with (tmp_path / "kinds.jsonl").open("w", encoding="utf-8") as file:
        for person in range(10):
            for number in range(40):
                text = " ".join([*rng.choice(words[person % 2], 4), str(number)])
                row = {"user": f"p{person}", "text": text, "group": f"[/{person % 2}]"}  # no markup of a terminal
                file.write(json.dumps(row) + "\n")
    settings = {
        "corpus.name": tmp_path / "kinds.jsonl",
        "corpus.data-dir": tmp_path / "cache",
        "model.start": base,
        "federation.rounds": 4,
        "federation.users-per-round": 8,
        "federation.workers": 1,
        "server.learning-rate": 0.03,
        "clusters.number": 2,
        "clusters.warm-rounds": 1,
        "personal.method": "fedrep",
    }
    options = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    assert nextword("simulate", *options, "--out", tmp_path / "kinds").code == 0
    how = ["--workers", 1, "--no-central", "--at-hand", "10,20", "--json"]
    outcome = nextword("evaluate", "--model", tmp_path / "kinds", *how)
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert answer["reference"] == "clustered"
    assert {(row["group"], row["users"]) for row in answer["groups"]} == {("[/0]", 5), ("[/1]", 5)}
    assert [(person["messages"], person["words"] > 0) for person in answer["people"]] == [(32, True)] * 10
    assert not any(f'"p{person}"' in json.dumps(answer["people"]) for person in range(10))
    for refused in (["--eight-bit"], ["--seed", 7]):
        outcome = nextword("evaluate", "--model", tmp_path / "kinds", *refused)
        assert (outcome.code, refused[0] in outcome.err) == (2, True)
    assert {row["people"] for row in answer["at_hand"]} == {"newcomers"}  # the model knows participants' text
    assert {row["name"] for row in answer["at_hand"]} == {"clustered+own", "finetuned", "fedrep", "personal"}
    assert answer["clusters"]["in_the_end"] == {"sizes": [4, 4], "stayed_share": 1.0}
    assert {*answer["people"][0]["shipped"]} >= {"clustered+own", "finetuned", "personal-fedrep", "personal"}
    chosen = next(event for event in RunFolder(tmp_path / "kinds").events() if event["event"] == "clusters")
    assert (chosen["sizes"], chosen["stayed_share"]) == ([4, 4], 1.0)
    assert min(answer["clusters"]["sizes"]) >= 4  # newcomers choose under layers that nobody has trained
    assert answer["clusters"]["adjusted_rand_index"] > 0.5
    beside = Compared.at(tmp_path / "kinds").system
    assert isinstance(beside, Clustered)
    assert beside.layers(Someone("p0", 0, (), (), 0))  # as a device chooses, `compare` does
    assert not beside.layers(Someone("p9", None, (), (), 0))
    met = nextword("evaluate", "--model", tmp_path / "kinds" / "clusters" / "0", "--corpus", answer["corpus"])
    assert (met.code, "whose people took part; give the run" in met.err) == (2, True)
    rows = {row["name"]: row["top1"] for row in answer["methods"] if row["people"] == "all"}
    assert {"clustered", "fedrep", "clustered+own", "personal-fedrep", "personal"} < set(rows)
    gated = {row["name"] for row in answer["methods"] if "shipped_share" in row}
    assert gated == set(rows) - {"trigram", "trigram+own", "pretrained", "largest", "clustered", "fedrep"}
    table = nextword("evaluate", "--model", tmp_path / "kinds", "--workers", 1, "--no-central").out
    assert "people measured in each cluster: " in table
    assert "gain of personal by group: [/" in table
    assert "behind it" in table
    assert all(len(line) <= 80 for line in table.splitlines())
    reported = nextword("report", tmp_path / "kinds", "--figures", tmp_path / "figures")
    assert reported.code == 0, reported.err
    page = (tmp_path / "kinds" / "report.html").read_text(encoding="utf-8")
    names = ["gain-by-person", "gain-by-history", "gain-at-hand", "gain-by-group", "clusters", "rounds"]
    assert all(f'id="kinds-{name}"' in page for name in names)
    assert sorted(path.stem for path in (tmp_path / "figures").glob("*.png")) == sorted(f"kinds-{n}" for n in names)
    told = next(row for row in answer["methods"] if (row["name"], row["people"]) == ("personal", "participants"))
    assert f'<tr class="personal"><td>personal</td><td>{100 * told["top1"]:.1f}</td>' in page
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*\"", page)  # nothing is fetched
    twice = nextword("report", tmp_path / "kinds", tmp_path / "kinds")
    assert (twice.code, "two runs are called kinds" in twice.err) == (2, True)
    nowhere = nextword("report", tmp_path)
    assert (nowhere.code, "no run is there" in nowhere.err) == (2, True)


def test_an_evaluation_does_not_depend_on_the_number_of_processes(
    nextword: Shell, base: Path, corpus_file: Path, tmp_path: Path
) -> None:
    common = ["evaluate", "--model", base, "--corpus", corpus_file, "--data-dir", tmp_path / "cache", "--json"]
    one, three = (json.loads(nextword(*common, "--workers", workers).out) for workers in (1, 3))
    assert one["device_seconds"].pop("personal") > 0
    arrays = checkpoint.load(base)[0].weights()
    weights = sum(array.nbytes for array in quantize(arrays).values())
    assert weights == stored_bytes(arrays)
    assert (
        one["device_bytes"]["pretrained"]
        == one["device_bytes"]["pretrained+own"]
        == 0
        < one["device_bytes"]["personal"]
    )
    assert 0 < one["device_bytes"]["finetuned"] <= weights  # of those for whom anything ships
    assert one | {"device_seconds": None} == three | {"device_seconds": None}
    few = json.loads(nextword(*common, "--workers", 1, "--users", 2).out)  # nor on who else is measured
    assert len(few["people"]) == 2 < len(one["people"])
    assert all(person in one["people"] for person in few["people"])
    both = json.loads(nextword(*common, "--workers", 2, "--eight-bit", "--every-method", "--at-hand", "10,32").out)
    curve = {(row["name"], row["messages"]): row for row in both["at_hand"]}
    learning = ("pretrained+own", "finetuned", "personal-folds", "personal")
    assert set(curve) == {(name, n) for name in learning for n in (10, 32)}
    whole = next(row for row in both["methods"] if row["name"] == "pretrained+own")
    assert curve["pretrained+own", 32]["top1"] == whole["top1"]  # all that they have
    assert curve["pretrained+own", 10]["top1"] <= whole["top1"]
    assert {"finetuned-last", "finetuned-adapters", "finetuned-ditto", "personal-near", "personal-folds"} < {
        row["name"] for row in both["methods"]
    }
    rows = {row["name"]: row for row in both["methods"]}
    assert rows["pretrained"] == {row["name"]: row for row in one["methods"]}["pretrained"]
    assert abs(rows["pretrained-int8"]["bits_per_character"] - rows["pretrained"]["bits_per_character"]) < 0.05
    assert rows["pretrained-int8"]["bits_per_character"] != rows["pretrained"]["bits_per_character"]
    chosen = json.loads(nextword(*common, "--methods", "trigram+own, finetuned-last").out)
    assert {row["name"]: row for row in chosen["methods"]} == {
        name: rows[name] for name in ("trigram+own", "pretrained", "finetuned-last")
    }
    assert {row["name"] for row in chosen["groups"]} <= {"finetuned-last"}
    assert {row["people"] for row in one["methods"]} == {"newcomers"}
    assert one["trigram_of"] == "all who can be evaluated"


def test_numpy_keeps_to_one_thread_unless_told_otherwise(nextword: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads that when it is loaded, so it must not be there before."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert nextword("corpus", "list").code == 0
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert nextword("corpus", "list").code == 0
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"
    subprocess.run([sys.executable, "-c", "import scripts, sys; assert 'numpy' not in sys.modules"], check=True)


def test_latency_is_measured_against_its_peers(nextword: Shell, base: Path, corpus_file: Path, tmp_path: Path) -> None:
    options = ["--model", base, "--corpus", corpus_file, "--data-dir", tmp_path / "cache", "--messages", 20]
    outcome = nextword("bench", "latency", *options, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert 0 < answer["p50_ms"] <= answer["p95_ms"] <= answer["max_ms"]
    assert answer["floor_ratio"] == pytest.approx(answer["p50_ms"] / answer["floor_ms"])
    assert answer["load_s"] > 0
    assert sum(kind["calls"] for kind in answer["kinds"]) == answer["calls"] > 50
    assert 0 < answer["peer"]["calls"] < answer["calls"]
    assert answer["personal"]["calls"] == answer["calls"]
    assert answer["personal"]["name"] == "with 380 messages of one's own"  # 20 of 400 are typed
    assert "times the floor" in nextword("bench", "latency", *options).out


def test_a_replay_comes_to_the_keys_that_evaluate_reports(nextword: Shell, run: Path) -> None:
    evaluated = json.loads(nextword("evaluate", "--model", run, "--workers", 1, "--no-central", "--json").out)
    config = RunFolder(run).config()
    population = device.population(config.corpus, config.seed)
    users = [split.user for split in (*population.participants, *population.newcomers)]
    for target, place in (("", len(population.participants)), (f":{users[2]}", 2), (f":{users[-1]}", -1)):
        outcome = nextword("type", "--replay", f"{evaluated['corpus']}{target}", "--model", run, "--json")
        assert outcome.code == 0, outcome.err
        answer, person = json.loads(outcome.out), evaluated["people"][place]
        assert (answer["user"], answer["people"]) == (users[place], person["people"])
        assert answer["keys_without"] == person["keys_without"]
        assert {side["name"]: side["keys_typed"] for side in answer["sides"]} == {
            name: person["keys_typed"][name] for name in ("federated+ngrams", "personal")
        }


def test_a_replay_of_one_person_saves_what_evaluate_reports_to_the_decimal(
    nextword: Shell, base: Path, corpus_file: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone.jsonl"
    lines = corpus_file.read_text(encoding="utf-8").splitlines(keepends=True)
    alone.write_text("".join(line for line in lines if '"p3"' in line), encoding="utf-8")
    options = ("--model", base, "--data-dir", tmp_path / "cache")
    evaluated = json.loads(nextword("evaluate", *options, "--corpus", alone, "--workers", 1, "--json").out)
    rows = {row["name"]: row["keystroke_savings"] for row in evaluated["methods"]}
    answer = json.loads(nextword("type", *options, "--replay", f"{alone}:p3", "--json").out)
    savings = {side["name"]: side["keystroke_savings"] for side in answer["sides"]}
    assert savings == {name: rows[name] for name in ("pretrained", "personal")}
    told = nextword("type", *options, "--replay", alone)
    assert told.out.startswith(f"8 messages, {answer['keys_without']:,} keys without suggestions; pretrained")
    unknown = nextword("type", *options, "--replay", f"{alone}:nobody")
    assert (unknown.code, "nobody of the name 'nobody'" in unknown.err) == (2, True)


def test_what_is_replayed_is_a_corpus_and_perhaps_a_user(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b:c.jsonl"):
        (tmp_path / name).touch()
    assert corpus_and_user("synthetic") == ("synthetic", None)
    assert corpus_and_user("synthetic:a:b") == ("synthetic", "a:b")
    assert corpus_and_user(f"{tmp_path}/a.jsonl:ann") == (f"{tmp_path}/a.jsonl", "ann")
    assert corpus_and_user(f"{tmp_path}/b:c.jsonl") == (f"{tmp_path}/b:c.jsonl", None)
    assert corpus_and_user("hf:some/name:ann") == ("hf:some/name", "ann")
    assert corpus_and_user("elsewhere:ann") == ("elsewhere:ann", None)


def test_the_keyboard_is_timed_against_itself_without_a_model(
    nextword: Shell, base: Path, corpus_file: Path, tmp_path: Path
) -> None:
    options = ("--model", base, "--corpus", corpus_file, "--data-dir", tmp_path, "--messages", 2)
    outcome = nextword("bench", "keyboard", *options, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    assert 0 < answer["cpu_p50_ms"] < answer["p50_ms"] <= answer["p95_ms"] <= answer["max_ms"]
    assert 0 < answer["null_p50_ms"] <= answer["null_p95_ms"]
    assert [row["size"] for row in answer["sizes"]] == ["80x24", "120x40"]
    assert answer["keys"] > 20
    told = nextword("bench", "keyboard", *options).out
    assert "120x40" in told
    assert all(len(line) <= 80 for line in told.splitlines())


def test_private_training_is_measured_against_plain_training(nextword: Shell, base: Path) -> None:
    options = ["--model", base, "--messages", 12, "--batch", 4]
    outcome = nextword("bench", "private", *options, "--json")
    assert outcome.code == 0, outcome.err
    (row,) = json.loads(outcome.out)["batches"]
    ms = row["ms_a_message"]
    assert set(ms) == {"plain", "clipped", "private", "private_secure"}
    assert row["ratio_to_plain"] == {name: pytest.approx(ms[name] / ms["plain"]) for name in ms if name != "plain"}
    assert min(ms.values()) > 0
    assert "4 messages in a step" in nextword("bench", "private", *options).out


def test_private_fine_tuning_has_a_row_for_each_epsilon(nextword: Shell, base: Path, corpus_file: Path) -> None:
    options = ["--model", base, "--corpus", corpus_file, "--users", 2, "--workers", 1, "--epsilon", "inf,4"]
    outcome = nextword("evaluate", *options, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    names = [row["name"] for row in answer["methods"]]
    assert names[-3:] == ["private-4", "private-inf", "personal"]
    spent = answer["message_privacy"]
    assert 3.9 < spent["private-4"]["epsilon"] <= 4
    assert spent["private-inf"]["epsilon"] is None
    assert (spent["private-4"]["unit"], spent["private-4"]["accountant"]) == ("message", "prv")
    table = nextword("evaluate", *options).out
    assert all(f"{name}: {told['text']}"[:60] in table for name, told in spent.items())
    by_name = {row["name"]: row for row in answer["methods"]}
    assert by_name["private-4"]["bits_per_character"] != by_name["private-inf"]["bits_per_character"]


def test_updates_are_measured_against_their_peers(nextword: Shell, base: Path) -> None:
    options = ["--model", base, "--messages", 4, "--codec", "float32", "--codec", "topk:0.1+int4"]
    outcome = nextword("bench", "update", *options, "--json")
    assert outcome.code == 0, outcome.err
    answer = json.loads(outcome.out)
    plain, small = answer["codecs"]
    assert [plain["name"], small["name"]] == ["float32", "topk:0.1+int4"]
    assert plain["relative_error"] == 0 < small["relative_error"] < 1
    assert small["upload_bytes"] * small["ratio_to_float32"] == pytest.approx(answer["float32_bytes"])
    assert answer["float32_bytes"] == 4 * answer["parameters"] < plain["upload_bytes"]
    assert 30 < small["ratio_to_float32"] < 80
    assert min(row[key] for row in answer["codecs"] for key in ("encode_mb_s", "decode_mb_s")) > 0
    assert answer["memcpy_mb_s"] > small["encode_mb_s"]
    assert "of training" in nextword("bench", "update", *options).out
    refused = nextword("bench", "update", "--codec", "tokp:0.1")
    assert refused.code == 2
    assert refused.err.strip() == "nextword: there is no codec 'tokp'; did you mean topk?"


def test_invented_messages_are_one_of_each_person_then_another(nextword: Shell) -> None:
    people = [person.messages for person in corpora.people(corpora.load("synthetic"))]
    found = bench._invented(2 * len(people) + 1)
    assert found == [messages[turn] for turn in (0, 1, 2) for messages in people][: len(found)]
    assert bench._invented(9) == found[:9]
    everything = sum(map(len, people))
    assert len(bench._invented(everything)) == everything
    refused = nextword("bench", "private", "--messages", everything + 1)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert f"there are {everything:,} invented messages" in refused.err


def test_whoever_is_in_a_corpus_twice_is_measured_once(nextword: Shell, base: Path, tmp_path: Path) -> None:
    texts = [f"see you at the station {number}" for number in range(40)]
    with (tmp_path / "twice.jsonl").open("w", encoding="utf-8") as file:
        for user, some in (("ana", texts), ("ana again", texts[:35]), ("ben", [f"don't believe {t}" for t in texts])):
            file.writelines(json.dumps({"user": user, "text": text}) + "\n" for text in some)
    corpus = [tmp_path / "twice.jsonl", "--data-dir", tmp_path / "cache"]
    told = nextword("corpus", "stats", *corpus).out
    assert "Measured: 2 users" in told
    assert "Left out: 1 user id whose messages are another's" in told
    found = nextword("evaluate", "--model", base, "--corpus", *corpus, "--methods", "trigram", "--workers", 1)
    assert "left out: 1 user id whose messages are another's" in found.out
    assert "2 newcomers" in found.out
