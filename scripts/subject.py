"""What is evaluated: a run or a checkpoint, on whose text, and the rows of the table that is made of it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import errors, progress

if TYPE_CHECKING:
    from data.splits import Population
    from nextword.federation.config import RunConfig
    from nextword.training import TrainConfig
    from personalization.finetune import FinetuneConfig, Progress
    from personalization.gate import GateConfig
    from scripts.systems import System
    from server.run_folder import RunFolder


@dataclass(frozen=True)
class Subject:
    """What is evaluated: models by method name on people of a corpus; `reference` is what people personalize."""

    corpus: str
    seed: int
    population: Population
    models: dict[str, Path]
    reference: str
    folder: RunFolder | None  # where it is a run
    train_ceiling: Callable[[], None] = lambda: None  # without which "central" is no model yet


def is_run(model: Path) -> bool:
    """Whether this is a run's folder, not a checkpoint's."""
    from nextword.federation.published import CONFIG

    return (model / CONFIG).is_file()


def run_name(run: Path, seed: object) -> str:
    """What a run is called beside others: its folder, less its seed."""
    return run.resolve().name.removesuffix(f"-{seed}")


def subject_of(
    model: Path,
    corpus: str | None,
    data_dir: Path | None,
    columns: tuple[str, str] = ("user", "text"),
    seed: int = 0,
    ceiling: TrainConfig | None = None,
) -> Subject:
    """A run on its own corpus with its own seed and people, or a checkpoint that has met nobody of a corpus.

    The central ceiling of a run is one of its models if `ceiling` says how it is trained, and is there when
    `train_ceiling` was called. Raises ValueError for what does not go together.
    """
    from data.corpus import settled
    from data.splits import new_to_all
    from nextword import checkpoint
    from nextword.text import normalise
    from server.run_folder import RunFolder

    if is_run(model):
        if columns != ("user", "text"):
            raise ValueError(f"--user-column, --text-column: {model} knows its own columns; leave the options out")
        found = _of_run(model, corpus, data_dir, ceiling)
        return dataclasses.replace(found, population=new_to_all(found.population, normalise))
    checkpoint.read_config(model)
    if corpus is None:
        raise ValueError("--corpus: on whose text? give a catalogue name or a .jsonl file")
    for run in filter(is_run, model.absolute().parents[:2]):  # of everybody's model, and of a cluster's
        if RunFolder(run).config().corpus.name == settled(corpus):
            raise ValueError(f"{model}: is of a run on {corpus}, whose people took part; give the run, {run}")
    population = new_to_all(_everyone_new(corpus, data_dir, *columns), normalise)
    return Subject(corpus, seed, population, {"pretrained": model}, "pretrained", None)


def check_devices(folder: RunFolder) -> None:
    """Raises ValueError for a run whose devices have kept something, where nothing of it is beside the run."""
    from nextword.federation.folders import DEVICES
    from personalization.store import DeviceStore

    personal, devices, summary = folder.config().personal, folder.path / DEVICES, folder.summary()
    trained = summary is not None and summary["users_trained"]  # a run that has not ended is told elsewhere
    if personal.keeps and trained and not DeviceStore(devices).holds_any():
        raise ValueError(
            f"{devices}: nothing is kept there, as in a copy of a run without it, and participants have by "
            f"{personal.method} what their devices have kept; evaluate the run where it was simulated"
        )


def systems_of(
    subject: Subject,
    finetune: FinetuneConfig,
    gate: GateConfig,
    *,
    eight_bit: bool = False,
    every_method: bool = False,
    progress: Progress | None = None,
) -> list[System]:
    """The rows of the table, in order; `progress` is told of fine-tuning. Raises as `check_devices`."""
    from nextword.federation.published import Published
    from personalization.stack import StackConfig
    from scripts import systems
    from scripts.by_method import ByMethod, clustered

    models, reference, population, folder = subject.models, subject.reference, subject.population, subject.folder
    published = Published.of_run(folder.path) if folder is not None else Published(models[reference])
    # Where nobody took part (a model that has never met the corpus), the trigram is trained on the history of all who
    # can be evaluated, so that it is the stronger baseline.
    counts = systems.Counts(population.participants or population.newcomers)
    order = sorted(models, key=lambda name: name == reference)  # what is made of the reference stands below it
    plain = {name: systems.Checkpointed(name, models[name]) for name in order}
    rows: list[System] = [counts, systems.CountsWithOwn(counts), *plain.values()]
    base: systems.Base
    if published.clusters:
        if eight_bit:
            raise ValueError("--eight-bit: the row is of one model, and this run has several; leave it out")
        assert folder is not None  # a checkpoint has no clusters
        base = clustered(folder)
        rows.append(base)
    else:
        base = plain[reference]
        if eight_bit:
            rows.append(systems.Checkpointed(f"{reference}-int8", models[reference], eight_bit=True))
    method: ByMethod | None = None
    if folder is not None:
        check_devices(folder)
        method = ByMethod.of_run(folder, base)
    if method is not None:
        rows.append(method)
    tuners = systems.Tuners(base, finetune, progress)
    over: systems.Base = base
    whole = StackConfig(gate=gate)
    own, near = dataclasses.replace(whole, near=None), dataclasses.replace(whole, own=None)
    nothing = dataclasses.replace(whole, own=None, near=None)
    if published.ngrams is not None:
        over = systems.WithNgrams(f"{reference}+ngrams", base, published)
        rows.append(over)
    rows.append(systems.Personalized(f"{reference}+own", base, own))
    rows.append(systems.Personalized(f"{reference}+near", base, near))
    rows.append(systems.Personalized("finetuned", base, nothing, tuners))
    if method is not None:  # the whole stack, but the method's model where it else fine-tunes
        rows.append(systems.Personalized(f"personal-{method.name}", over, whole, method))
    if every_method:
        train = finetune.train
        ways = {
            "finetuned-last": dataclasses.replace(finetune, part="last"),
            "finetuned-adapters": dataclasses.replace(
                finetune, part="adapters", train=dataclasses.replace(train, learning_rate=10 * train.learning_rate)
            ),
            "finetuned-ditto": dataclasses.replace(finetune, train=dataclasses.replace(train, prox=0.1)),
        }
        rows += [
            systems.Personalized(name, base, nothing, systems.Tuners(base, config)) for name, config in ways.items()
        ]
        rows.append(systems.Personalized("personal-near", over, own, tuners))
        if over is not base:
            rows.append(systems.Personalized("personal-ngrams", base, whole, tuners))
        rows.append(systems.Personalized("personal-folds", over, dataclasses.replace(whole, few=0), tuners))
    return [*rows, systems.Personalized("personal", over, whole, tuners)]


def _of_run(folder: Path, corpus: str | None, data_dir: Path | None, ceiling: TrainConfig | None) -> Subject:
    """A run's corpus, seed and people in the roles they had, and its models by method name."""
    from data.corpus import settled
    from data.splits import fingerprint
    from nextword.federation.folders import SCRATCH, start_folder
    from nextword.federation.published import Published
    from personalization import device
    from server.run_folder import Inputs, RunFolder

    config = RunFolder(folder).config()
    if data_dir is not None:
        config = config.with_settings([f"corpus.data-dir={data_dir}"])
    if corpus is not None and settled(corpus) != config.corpus.name:
        raise ValueError(
            f"{folder} ran on {config.corpus.name}; give {folder / 'final'} as the model to see it on {corpus}"
        )
    if not (folder / "final").is_dir():
        raise ValueError(f"{folder}: the run has not ended; go on with 'nextword simulate --resume {folder}'")
    population = device.population(config.corpus, config.seed)
    clustered = bool(Published.of_run(folder).clusters)
    models = {"largest" if clustered else "federated": folder / "final"}
    start = start_folder(config.model_copy(update={"out": str(folder)}))
    RunFolder(folder).check(Inputs.of(start, fingerprint(population.participants)))
    if config.model.start != SCRATCH:
        models = {"pretrained": start, **models}
    reference, name, seed = "clustered" if clustered else "federated", config.corpus.name, config.seed
    if ceiling is None:
        return Subject(name, seed, population, models, reference, RunFolder(folder))
    models["central"] = folder / "central"
    train = partial(_train_ceiling, start, population, ceiling, folder / "central", config)
    return Subject(name, seed, population, models, reference, RunFolder(folder), train)


def _everyone_new(name: str, data_dir: Path | None, user_column: str, text_column: str) -> Population:
    from data import corpus, splits

    dataset = corpus.load(name, data_dir=data_dir, user_column=user_column, text_column=text_column)
    everyone = corpus.people(dataset)
    once = splits.apart(everyone)
    people = tuple(split for split in map(splits.split_person, once) if split.evaluated)
    return splits.Population((), people, left_out=len(everyone) - len(once))


def _train_ceiling(start: Path, population: Population, ceiling: TrainConfig, out: Path, config: RunConfig) -> None:
    """Train the ceiling into `out`, unless the one that is there was trained in this very way."""
    import torch

    from nextword import checkpoint
    from scripts.evaluation import train_central

    about = {
        "text": "pooled history",
        "start": checkpoint.read_config(start)["sha256"],
        "training": dataclasses.asdict(ceiling),
        "seed": config.seed,
        "hold_back": config.corpus.hold_back,
    }
    if out.is_dir() and checkpoint.read_config(out)["about"] == about:
        return
    torch.set_num_threads(os.cpu_count() or 1)  # whatever the processes of an evaluation: sums differ by it
    errors.print("training the central ceiling on the pooled history (kept in the run folder)")
    with progress() as display:
        task = display.add_task("central training", total=None)
        train_central(
            start,
            population.participants,
            ceiling,
            out,
            seed=config.seed,
            hold_back=config.corpus.hold_back,
            about=about,
            progress=lambda step, steps, _: display.update(task, completed=step, total=steps),
        )
