"""A run is a folder: config.toml, inputs.json, events.jsonl, start/, checkpoint.safetensors, final/, summary.json,
and where they were looked for ngrams.safetensors, clusters.json, and clusters/ beside final/; secret.json holds what
noise was drawn from, and is for the server alone.

The event of a round is written before its checkpoint, and opening the folder again drops the events after the
checkpoint. So whenever a run is killed, its folder goes on with every round told once. Each level of n-grams, which are
looked for after all rounds, is a checkpoint of its own.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors
import safetensors.numpy

from nextword import checkpoint
from nextword.federation.codec import Update
from nextword.federation.config import RunConfig
from nextword.federation.ngrams import levels_in
from nextword.federation.published import CONFIG, NGRAMS
from nextword.files import check_writable, locked, write_whole
from nextword.settings import flatten

INPUTS, EVENTS, CHECKPOINT, SUMMARY, EVALUATION, ASIDE, COMPARISON, CLUSTERS, SECRET = (
    "inputs.json",
    "events.jsonl",
    "checkpoint.safetensors",
    "summary.json",
    "evaluation.json",
    "evaluation-beside.json",
    "comparison.json",
    "clusters.json",
    "secret.json",
)
Event = dict[str, Any]
_MEASURED = ("corpus", "seed", "reference", "methods")  # that every measurement of a run holds
_ROW = {"name", "people", "users", "top1"}
_ENDED = (  # that every summary holds
    "rounds", "users_trained", "seconds", "rejected", "download_bytes", "upload_bytes", "weights_sha256",
    "validation_bits_per_character", "validation_bits_per_character_at_start", "ngrams", "model",
)  # fmt: skip


@dataclass
class State:
    """All that the next round depends on: rounds done, shared parameters, the server optimizer's moments, for each user
    the last round whose update counted, and the clip norm where it adapts."""

    server_round: int
    parameters: Update
    moments: dict[str, Update] = field(default_factory=dict)
    accepted: dict[int, int] = field(default_factory=dict)
    clip_norm: float | None = None


@dataclass(frozen=True)
class Inputs:
    """Hashes of what a run began with: the starting model and its vocabulary, and the participants where known."""

    start: Mapping[str, str]
    participants: str | None

    @classmethod
    def of(cls, start: Path, participants: str | None) -> Inputs:
        """Those of the checkpoint in the folder `start`, and of people with this fingerprint (`data.splits`)."""
        return cls(checkpoint.read_config(start)["sha256"], participants)


class RunFolder:
    """The files of one run. `create` and `reopen` make it; every write is whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, config: RunConfig) -> RunFolder:
        """A new folder. One that holds anything is refused and left alone."""
        folder = cls(path)
        folder.refuse_if_taken()
        check_writable(path)
        write_whole(path / CONFIG, config.to_toml().encode())
        return folder

    @classmethod
    def reopen(cls, path: Path) -> tuple[RunFolder, RunConfig]:
        """The folder of a run that was cut off, and its configuration."""
        if not (path / CONFIG).is_file():
            raise FileNotFoundError(f"{path}: no run to resume there (no {CONFIG})")
        folder = cls(path)
        return folder, folder.config()

    def config(self) -> RunConfig:
        """The run's settings. Raises ValueError where a key is missing, whose default may have been another then."""
        path = self.path / CONFIG
        config = RunConfig.from_toml(path)
        written = flatten(tomllib.loads(path.read_text(encoding="utf-8")))
        if missing := [key for key in config.to_flat() if key not in written]:
            raise ValueError(f"{path}: written before {missing[0]} was a setting: add the value that the run had")
        return config

    def refuse_if_taken(self) -> None:
        """Raise FileExistsError where a run, or anything else, is in the way."""
        if self.path.exists() and (not self.path.is_dir() or any(p.name != ".lock" for p in self.path.iterdir())):
            raise FileExistsError(
                f"{self.path}: exists already; name another folder with --out, or go on with --resume"
            )

    def withdraw(self) -> None:
        """Remove what was written of a run that was refused before its first round: its folder is free again."""
        if not self.events() and not (self.path / CHECKPOINT).exists():
            for name in (CONFIG, INPUTS, SECRET, EVENTS):
                (self.path / name).unlink(missing_ok=True)
            shutil.rmtree(self.path / "start", ignore_errors=True)  # of a run from scratch

    def locked(self) -> AbstractContextManager[None]:
        """Hold the folder for this process; ValueError where another one has it."""
        return locked(self.path, "run folder")

    def pin(self, inputs: Inputs) -> None:
        """Remember what the run began with. Raises ValueError where something else is remembered."""
        self.check(inputs)
        _write_json(self.path / INPUTS, asdict(inputs))

    def check(self, inputs: Inputs) -> None:
        """Raise ValueError where the run began with something else."""
        before = _read_json(self.path / INPUTS)
        if before is None:
            return
        if missing := asdict(inputs).keys() - before.keys():
            raise ValueError(f"{self.path / INPUTS}: damaged (no {min(missing)!r}): start a new run")
        if before["start"] != inputs.start:
            raise ValueError(f"{self.path}: the model that this run began with has changed: start a new run")
        if None not in (before["participants"], inputs.participants) and before["participants"] != inputs.participants:
            raise ValueError(f"{self.path}: the people of this run's corpus have changed: start a new run")

    def save(self, state: State) -> None:
        """Replace the checkpoint."""
        arrays = {f"parameters/{name}": array for name, array in state.parameters.items()}
        for moment, by_name in state.moments.items():
            arrays |= {f"{moment}/{name}": array for name, array in by_name.items()}
        about = {"round": str(state.server_round), "accepted": json.dumps(sorted(state.accepted.items()))}
        about["clip-norm"] = json.dumps(state.clip_norm)
        write_whole(self.path / CHECKPOINT, safetensors.numpy.save(arrays, about))

    def load(self) -> State | None:
        """The newest checkpoint, or None before the first; events of later rounds are dropped."""
        path = self.path / CHECKPOINT
        if not path.is_file():
            self._keep_events(-1)
            return None
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                about = file.metadata()
                accepted, clip_norm = (json.loads(about[key]) for key in ("accepted", "clip-norm"))
                state = State(int(about["round"]), {}, {}, dict(accepted), clip_norm)
                for key in file.keys():  # noqa: SIM118 (not a mapping)
                    group, _, name = key.partition("/")
                    target = state.parameters if group == "parameters" else state.moments.setdefault(group, {})
                    target[name] = file.get_tensor(key)
        except (safetensors.SafetensorError, KeyError, ValueError, TypeError) as error:
            raise ValueError(f"{path}: the checkpoint cannot be read ({error})") from None
        self._keep_events(state.server_round)
        return state

    @property
    def ngrams(self) -> Path:
        """The n-grams that many people use (`nextword.federation.ngrams`), where they were looked for."""
        return self.path / NGRAMS

    def secret(self) -> int:
        """The server's own random number, from the system's entropy: drawn once, kept here, sent to nobody."""
        if (kept := _read_json(self.path / SECRET)) is None:
            kept = {"seed": secrets.randbits(128)}
            self._write_secret(kept)
        return int(kept["seed"])

    def keep_digests(self, digests: Sequence[bytes]) -> None:
        """Those of the rounds' sums, which correlated noise was drawn for (`server.ftrl`); before the checkpoint."""
        self._write_secret({"seed": self.secret(), "digests": [digest.hex() for digest in digests]})

    def digests(self, rounds: int) -> list[bytes]:
        """Of that many rounds. Raises ValueError where some are missing."""
        kept = (_read_json(self.path / SECRET) or {}).get("digests", [])[:rounds]
        if len(kept) < rounds:
            raise ValueError(
                f"{self.path / SECRET}: tells of {len(kept)} of {rounds} rounds what their noise was drawn from, "
                "without which the next round's cannot be drawn: start a new run"
            )
        return [bytes.fromhex(digest) for digest in kept]

    def _write_secret(self, kept: Event) -> None:
        write_whole(self.path / SECRET, json.dumps(kept).encode(), owner_only=True)

    def write_clusters(self, labels: Mapping[int, int]) -> None:
        """Keep who was put into which cluster, by the users' ordinals."""
        _write_json(self.path / CLUSTERS, {str(user): cluster for user, cluster in sorted(labels.items())})

    def clusters(self) -> dict[int, int]:
        """Who was put into which cluster; empty where there are none."""
        return {int(user): cluster for user, cluster in (_read_json(self.path / CLUSTERS) or {}).items()}

    def append(self, event: Event) -> None:
        """Add one line to the events, on disk when this returns."""
        with (self.path / EVENTS).open("ab") as file:
            file.write(json.dumps(event).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def events(self) -> list[Event]:
        """The events so far; a last line that was cut off is left out. Raises ValueError for a line that is none."""
        path = self.path / EVENTS
        if not path.is_file():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]
        return [_event(line, f"{path}: line {number}") for number, line in enumerate(lines, 1)]

    def write_summary(self, summary: Event) -> None:
        _write_json(self.path / SUMMARY, summary)

    def summary(self) -> Event | None:
        """What a finished run ended with. Raises ValueError where a part of it is missing."""
        found = _read_json(self.path / SUMMARY)
        if found is not None and (missing := [key for key in _ENDED if key not in found]):
            again = f"delete it, and go on with 'nextword simulate --resume {self.path}'"
            raise ValueError(f"{self.path / SUMMARY}: damaged (no {missing[0]!r}); {again}")
        return found

    def write_evaluation(self, evaluation: Event) -> None:
        _write_json(self.path / EVALUATION, evaluation)

    def set_evaluation_aside(self) -> Path:
        """Make room for one of fewer rows; where it is kept now, instead of what was set aside before."""
        return (self.path / EVALUATION).replace(self.path / ASIDE)

    def evaluation(self) -> Event | None:
        """What the finished run was measured to gain. Raises ValueError where that was not written by a measurement."""
        return self._measured(EVALUATION, _MEASURED, f"nextword evaluate --model {self.path}")

    def write_comparison(self, comparison: Event) -> None:
        """Keep how other runs' models do beside this one's."""
        _write_json(self.path / COMPARISON, comparison)

    def comparison(self) -> Event | None:
        """What other runs were last compared to this one. Raises ValueError as `evaluation` does."""
        return self._measured(COMPARISON, (*_MEASURED, "runs"), f"nextword compare {self.path} OTHERS")

    def _measured(self, name: str, needed: Sequence[str], command: str) -> Event | None:
        """What a command has written, with a row for each method in it."""
        found = _read_json(self.path / name)
        if found is None:
            return None
        rows = found.get("methods")
        there = isinstance(rows, list) and all(isinstance(row, dict) and row.keys() >= _ROW for row in rows)
        missing = [key for key in needed if key not in found]
        if missing or not there:
            what = f"no {missing[0]!r}" if missing else "'methods' that are none"
            raise ValueError(f"{self.path / name}: damaged ({what}); delete it, and run '{command}' again")
        return found

    def _keep_events(self, last_round: int) -> None:
        levels = levels_in(self.ngrams)
        kept = [e for e in self.events() if e["round"] <= last_round or 0 < e.get("level", 0) <= levels]
        write_whole(self.path / EVENTS, b"".join(json.dumps(event).encode() + b"\n" for event in kept))


def _event(line: bytes, where: str) -> Event:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: not JSON ({error})") from None
    if not (isinstance(found, dict) and isinstance(found.get("event"), str) and isinstance(found.get("round"), int)):
        raise ValueError(f"{where}: not an event of a run, which has 'event' and 'round'")  # noqa: TRY004
    return found


def _read_json(path: Path) -> Event | None:
    """What the file holds, None where there is none. Raises ValueError where it was damaged."""
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path}: not a JSON object")  # noqa: TRY004 (the file's fault)
    return found


def _write_json(path: Path, value: Event) -> None:
    write_whole(path, (json.dumps(value, indent=2) + "\n").encode())
