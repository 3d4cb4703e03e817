"""All systems side by side on one corpus in one run, by the measuring rule; the work is spread over processes."""

from __future__ import annotations

import ctypes
import json
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch

from data.splits import Population, Split
from nextword import checkpoint
from nextword.metrics import UserResult, measure_all
from nextword.text import normalise
from nextword.training import Keep, TrainConfig, fit
from personalization import device
from scripts.systems import Clustered, Personalized, Someone, System


@dataclass(frozen=True)
class Plan:
    """What is evaluated: who, and with which systems."""

    participants: tuple[Split, ...]
    newcomers: tuple[Split, ...]
    systems: tuple[System, ...]
    ordinals: Mapping[str, int]  # of the participants, in the run
    seed: int = 0
    # Also with only so many messages of each newcomer (of participants the shared model knows more), by these systems.
    at_hand: tuple[int, ...] = ()
    learning: frozenset[str] = frozenset()
    clustered: Clustered | None = None  # of whose clusters each person's is told
    apart: tuple[frozenset[str], ...] = ()  # rows measured after the others, one such part's models in memory at once

    @classmethod
    def of(cls, population: Population, systems: Sequence[System], seed: int) -> Plan:
        """Everyone who has a test, by the roles they had in the run. Raises ValueError for two systems of one name."""
        names = [system.name for system in systems]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]}: two rows would be called so; leave one of them out")
        ordinals = {user: place for place, user in enumerate(sorted(split.user for split in population.participants))}
        return cls(population.evaluated_participants, population.newcomers, tuple(systems), ordinals, seed)

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(system.name for system in self.systems)

    @property
    def parts(self) -> list[list[System]]:
        """The systems in the order in which they are measured."""
        apart = frozenset().union(*self.apart)
        return [
            [system for system in self.systems if (system.name in names if names else system.name not in apart)]
            for names in (None, *self.apart)
        ]


@dataclass(frozen=True)
class PersonResult:
    """What one person gets from each method, by its name.

    `seconds` is one core's work on the person's history, without reading the test; `kept_bytes` what the device keeps
    for it, where that is known; `shipped` is of methods behind the gate whether it let anything pass; `cluster` is the
    one that the person chose, if there are several.
    """

    user: str
    group: str | None
    participant: bool
    messages: int  # of the history
    by_method: Mapping[str, UserResult]
    seconds: Mapping[str, float]
    kept_bytes: Mapping[str, int]
    shipped: Mapping[str, bool]
    cluster: int | None = None
    at_hand: Mapping[tuple[str, int], UserResult] = field(default_factory=dict)  # by method and number of messages

    def joined(self, other: PersonResult) -> PersonResult:
        """With what other methods gave the same person."""
        return replace(
            self,
            by_method={**self.by_method, **other.by_method},
            seconds={**self.seconds, **other.seconds},
            kept_bytes={**self.kept_bytes, **other.kept_bytes},
            shipped={**self.shipped, **other.shipped},
            at_hand={**self.at_hand, **other.at_hand},
        )


def evaluate(plan: Plan, *, workers: int, progress: Callable[[int, int], None]) -> list[PersonResult]:
    """Measure everyone, in the plan's order. A person's result does not depend on who else is measured.

    Raises OSError where a process of these was killed.
    """
    people = [*plan.participants, *plan.newcomers]
    # The longest first, so that no process is left with a long one at the end.
    order = sorted(range(len(people)), key=lambda index: -len(people[index].history))
    results: list[PersonResult | None] = [None] * len(people)
    for system in plan.systems:
        system.prepare()
    _Inherited.plan = plan
    with ProcessPoolExecutor(workers, multiprocessing.get_context("fork"), torch.set_num_threads, (1,)) as pool:
        try:
            answers = [pool.submit(_evaluate_person, (index, people[index])) for index in order]
            for done, answer in enumerate(as_completed(answers), 1):
                index, result = answer.result()
                results[index] = result
                progress(done, len(people))
        except BrokenProcessPool as error:
            raise OSError("a process was killed, perhaps for want of memory; take fewer by --workers") from error
        finally:  # where something was raised, what else was to be measured is not waited for
            if any(result is None for result in results):
                pool.shutdown(wait=False, cancel_futures=True)
                for process in multiprocessing.active_children():
                    process.terminate()
    return [result for result in results if result is not None]


def train_central(
    start: Path,
    participants: Sequence[Split],
    config: TrainConfig,
    out: Path,
    *,
    seed: int,
    hold_back: bool,
    about: Mapping[str, Any],
    progress: Callable[[int, int, float], None],
) -> None:
    """The ceiling: the same start, trained on the pooled text that the federation trains on; saved in `out`.

    `about` is kept in the checkpoint and says how it was trained. A training that was cut off goes on, from the state
    beside `out`.
    """
    model, vocabulary = checkpoint.load(start)
    texts = [text for split in participants for text in device.contribution(split, hold_back=hold_back)]
    messages = [vocabulary.encode(normalise(text)) for text in texts]
    state = out.with_name(f"{out.name}-training.safetensors")
    keep = Keep(state, json.dumps(about, sort_keys=True))
    fit(model, messages, config, np.random.default_rng([seed, 1]), progress=progress, keep=keep)
    checkpoint.save(out, model, vocabulary, extra=about)
    state.unlink(missing_ok=True)


class _Inherited:
    """What the processes have from before they parted."""

    plan: Plan


def _evaluate_person(job: tuple[int, Split]) -> tuple[int, PersonResult]:
    index, split = job
    plan = _Inherited.plan
    someone = Someone.of(split, plan.ordinals.get(split.user), plan.seed)
    cluster = plan.clustered.choice(someone) if plan.clustered else None
    results = [_measure(plan, systems, someone, split) for systems in plan.parts]
    return index, replace(reduce(PersonResult.joined, results), cluster=cluster)


def _measure(plan: Plan, systems: Sequence[System], someone: Someone, split: Split) -> PersonResult:
    """What some of the systems make for a person, and how it does on their test."""
    made = {system.name: system.for_person(someone) for system in systems}
    at_hand = {
        (system.name, messages): system.for_person(someone.with_newest(messages)).model
        for messages in plan.at_hand
        if someone.ordinal is None and messages <= len(someone.history)
        for system in systems
        if system.name in plan.learning
    }
    # A model that several systems give, as where the gate let nothing pass, is measured once.
    models = {id(model): model for model in (*(each.model for each in made.values()), *at_hand.values())}
    results = measure_all([*models.values()], split.test, user=split.user)
    measured = dict(zip(models, results, strict=True))
    result = PersonResult(
        split.user,
        split.group,
        someone.ordinal is not None,
        len(split.history),
        {name: measured[id(each.model)] for name, each in made.items()},
        {name: each.seconds for name, each in made.items()},
        {name: each.kept_bytes for name, each in made.items() if each.kept_bytes is not None},
        {name: each.shipped for name, each in made.items() if each.shipped is not None},
        at_hand={key: measured[id(model)] for key, model in at_hand.items()},
    )
    for system in systems:
        if isinstance(system, Personalized):
            system.forget()
    _give_back_memory()
    return result


def _give_back_memory() -> None:
    """Where the C library keeps what was freed, a process that measures person after person grows to gigabytes."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
