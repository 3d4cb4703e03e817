"""The commands, called as the shell calls them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import scripts

WORDS = "see you at the station tomorrow i am late again please bring tickets we go home now ok".split()


@dataclass(frozen=True)
class Outcome:
    """What a command left behind on the terminal."""

    code: int
    out: str
    err: str


Shell = Callable[..., Outcome]


@pytest.fixture
def nextword(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    """`nextword(*arguments)` runs the command in this process."""

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr("sys.argv", ["nextword", *map(str, arguments)])
        code = 0
        try:
            scripts.app()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        return Outcome(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Public text: 400 short lines."""
    path = tmp_path_factory.mktemp("public") / "lines.txt"
    rng = np.random.default_rng(0)
    path.write_text("\n".join(" ".join(rng.choice(WORDS, 5)) for _ in range(400)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def corpus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten people with 40 messages each; everyone has a word of their own."""
    path = tmp_path_factory.mktemp("people") / "people.jsonl"
    rng = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as file:
        for person in range(10):
            for number in range(40):
                text = " ".join([*rng.choice(WORDS, 4), f"pet{person}", str(number)])
                file.write(json.dumps({"user": f"p{person}", "text": text}) + "\n")
    return path
