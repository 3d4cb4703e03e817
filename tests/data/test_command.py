"""`nextword corpus`: readable by default, JSON alone with --json, and never any text of the corpus."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.corpus import app

TEXTS = ["Hello there, 你好!", "it's SECRET", "it's SECRET", "👍"]


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception is not None:
        raise result.exception
    return result.stdout


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rows = [("a", text, "north") for text in TEXTS] + [("b", f"text {i}", None) for i in range(40)]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"user": u, "text": t, "group": g}) + "\n" for u, t, g in rows))
    return path


def test_stats_count_by_hand(path: Path, tmp_path: Path) -> None:
    found: dict[str, Any] = json.loads(run("stats", path, "--data-dir", tmp_path / "home", "--json"))
    assert (found["users"], found["messages"], found["words"]) == (2, 44, 3 + 2 + 2 + 0 + 80)
    assert (found["duplicates"], found["evaluated_users"], found["evaluated_share"]) == (1, 1, 0.5)
    per_user = found["messages_per_user"]
    assert (per_user["mean"], per_user["max"]) == (22, 40)
    filled = [(row["from"], row["to"], row["users"]) for row in per_user["histogram"] if row["users"]]
    assert filled == [(2, 4, 1), (30, 40, 1)]
    assert found["groups"] == [
        {"group": "north", "users": 1, "messages": 4},
        {"group": None, "users": 1, "messages": 40},
    ]


def test_stats_in_words_show_figures_and_no_text(path: Path, tmp_path: Path) -> None:
    shown = run("stats", path, "--data-dir", tmp_path / "home")
    assert "2 users, 44 messages, 87 words" in shown
    assert "SECRET" not in shown


def test_stats_tell_whose_messages_are_in_order_of_time(tmp_path: Path) -> None:
    path = tmp_path / "times.jsonl"
    times: dict[str, list[str | None]] = {
        "a": ["2020-01-02", "2020-01-01"],
        "b": ["2020-01-02", "2/1/2020"],
        "c": ["2020-01-01", None],
    }
    rows = [{"user": user, "text": f"hi {time}", "time": time} for user, those in times.items() for time in those]
    path.write_text("\n".join(map(json.dumps, rows)))
    home = ("--data-dir", tmp_path / "home")
    assert json.loads(run("stats", path, *home, "--json"))["users_by_time"] == 1
    assert "In order of time: 1 user; in the source's order: 2, without" in run("stats", path, *home)


def test_stats_take_other_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"who": "a", "body": "x"}\n')
    shown = run("stats", path, "--user-column", "who", "--text-column", "body", "--data-dir", tmp_path / "home")
    assert "1 user, 1 message, 1 word" in shown


def test_a_fetched_corpus_is_listed_as_here_and_has_stats(path: Path, tmp_path: Path) -> None:
    home = ("--data-dir", tmp_path / "home", "--json")
    before = {row["name"]: row["here"] for row in json.loads(run("list", *home))["corpora"]}
    assert before == {"synthetic": True, "nus-sms": False, "self-dialogue": False, "ubuntu-irc": False}
    came = json.loads(run("fetch", "nus-sms", "--from", path, *home))
    assert (came["check"], came["messages"]) == ("differs", 44)
    after = {row["name"]: row["here"] for row in json.loads(run("list", *home))["corpora"]}
    assert after == before | {"nus-sms": True}
    assert json.loads(run("stats", "nus-sms", *home))["users"] == 2


def test_mistakes_are_errors_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'nus-sms'"):
        run("fetch", "nus-smss", "--data-dir", tmp_path)
    with pytest.raises(ValueError, match="no corpus is called ''"):
        run("stats", "", "--data-dir", tmp_path)
    with pytest.raises(FileNotFoundError, match="corpus fetch ubuntu-irc"):
        run("stats", "ubuntu-irc", "--data-dir", tmp_path)


def test_the_command_imports_nothing_heavy() -> None:
    code = (
        "import sys, scripts.corpus; print([m for m in ('torch', 'datasets', 'pyarrow', 'httpx') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
