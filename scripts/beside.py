"""Runs beside the one that is evaluated: other ways to federate the same people, and what their devices make of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.subject import Subject, check_devices, is_run, run_name, subject_of

if TYPE_CHECKING:
    from personalization.finetune import FinetuneConfig
    from personalization.gate import GateConfig
    from scripts.evaluation import PersonResult
    from scripts.systems import System

_PEOPLE_OF = ("corpus.name", "seed", "corpus.newcomer-share", "corpus.user-column", "corpus.text-column")


@dataclass(frozen=True)
class Beside:
    """A run beside another, and its rows: the model that its people share, and what is made of it for each."""

    name: str
    run: Path
    rows: tuple[System, ...]

    @classmethod
    def of(
        cls, first: Subject, runs: Sequence[Path], data_dir: Path | None, finetune: FinetuneConfig, gate: GateConfig
    ) -> list[Beside]:
        """Raises ValueError for what is no run of the first one's people that has ended."""
        if runs and first.folder is None:
            raise ValueError("--beside: runs stand beside a run; give one as the model, or leave the option out")
        found = []
        for run in runs:
            if not is_run(run):
                raise ValueError(f"--beside: {run}: no run of 'nextword simulate' is there")
            same_people(first, run, data_dir)
            assert first.folder is not None
            before = run_name(first.folder.path, first.seed)
            name = run_name(run, first.seed).removeprefix(f"{before}-")
            found.append(cls(name, run, tuple(_rows(run, name, finetune, gate))))
        return found

    @property
    def names(self) -> list[str]:
        return [row.name for row in self.rows]


def same_people(first: Subject, run: Path, data_dir: Path | None) -> Subject:
    """Another run of the first one's people. Raises ValueError where they are others, or the run has not ended."""
    from server.run_folder import RunFolder

    assert first.folder is not None
    settings, before = (folder.config().to_flat() for folder in (RunFolder(run), first.folder))
    for key in _PEOPLE_OF:
        if settings[key] != before[key]:
            raise ValueError(
                f"{run}: {key} = {settings[key]}, and in {first.folder.path} {before[key]}: "
                "compare runs of the same people and the same seed"
            )
    subject = subject_of(run, None, data_dir)
    if subject.population != first.population:
        raise ValueError(
            f"{run}: the people of its corpus.data-dir are others than those of {first.folder.path}: "
            "compare runs of the same people"
        )
    return subject


def over_the_stack(results: Sequence[PersonResult], beside: Sequence[Beside], seed: int) -> list[dict[str, Any]]:
    """What the default stack over each run beside gains over the one of the run itself, where both were measured."""
    from scripts.evaluation_rows import summarise_all

    stack = "personal"
    names = [f"{other.name}+{stack}" for other in beside]
    measured = [name for name in names if all({name, stack} <= {*result.by_method} for result in results)]
    keys = ("name", "people", "users", "gain_top1", "gain_interval", "better_share", "worse_share")
    rows = summarise_all(results, measured, stack, seed) if measured else []
    return [{key: row[key] for key in keys} for row in rows]


def _rows(run: Path, name: str, finetune: FinetuneConfig, gate: GateConfig) -> list[System]:
    """As `scripts.subject.systems_of` makes them of the run itself."""
    from nextword.federation.published import Published
    from personalization.stack import StackConfig
    from scripts import systems
    from scripts.by_method import ByMethod, shared_by
    from server.run_folder import RunFolder

    folder = RunFolder(run)
    check_devices(folder)
    published, base = Published.of_run(run), shared_by(folder, name)
    over: systems.Base = base
    if published.ngrams is not None:
        over = systems.WithNgrams(f"{name}+ngrams", base, published)
    whole = StackConfig(gate=gate)
    nothing = dataclasses.replace(whole, own=None, near=None)
    tuners = systems.Tuners(base, finetune)
    tuned = systems.Personalized(f"{name}+finetuned", base, nothing, tuners)
    stacked = systems.Personalized(f"{name}+personal", over, whole, tuners)
    method = ByMethod.of_run(folder, base)
    if method is None:
        return [base, tuned, stacked]
    own = dataclasses.replace(method, label=f"{name}+{method.name}")
    return [base, own, tuned, systems.Personalized(f"{name}+personal-{method.name}", over, whole, method), stacked]
