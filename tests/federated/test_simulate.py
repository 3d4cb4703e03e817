"""The command, on Flower's engine with its worker processes: these are slow, so they are few."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nextword.federation.config import RunConfig
from scripts.simulate import simulate
from server.app import run_once
from server.run_folder import RunFolder

ROOT = Path(__file__).parents[2]
Grids = Any


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from scripts import app; app()", "simulate", *arguments]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "stopped"])
def test_a_simulation_cut_off_and_resumed_ends_with_the_weights_of_the_unbroken_run(
    config: RunConfig, local_grid: Grids, tmp_path: Path, how: signal.Signals
) -> None:
    """The unbroken run is one on the local grid: so this also says that worker processes change nothing.

    Ctrl-C reaches the workers as well.
    """
    config = config.with_settings(["federation.rounds=12", "federation.workers=2"])
    whole = run_once(config, local_grid(config, nodes=2))
    folder = tmp_path / "killed"
    (tmp_path / "run.toml").write_text(config.with_settings(["out="]).to_toml())
    process = _start(str(tmp_path / "run.toml"), "--out", str(folder), "--json")
    deadline = time.monotonic() + 400  # patient: a busy machine may take minutes to start
    while process.poll() is None and time.monotonic() < deadline and len(RunFolder(folder).events()) < 4:
        time.sleep(0.01)
    if how == signal.SIGKILL:
        process.kill()
        process.communicate()
    else:
        os.killpg(process.pid, how)
        _, log = process.communicate(timeout=100)
        assert (process.returncode, f"go on with 'nextword simulate --resume {folder}'" in log) == (130, True)
    killed_after = RunFolder(folder).events()[-1]["round"]
    assert 2 <= killed_after < 12
    assert not (folder / "summary.json").exists()
    process = _start("--resume", str(folder), "--json")
    output, log = process.communicate(timeout=300)
    assert process.returncode == 0, log
    summary = json.loads(output)
    assert summary == json.loads((folder / "summary.json").read_text())
    assert summary["weights_sha256"] == whole["weights_sha256"]
    told = [(event["event"], event["round"]) for event in RunFolder(folder).events()]
    assert [number for kind, number in told if kind != "evaluation"] == list(range(13))
    assert [number for kind, number in told if kind == "evaluation"] == [2, 4, 6, 8, 10, 12]
    again = simulate(config.with_settings([f"out={folder}"]), resume=True)
    assert again == summary


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "federation.round=3"], "did you mean federation.rounds?"),
        (["--set", "federation.rounds=0"], "at least 1"),
        (["--set", "model.start=/nowhere"], "no checkpoint there"),
        (["--set", "corpus.name=/nowhere.jsonl"], "/nowhere.jsonl"),
        (["--resume", "/nowhere"], "no run to resume there"),
        (["/nowhere.toml"], "/nowhere.toml"),
        (["--out", "{taken}"], "exists already"),
        (["--out", "/proc/nextword"], "/proc/nextword"),
    ],
)
def test_a_mistake_ends_in_one_line_and_changes_nothing(
    config: RunConfig, tmp_path: Path, arguments: list[str], words: str
) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.txt").write_text("years of work")
    settings = [f"corpus.name={config.corpus.name}", f"model.start={config.model.start}", f"out={tmp_path / 'new'}"]
    given = [argument.replace("{taken}", str(taken)) for argument in arguments]
    own = [] if "--resume" in given else [part for setting in settings for part in ("--set", setting)]
    process = _start(*own, *given)
    output, log = process.communicate(timeout=120)
    assert process.returncode == 2
    assert output == ""
    assert log.count("\n") == 1
    assert words in log
    assert [path.name for path in taken.iterdir()] == ["thesis.txt"]
    assert not (tmp_path / "new").exists()
