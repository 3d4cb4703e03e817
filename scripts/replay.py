"""`nextword type --replay`: a person's test messages, typed by the model that everybody has and by their own stack."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.console import print_json, progress
from scripts.evaluation_rows import PROTOCOL

if TYPE_CHECKING:
    from data.splits import Split
    from nextword.keyboard.course import Replay
    from nextword.keystrokes import Press
    from nextword.metrics import WordModel
    from scripts.subject import Subject

Tell = Callable[[str, int, int], None]  # what is done, so much of it, of so much


def replay(target: str, model: Path | None, data_dir: Path | None, keys_per_second: float, *, as_json: bool) -> None:
    """Replay CORPUS[:USER] on a screen, or print what it comes to where there is none.

    Raises ValueError for a person who is not there or has no test.
    """
    from nextword import checkpoint
    from scripts.subject import is_run, subject_of

    model = model or checkpoint.BUNDLED
    corpus, user = corpus_and_user(target)
    if not is_run(model) and (model / "final").is_dir():
        model = model / "final"
    subject = subject_of(model, corpus, data_dir)
    split = someone(subject, user)
    if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
        from nextword.keyboard.replay import ReplayApp

        failure = ReplayApp(split.user, lambda tell: prepare(subject, split, tell), keys_per_second).run()
        if failure is not None:
            raise failure
        return
    with progress() as display:
        task = display.add_task("", total=None)
        made = prepare(
            subject,
            split,
            lambda what, done, of: display.update(task, description=what, completed=done, total=of),
        )
    if as_json:
        print_json(figures(subject, model, made))
    else:
        from nextword.keyboard.course import final_line

        print(final_line(made))


def corpus_and_user(target: str) -> tuple[str, str | None]:
    """CORPUS[:USER] in its two parts; a corpus, a path say, may hold a colon itself, and so may a user."""
    from data.catalogue import entries
    from data.formats.hub import PREFIX

    parts = target.split(":")
    for number in range(len(parts), 0, -1):
        corpus, user = ":".join(parts[:number]), ":".join(parts[number:])
        if corpus in entries() or (corpus and Path(corpus).expanduser().exists()):
            return corpus, user or None
    if target.startswith(PREFIX):
        corpus, _, user = target.removeprefix(PREFIX).partition(":")
        return PREFIX + corpus, user or None
    return target, None


def someone(subject: Subject, user: str | None) -> Split:
    """The person of this name; without one the newcomer, or else the participant, with the most test messages."""
    population = subject.population
    people = {split.user: split for split in (*population.newcomers, *population.evaluated_participants)}
    if not people:
        raise ValueError(f"{subject.corpus}: nobody has the 30 different messages that it takes to be evaluated")
    if user is None:
        return max(population.newcomers or people.values(), key=lambda split: len(split.test))
    if user not in people:
        raise ValueError(
            f"{subject.corpus}: nobody of the name {user!r} has a test; there are {len(people)} people, "
            f"such as {', '.join(list(people)[:3])}"
        )
    return people[user]


def prepare(subject: Subject, split: Split, tell: Tell) -> Replay:
    """Both keyboards' keys for a person's test, with what `nextword evaluate` measures; takes seconds."""
    import torch

    from nextword.keyboard.course import Replay, Side
    from nextword.text import normalise
    from personalization.finetune import FinetuneConfig
    from personalization.gate import GateConfig
    from scripts.evaluation import Plan
    from scripts.subject import systems_of
    from scripts.systems import Someone

    torch.set_num_threads(1)  # as when people are evaluated, so that sums are rounded alike
    learning = f"learning from {len(split.history)} messages"
    tell("reading the model", 0, 1)
    systems = systems_of(
        subject, FinetuneConfig(), GateConfig(), progress=lambda step, steps, _: tell(learning, step, steps)
    )
    by_name = {system.name: system for system in systems}
    plan = Plan.of(subject.population, systems, subject.seed)
    person = Someone.of(split, plan.ordinals.get(split.user), plan.seed)
    texts = [normalise(message) for message in split.test]
    sides = []
    everybodys = f"{subject.reference}+ngrams"
    for name in (everybodys if everybodys in by_name else subject.reference, "personal"):
        by_name[name].prepare()
        made = by_name[name].for_person(person)
        title = {None: "the model that everybody has", True: "personalized"}.get(
            made.shipped, "personalized: no gain, so the same model"
        )
        typed = _typed(made.model, texts, partial(tell, f"typing with {title}"))
        sides.append(Side(name, title, typed))
    return Replay(split.user, texts, (sides[0], sides[1])).without_empty_messages()


def figures(subject: Subject, model: Path, replay: Replay) -> dict[str, Any]:
    """What the replay came to, in the JSON form of `--json`; shares are fractions of 1."""
    return {
        "protocol": PROTOCOL,
        "corpus": subject.corpus,
        "model": str(model),
        "user": replay.user,
        "people": "newcomers" if replay.user in {s.user for s in subject.population.newcomers} else "participants",
        "messages": len(replay.messages),
        "keys_without": replay.keys_without,
        "sides": [
            {"name": side.name, "keys_typed": side.keys, "keystroke_savings": replay.savings(side)}
            for side in replay.sides
        ],
    }


def _typed(model: WordModel, texts: Sequence[str], progress: Callable[[int, int], None]) -> list[list[Press]]:
    """The keys of each text, read as the metric reads them."""
    from nextword.keystrokes import presses
    from nextword.metrics import readings

    typed: list[list[Press]] = []
    progress(0, len(texts))
    for text, _, reading in readings(model, texts):
        typed.append(list(presses(reading, text)))
        progress(len(typed), len(texts))
    return typed
