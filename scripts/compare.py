"""`nextword compare`: the shared models of several runs side by side, on the same people's tests.

What a smaller update, noise or another way to federate costs: each run beside the first one, person by person, and
below all the model that the first one began with, if it had one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.beside import same_people
from scripts.console import commit, errors, print_json, progress
from scripts.evaluation_rows import KEPT, MEASURED_ON, PROTOCOL, each_person, replaces, summarise_all, told_grouping
from scripts.subject import Subject, check_devices, run_name, subject_of

if TYPE_CHECKING:
    from scripts.systems import System
    from server.run_folder import RunFolder

WHERE = ("out", "corpus.data-dir", "federation.workers", "federation.users-per-node")  # and not what is run
_START = "pretrained"  # as the row of `evaluate`
_UNTRAINED = {"name": _START, "changed": {}, "upload_bytes": 0, "download_bytes": 0, "rounds": 0, "privacy": []}


@dataclass(frozen=True)
class Compared:
    """A run in a comparison."""

    name: str
    folder: RunFolder
    settings: Mapping[str, Any]

    @classmethod
    def at(cls, path: Path) -> Compared:
        """Raises ValueError where there is no run that has ended."""
        from nextword.federation.published import CONFIG
        from server.run_folder import RunFolder

        folder = RunFolder(path)
        settings = folder.config().to_flat() if (path / CONFIG).is_file() else {}
        if not settings or folder.summary() is None:
            raise ValueError(f"{path}: no run that has ended; compare takes folders of 'nextword simulate'")
        return cls(run_name(path, settings["seed"]), folder, settings)

    @property
    def system(self) -> System:
        """The model that its people share, or the one that each chooses of its clusters'."""
        from nextword.federation.groups import TOP
        from scripts.by_method import shared_by
        from scripts.systems import Clustered

        shared = shared_by(self.folder, self.name)
        if isinstance(shared, Clustered) and self.settings["personal.method"] in TOP:
            check_devices(self.folder)  # under what they keep each chooses
        return shared

    def about(self, first: Compared) -> dict[str, Any]:
        """What differs from the first run, and what travelled: bytes of the rounds for each user who trained."""
        events, summary = self.folder.events(), self.folder.summary() or {}
        rounds = [event for event in events if event["event"] == "round"]
        users = sum(event["users"] for event in rounds)
        return {
            "name": self.name,
            "changed": {
                key: value
                for key, value in self.settings.items()
                if key not in WHERE and value != first.settings.get(key)
            },
            "upload_bytes": sum(event["upload_bytes"] for event in rounds) / max(users, 1),
            "download_bytes": sum(event["download_bytes"] for event in rounds) / max(users, 1),
            "rounds": len(rounds),
            "seconds": summary.get("seconds"),
            "grouping": _grouping(events, users),
            "privacy": [summary[key] for key in ("privacy", "message_privacy") if summary.get(key)],
        }


def _grouping(events: Sequence[Mapping[str, Any]], trainings: int) -> dict[str, int] | None:
    """What it took besides the rounds to find each person's cluster; None without clusters."""
    from server.summary import users_grouped

    splits, choices = ([e for e in events if e["event"] == kind] for kind in ("split", "clusters"))
    if not choices:
        return None
    return {
        "trainings": sum(map(users_grouped, splits)),
        "trainings_in_rounds": trainings,
        "upload_bytes": sum(event["upload_bytes"] for event in splits),
        "download_bytes": sum(event["download_bytes"] for event in (*splits, *choices)),
    }


def command(
    runs: Annotated[list[Path], typer.Argument(help="run folders; the first is what the others are compared with")],
    data_dir: Annotated[Path | None, typer.Option(help="where corpora are kept")] = None,
    users: Annotated[int, typer.Option(min=0, help="at most so many participants, and newcomers; 0: all")] = 0,
    workers: Annotated[int, typer.Option(min=0, help="processes; 0: one for each core")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON alone")] = False,
) -> None:
    from data.splits import sample
    from scripts.evaluation import Plan, evaluate
    from scripts.systems import Checkpointed, Clustered

    code = commit()  # before the work, which takes long enough for the files to change
    beside = [Compared.at(path) for path in runs]
    subject, first = _same_people(beside, data_dir), beside[0]
    first.folder.comparison()  # one that is damaged is told before the work
    seed, start = int(first.settings["seed"]), subject.models.get(_START)
    systems: list[System] = [*(run.system for run in beside), *([Checkpointed(_START, start)] if start else [])]
    clustered = next((system for system in systems if isinstance(system, Clustered)), None)
    plan = replace(Plan.of(subject.population, systems, seed), clustered=clustered)
    evaluated = {"participants": len(plan.participants), "newcomers": len(plan.newcomers)}
    if users:
        chosen = (sample(people, users, seed=seed) for people in (plan.participants, plan.newcomers))
        plan = replace(plan, participants=next(chosen), newcomers=next(chosen))
    with progress() as display:
        task = display.add_task("people measured", total=None)
        results = evaluate(
            plan,
            workers=workers or os.cpu_count() or 1,
            progress=lambda n, m: display.update(task, completed=n, total=m),
        )
    answer = {
        "protocol": PROTOCOL,
        "corpus": first.settings["corpus.name"],
        "seed": seed,
        "reference": first.name,
        "evaluated": evaluated,
        "at_most_users": users or None,
        "commit": code,
        "runs": [*(run.about(first) for run in beside), *([_UNTRAINED] if start else [])],
        "methods": summarise_all(results, plan.methods, first.name, seed),
        "people": each_person(results, first.name, subject.population.numbers),
    }
    _keep(first.folder, answer)
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def _keep(folder: RunFolder, answer: dict[str, Any]) -> None:
    """Write comparison.json, unless the one that is there has more."""
    before = folder.comparison()
    told = KEPT.format(folder=folder.path, file="comparison.json")
    if before is None or replaces(answer, before, some=answer["at_most_users"] is not None):
        folder.write_comparison(answer)
        told = "comparison.json is in the first run's folder, for 'nextword results'"
    errors.print(told, highlight=False, style="dim")


def _same_people(beside: Sequence[Compared], data_dir: Path | None) -> Subject:
    """The first run's, and so all these runs', people. Raises ValueError where they are not the same."""
    first = beside[0]
    if len(beside) < 2:
        raise ValueError(f"{first.folder.path}: name the runs to compare it with")
    names = [*(run.name for run in beside), _START]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(
            f"{twice[0]}: two rows of this name; a run is called by its folder, less the seed, its start {_START}"
        )
    subject = subject_of(first.folder.path, None, data_dir)
    for run in beside[1:]:
        same_people(subject, run.folder.path, data_dir)
    return subject


def _print(answer: Mapping[str, Any]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, emoji=False)
    people = [kind for kind in ("participants", "newcomers") if any(r["people"] == kind for r in answer["methods"])]
    table = Table(title=f"{Path(answer['corpus']).name}: shared models", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for heading in ("kB up", "kB down", *(f"{kind}, top-1" for kind in people)):
        table.add_column(heading, justify="right")
    for run in answer["runs"]:
        rows = (r for kind in people for r in answer["methods"] if (r["name"], r["people"]) == (run["name"], kind))
        table.add_row(
            run["name"],
            *(f"{run[key] / 1000:,.0f}" for key in ("upload_bytes", "download_bytes")),
            *(_points(row, run["name"] == answer["reference"]) for row in rows),
        )
    console.print(table)
    for run in answer["runs"]:
        if run.get("grouping"):
            console.print(told_grouping(run), soft_wrap=True)
        for private in run["privacy"]:
            console.print(f"{run['name']}: {private['text']}", soft_wrap=True)
    over = f"with a sign: in top-1, paired, over {answer['reference']}"
    console.print(f"kB: of an update, on the way up and down. {MEASURED_ON}; {over}", style="dim")


def _points(row: Mapping[str, Any], reference: bool) -> str:
    top1 = f"{100 * row['top1']:.1f}"
    if reference:
        return top1
    low, high = row["gain_interval"]
    return f"{top1}  {100 * row['gain_top1']:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
