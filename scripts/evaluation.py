"""All systems side by side on one corpus in one run, by the measuring rule; the work is spread over processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from data.splits import Population, Split, contributes
from nextword import checkpoint
from nextword.federation.ngrams import MANY, Growth
from nextword.metrics import UserResult, measure
from nextword.model import LanguageModel
from nextword.ngram import Mixture, Trigram
from nextword.ngram_layer import NgramConfig
from nextword.predictor import Predictor
from nextword.text import normalise, tokens
from nextword.training import TrainConfig, fit
from nextword.vocabulary import Vocabulary
from personalization import device, stack
from personalization.finetune import FinetuneConfig, personalize
from personalization.own_ngram import OwnNgram
from personalization.stack import Shared, StackConfig

ALONE = ("trigram", "trigram+own")
NGRAMS, OWN = "+ngrams", "+own"  # after a model's name: with the n-grams of many over it, with the person's own
FINETUNED = "finetuned"
PERSONAL = "personal"  # the default stack
EIGHT_BIT = "-int8"  # after a model's name: its weights and activations in eight bits


@dataclass(frozen=True)
class Plan:
    """What is evaluated: people, the n-gram's training text, checkpoints by method name, and who is fine-tuned."""

    participants: tuple[Split, ...]
    newcomers: tuple[Split, ...]
    pooled: tuple[Split, ...]  # whose contributions the trigram is trained on
    models: Mapping[str, Path]
    finetune_from: str
    finetune: FinetuneConfig = field(default_factory=FinetuneConfig)
    ngrams: Path | None = None  # those of many, found in the run
    ngram_config: NgramConfig = MANY
    seed: int = 0
    eight_bit: bool = False  # also the model that people fine-tune as a device runs it, in eight bits

    @property
    def methods(self) -> tuple[str, ...]:
        base = self.finetune_from
        rounded = (base + EIGHT_BIT,) if self.eight_bit else ()
        of_many = (base + NGRAMS,) if self.ngrams else ()
        return (*ALONE, *self.models, *rounded, *of_many, base + OWN, FINETUNED, PERSONAL)


@dataclass(frozen=True)
class PersonResult:
    """What one person gets from each method; `shipped`: of a method behind the gate, whether it let anything pass."""

    user: str
    group: str | None
    participant: bool
    by_method: Mapping[str, UserResult]
    shipped: Mapping[str, bool]


def plan_for(
    population: Population, models: Mapping[str, Path], finetune_from: str, *, finetune: FinetuneConfig, seed: int
) -> Plan:
    """Everyone who has a test, by the roles they had in the run.

    Where nobody took part (a model that has never met the corpus), the trigram is trained on the history of the very
    people who are measured, so that it is the stronger baseline.
    """
    evaluated = population.evaluated_participants
    trained_on = population.participants or population.newcomers
    return Plan(evaluated, population.newcomers, trained_on, models, finetune_from, finetune=finetune, seed=seed)


def evaluate(plan: Plan, *, workers: int, progress: Callable[[int, int], None]) -> list[PersonResult]:
    """Measure everyone, in the plan's order. A person's result does not depend on who else is measured."""
    people = [(split, True) for split in plan.participants] + [(split, False) for split in plan.newcomers]
    # The longest first, so that no process is left with a long one at the end.
    order = sorted(range(len(people)), key=lambda index: -len(people[index][0].history))
    results: list[PersonResult | None] = [None] * len(people)
    _State.make(plan)
    with multiprocessing.get_context("fork").Pool(workers, torch.set_num_threads, (1,)) as pool:
        answers: Iterator[tuple[int, PersonResult]] = pool.imap_unordered(
            _evaluate_person, [(index, *people[index]) for index in order]
        )
        for done, (index, result) in enumerate(answers, 1):
            results[index] = result
            progress(done, len(people))
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

    `about` is kept in the checkpoint and says how it was trained.
    """
    model, vocabulary = checkpoint.load(start)
    texts = [text for split in participants for text in device.contribution(split, hold_back=hold_back)]
    messages = [vocabulary.encode(normalise(text)) for text in texts]
    fit(model, messages, config, np.random.default_rng([seed, 1]), progress=progress)
    checkpoint.save(out, model, vocabulary, extra=about)


class _State:
    """What the processes inherit: built once, before they are forked."""

    plan: Plan
    trigram: Trigram
    unseen: Trigram  # without validation messages: fair to whoever was counted and chooses a weight on theirs
    counted: frozenset[str]
    shared: tuple[LanguageModel, Vocabulary]  # that people fine-tune
    stack: Shared  # the same, with what the default stack lies over
    predictors: dict[str, Predictor]

    @classmethod
    def make(cls, plan: Plan) -> None:
        cls.plan = plan
        cls.trigram = _counted(contributes(split) for split in plan.pooled)
        cls.unseen = _counted(device.contribution(split, hold_back=True) for split in plan.pooled)
        cls.counted = frozenset(split.user for split in plan.pooled)
        cls.shared = checkpoint.load(plan.models[plan.finetune_from])
        cls.predictors = {name: Predictor.load(folder, eight_bit=False) for name, folder in plan.models.items()}
        layers = []
        if plan.ngrams:
            layers.append(Growth.load(plan.ngrams, cls.shared[1]).layer(plan.ngram_config))
        cls.stack = Shared(cls.shared[0], cls.predictors[plan.finetune_from], layers)
        if plan.ngrams:
            cls.predictors[plan.finetune_from + NGRAMS] = cls.stack.with_layers()
        if plan.eight_bit:
            rounded = Predictor.load(plan.models[plan.finetune_from], eight_bit=True)
            cls.predictors[plan.finetune_from + EIGHT_BIT] = rounded


def _counted(people: Iterable[Sequence[str]]) -> Trigram:
    return Trigram(tokens(normalise(text)) for texts in people for text in texts)


def _evaluate_person(job: tuple[int, Split, bool]) -> tuple[int, PersonResult]:
    index, split, participant = job
    plan, (shared, vocabulary) = _State.plan, _State.shared
    train, validation, test = (
        [normalise(text) for text in texts] for texts in (split.train, split.validation, split.test)
    )
    own = Mixture.with_own(
        _State.trigram,
        [tokens(text) for text in train],
        [tokens(text) for text in validation],
        unseen=_State.unseen if split.user in _State.counted else None,
    )
    measured = {
        "trigram": measure(_State.trigram, test, user=split.user),
        "trigram+own": measure(own, test, user=split.user),
    }
    for name, predictor in _State.predictors.items():
        measured[name] = measure(predictor, test, user=split.user)
    own_words = Shared(shared, _State.predictors[plan.finetune_from], ()).with_layers(OwnNgram(messages=split.history))
    measured[plan.finetune_from + OWN] = measure(own_words, test, user=split.user)
    encode = vocabulary.encode
    tuned, verdict = personalize(
        shared,
        [encode(text) for text in train],
        [encode(text) for text in validation],
        plan.finetune,
        device.generator(plan.seed, 0, split.user),
    )
    measured[FINETUNED] = (
        measured[plan.finetune_from]
        if tuned is shared
        else measure(Predictor.of(tuned, vocabulary), test, user=split.user)
    )
    personal = stack.personalize(
        _State.stack,
        split.train,
        split.validation,
        StackConfig(finetune=plan.finetune),
        device.generator(plan.seed, 0, split.user),
    )
    measured[PERSONAL] = measure(personal.predictor, test, user=split.user)
    by_method = {name: measured[name] for name in plan.methods}
    shipped = {FINETUNED: verdict.choice is not None, PERSONAL: personal.shipped}
    return index, PersonResult(split.user, split.group, participant, by_method, shipped)
