"""`nextword evaluate`: what federation and personalization gain, on people's own text."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.beside import Beside, over_the_stack
from scripts.console import commit, errors, print_json, progress
from scripts.evaluation_rows import (
    KEPT,
    PROTOCOL,
    at_hand_of,
    clusters_of,
    each_person,
    groups_of,
    predictors_of,
    print_table,
    replaces,
    summarise_all,
)

if TYPE_CHECKING:
    from personalization.finetune import FinetuneConfig
    from personalization.stack import StackConfig
    from scripts.systems import PrivatelyTuned, System
    from server.run_folder import RunFolder


def command(
    model: Annotated[Path, typer.Option(help="a run folder of 'nextword simulate', or a checkpoint")],
    corpus: Annotated[str | None, typer.Option(help="a catalogue name or a .jsonl file; a run knows its own")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="where corpora are kept")] = None,
    user_column: Annotated[str, typer.Option(help="of a .jsonl or hf: corpus")] = "user",
    text_column: Annotated[str, typer.Option(help="of a .jsonl or hf: corpus")] = "text",
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="another run of these people, and what their devices make of it; may be given often"),
    ] = None,
    users: Annotated[int, typer.Option(min=0, help="at most so many participants, and newcomers; 0: all")] = 0,
    central: Annotated[bool, typer.Option(help="train the central ceiling of a run, once, and keep it there")] = True,
    central_epochs: Annotated[int, typer.Option(min=1, help="passes of the ceiling over the pooled history")] = 5,
    central_learning_rate: Annotated[float, typer.Option(help="peak of the ceiling's cosine schedule")] = 1e-3,
    central_dropout: Annotated[float, typer.Option(min=0.0, max=0.9, help="of the ceiling's training")] = 0.1,
    finetune_epochs: Annotated[int, typer.Option(min=0, help="passes over a person's own history")] = 3,
    finetune_learning_rate: Annotated[float, typer.Option(help="of fine-tuning on the device")] = 3e-4,
    margin: Annotated[float, typer.Option(min=0.0, help="of the gate, in standard errors")] = 0.5,
    eight_bit: Annotated[
        bool, typer.Option("--eight-bit", help="also the model in eight bits, as a device runs it, beside its floats")
    ] = False,
    at_hand: Annotated[
        str, typer.Option(help="also with only so many messages of each newcomer, the newest: 5,10,20,50,100")
    ] = "",
    every_method: Annotated[
        bool,
        typer.Option("--every-method", help="also last layers, adapters, Ditto, and personal less a part of it"),
    ] = False,
    methods: Annotated[
        str,
        typer.Option(help="only these rows of all, and what they are compared with: trigram+own,finetuned"),
    ] = "",
    epsilon: Annotated[
        str, typer.Option(help="also fine-tuned with differential privacy of messages, at these: 1,2,4,8,inf")
    ] = "",
    seed: Annotated[
        int | None, typer.Option(min=0, help="of fine-tuning and the bootstrap, else 0; a run has its own")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="processes; 0: one for each core")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON alone")] = False,
) -> None:
    from data.splits import sample
    from nextword.files import check_writable
    from nextword.training import TrainConfig
    from personalization.finetune import FinetuneConfig
    from personalization.gate import GateConfig
    from personalization.stack import StackConfig
    from scripts.evaluation import Plan, evaluate
    from scripts.subject import check_devices, is_run, subject_of, systems_of
    from scripts.systems import Clustered
    from server.run_folder import RunFolder

    for option, rate in (("central", central_learning_rate), ("finetune", finetune_learning_rate)):
        if not 0 < rate < math.inf:
            raise ValueError(f"--{option}-learning-rate {rate:g}: give a number above 0")
    code = commit()  # before the work, which takes long enough for the files to change
    ceiling = TrainConfig(
        epochs=central_epochs,
        batch_messages=32,
        learning_rate=central_learning_rate,
        schedule="cosine",
        warmup_share=0.05,
        weight_decay=0.01,
        dropout=central_dropout,
    )
    workers = workers or os.cpu_count() or 1
    train = dataclasses.replace(FinetuneConfig().train, epochs=finetune_epochs, learning_rate=finetune_learning_rate)
    finetune = FinetuneConfig(train=train)
    if is_run(model):
        check_writable(model)
        RunFolder(model).evaluation()  # one that is damaged is told before the work,
        check_devices(RunFolder(model))  # and what is missing
    columns = (user_column, text_column)
    wanted = frozenset(filter(None, map(str.strip, methods.split(","))))
    if methods and not wanted:
        raise ValueError(f"--methods: {methods!r} names no row; give some, as in trigram+own,personal")
    central = central and (not wanted or "central" in wanted)
    if seed is not None and is_run(model):
        raise ValueError(f"--seed: {model} has its own, by which its people were drawn; leave the option out")
    subject = subject_of(model, corpus, data_dir, columns, seed or 0, ceiling if central else None)
    name, seed, reference, folder = subject.corpus, subject.seed, subject.reference, subject.folder
    gate = GateConfig(margin=margin)
    others = Beside.of(subject, beside or [], data_dir, finetune, gate)
    systems = systems_of(subject, finetune, gate, eight_bit=eight_bit, every_method=every_method or bool(wanted))
    clustered = next((system for system in systems if isinstance(system, Clustered)), None)
    taken = {system.name for system in systems}
    for other in others:
        if clash := taken.intersection(other.names):
            raise ValueError(f"--beside: {other.run}: another row is called {min(clash)!r} too; rename the folder")
        taken.update(other.names)
    systems[-1:-1] = [row for other in others for row in other.rows]
    if eight_bit and wanted:
        wanted |= {f"{reference}-int8"}
    private = _privately_tuned(next(s for s in systems if s.name == "finetuned"), epsilon)
    chosen = _chosen(systems, wanted, reference)
    apart = tuple(frozenset(other.names) for other in others)
    beside_it = [system for system in chosen if system.name in frozenset().union(*apart)]
    last = [system for system in chosen if system.name == "personal"]
    own = [*(system for system in chosen if system not in (*beside_it, *last)), *private, *last]
    shown_last = [] if own[-1].name == reference else own[-1:]  # the last is the one whose gains are told by group
    systems = [*own[: len(own) - len(shown_last)], *beside_it, *shown_last]
    plan = Plan.of(subject.population, systems, seed)
    learning = _learning(systems, wanted, reference)
    plan = dataclasses.replace(plan, at_hand=_numbers(at_hand), learning=learning, clustered=clustered, apart=apart)
    if plan.at_hand and not plan.learning:
        raise ValueError(
            "--at-hand: none of these rows is made of the model and a person's messages; add one, as in personal"
        )
    evaluated = {"participants": len(plan.participants), "newcomers": len(plan.newcomers)}
    if users:
        plan = dataclasses.replace(
            plan,
            participants=sample(plan.participants, users, seed=seed),
            newcomers=sample(plan.newcomers, users, seed=seed),
        )
    if not plan.participants and not plan.newcomers:
        raise ValueError(f"{name}: nobody has the 30 different messages that it takes to be evaluated")
    subject.train_ceiling()  # which takes longest: whatever is refused was told before
    with progress() as display:
        task = display.add_task("people measured", total=None)
        results = evaluate(plan, workers=workers, progress=lambda n, m: display.update(task, completed=n, total=m))
    answer = {
        "protocol": PROTOCOL,
        "corpus": name,
        "model": str(model),
        "reference": reference,
        "seed": seed,
        "ids_left_out": subject.population.left_out,  # whose messages are another's
        "evaluated": evaluated,  # how many there are; a method's "users" were measured
        "trigram_of": "participants" if subject.population.participants else "all who can be evaluated",
        "settings": {
            "at_most_users": users or None,
            "central_epochs": central_epochs if "central" in subject.models else None,
            "central_learning_rate": central_learning_rate if "central" in subject.models else None,
            "central_dropout": central_dropout if "central" in subject.models else None,
            "finetune_epochs": finetune_epochs,
            "finetune_learning_rate": finetune_learning_rate,
            "gate_margin": margin,
            "stack": _stack_settings(StackConfig(gate=gate), finetune),
        },
        "message_privacy": {system.name: system.spent.event() | {"text": str(system.spent)} for system in private},
        "commit": code,
        "methods": summarise_all(results, plan.methods, reference, seed),
        "beside": [
            {"name": other.name, "run": str(other.run), "rows": [n for n in other.names if n in plan.methods]}
            for other in others
        ],
        "over_the_stack": over_the_stack(results, others, seed),
        "clusters": clusters_of(results, len(clustered.models) if clustered else 0, folder.events() if folder else ()),
        "at_hand": at_hand_of(results, reference, seed),
        "groups": groups_of(results, plan.methods[-1], reference, seed) if plan.methods[-1] != reference else [],
        "predictors": predictors_of(results, plan.methods[-1], reference),
        "people": each_person(results, reference, subject.population.numbers),
        "trainings_counted": "once",  # older seconds have each once for each candidate on the way to it
        # Of one core's work on a person's history, the mean: on this machine, beside whatever else it did.
        "device_seconds": {m: fmean(result.seconds.get(m, 0.0) for result in results) for m in plan.methods},
        "device_bytes": _means(result.kept_bytes for result in results),
    }
    if folder is not None:
        _keep(folder, answer)
    if as_json:
        print_json(answer)
    else:
        print_table(answer)


def _stack_settings(config: StackConfig, finetune: FinetuneConfig) -> dict[str, Any]:
    """All by which evaluations of one model may differ, and no numbers of the people's."""
    from nextword.federation.ngrams import MANY_TRUST
    from personalization.trust import PRIORS

    trusts = {"many": MANY_TRUST} | {name: [*prior] for name, prior in PRIORS.items()}
    return dataclasses.asdict(config) | {"ways": finetune.ways, "part": finetune.part, "trusts": trusts}


def _means(people: Iterable[Mapping[str, int]]) -> dict[str, float]:
    """By name the mean over the people of whom it is known."""
    known: dict[str, list[int]] = {}
    for person in people:
        for name, value in person.items():
            known.setdefault(name, []).append(value)
    return {name: fmean(values) for name, values in known.items()}


def _privately_tuned(tuned: System, epsilons: str) -> list[PrivatelyTuned]:
    """A system for each epsilon, the smallest first. Raises ValueError for anything but numbers above 0 and inf."""
    from scripts.systems import Personalized, PrivatelyTuned

    assert isinstance(tuned, Personalized)
    try:
        wanted = sorted({float(number) for number in epsilons.split(",")}) if epsilons else []
    except ValueError:
        wanted = [0.0]
    if not all(number > 0 for number in wanted):
        raise ValueError(f"--epsilon: {epsilons}: give numbers above 0, or inf, as in 1,2,4,8,inf")
    return [PrivatelyTuned(tuned.base, number) for number in wanted]


def _chosen(systems: Sequence[System], wanted: frozenset[str], reference: str) -> list[System]:
    """Those of these names and the reference; all without names. Raises ValueError for a name that is no row's."""
    known = [system.name for system in systems]
    if unknown := wanted.difference(known):
        raise ValueError(f"--methods: no row is called {sorted(unknown)[0]!r} here; there are {', '.join(known)}")
    return [system for system in systems if not wanted or system.name in {*wanted, reference}]


def _learning(systems: Sequence[System], wanted: frozenset[str], reference: str) -> frozenset[str]:
    """The rows that are measured with few messages at hand: of those that were named all that learn."""
    from scripts.by_method import ByMethod
    from scripts.systems import Personalized

    learn = frozenset(system.name for system in systems if isinstance(system, Personalized | ByMethod))
    methods = {system.name for system in systems if isinstance(system, ByMethod)}
    beside = {name for name in learn if name.endswith(("+finetuned", "+personal"))}  # of other runs
    if wanted:
        return learn
    return learn & {f"{reference}+own", "finetuned", "personal-folds", "personal", *methods, *beside}


def _numbers(text: str) -> tuple[int, ...]:
    """Raises ValueError for anything but whole numbers from 3 up: with two, one to learn, one judges nothing."""
    try:
        found = tuple(sorted({int(number) for number in text.split(",")})) if text else ()
    except ValueError:
        found = (0,)
    if any(number < 3 for number in found):
        raise ValueError(f"--at-hand: {text}: give numbers of messages from 3 up, as in 5,10,20")
    return found


def _keep(folder: RunFolder, answer: dict[str, Any]) -> None:
    """Write the run's evaluation.json, unless the one that is there has more."""
    before = folder.evaluation()
    if before is None or replaces(answer, before, some=answer["settings"]["at_most_users"] is not None):
        measured = {row["name"] for row in answer["methods"]}
        if before is not None and any(not measured.issuperset(run["rows"]) for run in before.get("beside", ())):
            aside = folder.set_evaluation_aside()
            errors.print(f"{aside}: the evaluation that was there, with other runs beside this one", highlight=False)
        folder.write_evaluation(answer)
    else:
        errors.print(KEPT.format(folder=folder.path, file="evaluation.json"), highlight=False)
