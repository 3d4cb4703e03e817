"""Bad input gets one line that says what to do, a non-zero exit, and nothing is overwritten."""

from __future__ import annotations

import gzip
import importlib.metadata
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import typer

import scripts
from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from nextword.vocabulary import Vocabulary
from personalization.profile import Profile
from scripts.results import _SUMMARY
from server.run_folder import _ENDED, RunFolder

Shell = Any


@pytest.fixture
def start(tmp_path: Path, vocabulary: Vocabulary) -> Path:
    model = LanguageModel(ModelConfig(len(vocabulary), width=16, layers=1, heads=2, hidden=32)).initialise(0)
    checkpoint.save(tmp_path / "start", model, vocabulary)
    return tmp_path / "start"


def _corpus(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def _message(user: str, text: str) -> str:
    return json.dumps({"user": user, "text": text}, ensure_ascii=False)


def _refused(outcome: Any, *words: str) -> None:
    assert outcome.code == 2, outcome
    assert outcome.out == ""
    assert len(outcome.err.strip().splitlines()) == 1, outcome.err
    for word in words:
        assert word in outcome.err


@pytest.mark.parametrize("command", [["corpus", "stats"], ["evaluate", "--model", "START", "--corpus"]])
def test_a_corpus_that_cannot_be_read(nextword: Shell, tmp_path: Path, start: Path, command: list[str]) -> None:
    command = [str(start) if word == "START" else word for word in command]
    cases: list[tuple[Path, tuple[str, ...]]] = [
        (tmp_path / "none.jsonl", ("none.jsonl",)),
        (_corpus(tmp_path / "empty.jsonl"), ("empty.jsonl",)),
        (_corpus(tmp_path / "broken.jsonl", _message("a", "hi"), '{"user": "a", "te'), ("line 2",)),
        (_corpus(tmp_path / "nouser.jsonl", '{"name": "a", "text": "hi"}'), ("user", "name")),
        (_corpus(tmp_path / "number.jsonl", '{"user": "a", "text": 7}'), ("line 1", "text")),
    ]
    (loop := tmp_path / "loop.jsonl").symlink_to(loop)
    cases.append((loop, ("loop.jsonl",)))
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(os.urandom(2000))
    for path, words in [*cases, (binary, ("binary.jsonl",))]:
        _refused(nextword(*command, path, "--data-dir", tmp_path / "cache"), *words)


def test_nobody_with_thirty_messages(nextword: Shell, tmp_path: Path, start: Path) -> None:
    path = _corpus(tmp_path / "one.jsonl", _message("a", "hello"))
    outcome = nextword("evaluate", "--model", start, "--corpus", path, "--data-dir", tmp_path / "cache")
    _refused(outcome, "30 different messages")


def test_odd_messages_are_measured_like_any_other(nextword: Shell, tmp_path: Path, start: Path) -> None:
    """A megabyte in one message, emoji, right-to-left and combining characters, controls."""
    odd = ["👩‍👩‍👧‍👦 🇸🇬 ok", "مرحبا كيف حالك", "שלום לך", "e\u0301te\u0301 no\u0308n", "a\u0000b\u200bc\u202ed"]
    lines = [
        _message("a", f"{text} {number}") for number, text in enumerate(["word " * 200_000, *odd * 6, "w" * 10**6])
    ]
    path = _corpus(tmp_path / "odd.jsonl", *lines, _message("b", "only one"))
    outcome = nextword("evaluate", "--model", start, "--corpus", path, "--data-dir", tmp_path / "cache", "--json")
    assert outcome.code == 0, outcome.err
    rows = json.loads(outcome.out)["methods"]
    assert {row["users"] for row in rows} == {1}
    assert all(0 <= row["top1"] <= row["top3"] <= 1 for row in rows)


def test_a_checkpoint_that_is_none_or_has_another_vocabulary(
    nextword: Shell, tmp_path: Path, start: Path, text_file: Path
) -> None:
    other = Vocabulary.train(text_file.read_text(encoding="utf-8").splitlines(), size=300)
    (start / "vocabulary.model").write_bytes(other.model)
    _refused(nextword("predict", "see you", "--model", start), "vocabulary.model")
    _refused(nextword("predict", "see you", "--model", tmp_path / "nothing"), "nothing")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    _refused(nextword("predict", "see you", "--history", tmp_path / "binary"), "UTF-8")
    _refused(nextword("evaluate", "--model", start, "--corpus", "synthetic", "--at-hand", "5,many"), "--at-hand")
    _refused(nextword("evaluate", "--model", start, "--corpus", "synthetic", "--at-hand", "2"), "--at-hand")
    nothing_learns = ["--at-hand", "5", "--methods", "trigram"]
    _refused(nextword("evaluate", "--model", start, "--corpus", "synthetic", *nothing_learns), "--at-hand")
    unknown = nextword("evaluate", "--model", start, "--corpus", "synthetic", "--methods", "personal,diddo")
    _refused(unknown, "'diddo'", "finetuned-ditto, ")
    _refused(nextword("evaluate", "--model", start, "--corpus", "synthetic", "--methods", " ,"), "--methods")
    _refused(nextword("evaluate", "--model", start, "--corpus", "synthetic", "--epsilon", "0,8"), "--epsilon")
    _refused(nextword("predict", "see you", "--history", tmp_path / "nothing"), "nothing")


def test_a_run_folder_that_cannot_be_written_or_is_taken(
    nextword: Shell, tmp_path: Path, start: Path, corpus_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = ["--set", f"corpus.name={corpus_file}", "--set", f"corpus.data-dir={tmp_path / 'cache'}"]
    common += ["--set", f"model.start={start}"]
    (tmp_path / "file").write_text("precious", encoding="utf-8")
    _refused(nextword("simulate", *common, "--out", tmp_path / "file" / "run"), "file")
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("precious", encoding="utf-8")
    _refused(nextword("simulate", *common, "--out", taken), "taken")
    assert (taken / "thesis.txt").read_text(encoding="utf-8") == "precious"
    monkeypatch.chdir(tmp_path)  # a run file's folder is called like it, as several are of one corpus
    Path("smaller.toml").write_text("seed = 3", encoding="utf-8")
    Path("runs", "smaller-3").mkdir(parents=True)
    Path("runs", "smaller-3", "thesis.txt").write_text("precious", encoding="utf-8")
    _refused(nextword("simulate", "smaller.toml", *common), "smaller-3")
    _refused(nextword("simulate", "--set", "server.optimiser=fedadam"), "server.optimizer")
    _refused(nextword("simulate", *common, "--set", "corpus.text-column=body"), "with corpus.text-column=NAME")
    _refused(nextword("simulate", "--resume", tmp_path / "nowhere"), "nowhere")
    _refused(nextword("simulate", tmp_path / "no.toml"), "no.toml")


def test_pretraining_overwrites_nothing_and_names_what_is_wrong(
    nextword: Shell, tmp_path: Path, start: Path, text_file: Path
) -> None:
    before = (start / "model.safetensors").read_bytes()
    _refused(nextword("pretrain", text_file, "--out", start), "exists")
    assert (start / "model.safetensors").read_bytes() == before
    _refused(nextword("pretrain", tmp_path / "none.txt", "--out", tmp_path / "new"), "none.txt")
    to_new = ("--out", tmp_path / "new")
    _refused(nextword("pretrain", text_file, *to_new, "--set", "text.share=novel=0.5"), "novel")
    _refused(nextword("pretrain", text_file, *to_new, "--set", "text.share=lines=2"), "between 0 and 1")
    _refused(nextword("pretrain", text_file, *to_new, "--set", "training.epoch=2"), "training.epochs")
    _refused(nextword("pretrain", text_file, *to_new, "--set", "training.batch-pieces=8"), "batch-pieces")
    _refused(nextword("pretrain", text_file, *to_new, "--set", "training.optimizer=sgd"), "adamw")
    _refused(nextword("pretrain", text_file, *to_new, "--set", "validation.corpora=nobody"), "nobody")
    _refused(nextword("pretrain", text_file, *to_new, "--set", "model.width=250"), "multiple of twice")
    _refused(nextword("pretrain", text_file, *to_new, "--set", "text.share=lines=0"), "no line of text")
    _refused(nextword("pretrain", *to_new), "--out")
    _refused(nextword("pretrain", "--resume", start, "--eight-bit"), "give nothing else")
    _refused(nextword("pretrain", "--resume", start), "no training was cut off")
    _refused(nextword("distill", text_file, *to_new, "--teacher", tmp_path / "nobody"), "nobody")
    damaged = tmp_path / "damaged.txt.gz"
    damaged.write_bytes(gzip.compress(text_file.read_bytes())[:40] + b"\xff" * 200)
    _refused(nextword("pretrain", damaged, "--out", tmp_path / "new"), "damaged.txt.gz")
    _refused(nextword("pretrain", text_file, "--out", text_file / "new"), "cannot be written")
    assert not (tmp_path / "new").exists()


def test_a_stream_of_predictions_answers_every_line(
    nextword: Shell, start: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        '\ufeff{"text": "half an emoji \\ud83d"}',
        "[" * 100_000,
        '{"text": "please", "typed": "' + "a" * 50_000 + '!"}',
    ]
    whole = [line.encode() for line in lines] + [b'{"text": "caf\xe9"}', b'{"text": "ok",\r"typed": ""}']
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"".join(line + b"\n" for line in whole))))
    outcome = nextword("predict", "--stdin", "--model", start)
    assert outcome.code == 0, outcome.err
    assert [sorted(json.loads(line)) for line in outcome.out.splitlines()] == [
        ["ms", "suggestions", "text", "typed"],
        ["error"],
        ["ms", "suggestions", "text", "typed"],
        ["error"],
        ["ms", "suggestions", "text", "typed"],
    ]
    monkeypatch.setattr("sys.stdin", None)
    _refused(nextword("predict", "--stdin", "--model", start), "there is no input")


def test_what_is_half_a_character_is_answered_with_a_mark_in_its_place(nextword: Shell, start: Path) -> None:
    said = nextword("predict", "caf\u00e9 \udcff\udcfe", "--typed", "\ud83d", "--json", "--model", start)
    assert said.code == 0, said.err
    answer = json.loads(said.out)
    assert (answer["text"], answer["typed"]) == ("caf\u00e9 \ufffd\ufffd", "\ufffd")


def test_a_terminal_without_some_letters_is_told_the_others(start: Path) -> None:
    predict = [
        sys.executable,
        "-m",
        "scripts",
        "predict",
        "see",
        "--typed",
        "zo",
        "--word",
        "Zoqu\u00e9",
        "--model",
        start,
    ]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(scripts.__file__).parents[1])}
    said = subprocess.run([*predict, "--k", "1"], capture_output=True, env=ascii_only)
    assert (said.returncode, said.stderr, b"Zoqu?" in said.stdout) == (0, b"", True)
    said = subprocess.run([*predict, "--json"], capture_output=True, env=ascii_only)
    assert json.loads(said.stdout.decode("ascii"))["suggestions"][0]["word"] == "Zoqu\u00e9"


def test_results_want_evaluated_runs(nextword: Shell, tmp_path: Path) -> None:
    to = ["--measured", tmp_path / "measured", "--out", tmp_path / "R.md"]
    _refused(nextword("results", tmp_path, *to), "no run of 'nextword simulate' is there")
    _refused(nextword("results", RunFolder.create(tmp_path / "run", RunConfig()).path, *to), "nextword evaluate")
    _refused(nextword("results", *to), "nothing is published")
    assert not (tmp_path / "R.md").exists()


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("evaluation.json", '{"methods": []}', "nextword evaluate --model"),
        ("evaluation.json", "[]", "not a JSON object"),
        ("evaluation.json", json.dumps({"corpus": "a", "seed": 0, "reference": "a", "methods": [5]}), "'methods'"),
        ("comparison.json", '{"a": 1}', "nextword compare"),
        ("summary.json", "[]", "not a JSON object"),
        ("summary.json", '{"rounds": 1}', "damaged (no 'users_trained'); delete it, and go on with"),
        ("events.jsonl", '{"event": "start", "round": 0}\n5\n', "events.jsonl: line 2: not an event"),
        ("events.jsonl", "{\n", "events.jsonl: line 1: not JSON"),
    ],
)
def test_a_damaged_file_of_a_run_is_named(nextword: Shell, tmp_path: Path, file: str, content: str, told: str) -> None:
    RunFolder.create(tmp_path / "run", RunConfig())
    (tmp_path / "run" / file).write_text(content, encoding="utf-8")
    to = ["--measured", tmp_path / "measured", "--out", tmp_path / "R.md"]
    if file != "comparison.json":
        _refused(nextword("report", tmp_path / "run"), file, told)
        assert not (tmp_path / "run" / "report.html").exists()
    if file in ("evaluation.json", "comparison.json"):
        _refused(nextword("results", tmp_path / "run", *to), file, told)


def test_results_want_all_that_is_published_of_a_run(nextword: Shell, tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", RunConfig())
    run.write_evaluation({"corpus": "a", "seed": 0, "reference": "federated", "methods": []})
    _refused(nextword("results", run.path), "summary.json has no 'rounds'")
    run.write_summary(dict.fromkeys((*_SUMMARY, *_ENDED), 0))
    _refused(nextword("results", run.path), "evaluation.json has no 'protocol'", "nextword evaluate --model")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["predct"], "there is no command 'predct'; did you mean 'predict'?"),
        (["profile", "wrods"], "there is no command 'wrods'; did you mean 'words'?"),
        (["xyz"], "there is no command 'xyz'; there are: demo, simulate, "),
        (["predict", "--kk"], "No such option '--kk'"),
        (["predict", "--k", "0"], "Invalid value for '--k'"),
        (["report"], "Missing argument 'RUN…' ('nextword report --help' tells more)"),
        (["corpus", "fetch", "a", "b"], "unexpected extra argument"),
        (["evaluate", "--model", "x", "--seed", "-1"], "Invalid value for '--seed': -1"),
        (["bench", "latency", "--seed", "-1"], "Invalid value for '--seed': -1"),
        (["bench", "keyboard", "--seed", "-1"], "Invalid value for '--seed': -1"),
    ],
)
def test_a_mistake_in_the_options_is_one_line(nextword: Shell, arguments: list[str], told: str) -> None:
    _refused(nextword(*arguments), f"nextword: {told}" if told[0].isupper() or "command" in told else told)


def test_options_that_would_do_nothing_are_refused(nextword: Shell, start: Path) -> None:
    for more in (["see you"], ["--typed", "st"]):
        _refused(nextword("predict", "--stdin", "--model", start, *more), "--stdin")
    for option, value in (("--profile", "me"), ("--profiles-dir", start)):
        _refused(nextword("type", "--replay", "synthetic", "--model", start, option, value), "--replay", "no profile")


def test_a_question_that_is_not_answered_ends_in_one_line(
    nextword: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Profile(tmp_path / "me").close()
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ended = nextword("profile", "erase", "--profiles-dir", tmp_path)
    assert (ended.code, ended.err.splitlines()[-1]) == (1, "nextword: stopped")


def test_what_is_no_mistake_of_the_person_shows_where_it_is(
    nextword: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scripts.profile.folder_of", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        nextword("profile", "list")
    monkeypatch.setattr("scripts.profile.folder_of", Mock(side_effect=KeyboardInterrupt))
    assert nextword("profile", "list").code == 130


def test_the_version_is_told(nextword: Shell) -> None:
    told = nextword("--version")
    assert (told.code, told.out) == (0, f"{importlib.metadata.version('nextword')}\n")
    assert (nextword().code, "Usage: nextword" in nextword().out) == (2, True)


def test_the_help_names_every_command(nextword: Shell) -> None:
    told = nextword("--help")
    assert told.code == 0
    for name in scripts._COMMANDS:
        assert re.search(rf"^\W*{name} ", told.out, re.MULTILINE), name
    nothing = nextword("profile")
    assert (nothing.code, nothing.err, "rename" in nothing.out) == (2, "", True)
    assert "a line of JSON for each thing; figures and a draft are not among it." in " ".join(nothing.out.split())


def test_the_help_names_options_whole_on_a_small_terminal(nextword: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = nextword("evaluate", "--help").out.splitlines()
    for name in ("--finetune-learning-rate", "--central-learning-rate"):
        assert any(name in line for line in told)
    assert max(map(len, told)) <= 80


def test_every_argument_and_option_is_explained() -> None:
    commands: list[Any] = [typer.main.get_command(scripts._app)]
    told = 0
    while commands:
        command = commands.pop()
        commands += [command.get_command(None, name) for name in getattr(command, "list_commands", lambda _: ())(None)]
        for parameter in command.params:
            assert parameter.help, (command.name, parameter.name)
            told += 1
    assert told > 60


def test_a_profile_is_one_keyboards_and_has_a_plain_name(
    nextword: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = nextword("type", "--profiles-dir", tmp_path)
    assert (piped.code, "there is no terminal" in piped.err) == (2, True)
    assert not any(tmp_path.iterdir())
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with Profile(tmp_path / "me"):
        taken = nextword("type", "--profiles-dir", tmp_path)
    assert taken.code == 2
    assert "another process is at work in this profile" in taken.err
    for name in ("../elsewhere", "", ".hidden", "a b"):
        refused = nextword("type", "--profiles-dir", tmp_path, "--profile", name)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "--profile" in refused.err


def test_the_settings_of_a_run_that_was_cut_off_are_printed_and_the_run_is_left_alone(
    nextword: Shell, tmp_path: Path
) -> None:
    config = RunConfig().with_settings(["seed=7"])
    RunFolder.create(tmp_path / "run", config)
    before = sorted(tmp_path.rglob("*"))
    printed = nextword("simulate", "--resume", tmp_path / "run", "--print-settings")
    assert (printed.code, printed.out.startswith("seed = 7\n")) == (0, True)
    assert sorted(tmp_path.rglob("*")) == before
