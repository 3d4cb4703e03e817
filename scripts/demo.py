"""`nextword demo`: the whole path on the embedded corpus, in a few minutes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from data.splits import Split
    from personalization.stack import Shared

RUN = Path(__file__).parent / "runs" / "demo.toml"
_EXAMPLES = 3


def command(
    out: Annotated[Path | None, typer.Option(help="the run folder; else a new one under runs/")] = None,
) -> None:
    out = out or Path("runs") / time.strftime("demo-%Y%m%d-%H%M%S")
    print("240 invented people type; each keeps the text, and only updates of a shared model leave the device.\n")
    _show("simulate", str(RUN), "--out", str(out))
    print()
    _show("evaluate", "--model", str(out), "--users", "40", "--central-epochs", "8", "--central-learning-rate", "3e-3")
    print(
        "\nThe same words before and after a person's own device personalized the shared model, where the two differ:\n"
    )
    for example in _examples(out):
        print(f"  {example}")
    run = RUN.relative_to(Path.cwd()) if RUN.is_relative_to(Path.cwd()) else RUN
    print(
        f"""
Try next
  nextword predict --model {out} "see you at the"      suggestions of the federated model
  nextword simulate {run} --set federation.users-per-round=16
                                                       the same with one setting changed
  nextword report {out}      one page of it, with figures
  nextword type                                        the keyboard, in this terminal
  nextword corpus list                                 real corpora, and how to get them"""
    )


def _show(*arguments: str) -> None:
    """Run a command of ours as a person would, and show it. Its own process: Flower's threads stay out of this one."""
    print(f"$ nextword {' '.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "scripts", *arguments], check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)


def _examples(folder: Path) -> list[str]:
    """Places in people's test messages where only the personal model's bar holds the word; one for each person."""
    import torch

    from nextword import checkpoint
    from nextword.federation.config import RunConfig
    from nextword.federation.published import Published
    from nextword.predictor import Predictor
    from personalization import device
    from personalization.stack import Shared

    torch.set_num_threads(1)
    config = RunConfig.from_toml(folder / "config.toml")
    population = device.population(config.corpus, config.seed)
    model, vocabulary = checkpoint.load(folder / "final")
    shared = Shared(model, Predictor.of(model, vocabulary).under(Published.of_run(folder).layers))
    found: list[str] = []
    for split in (*population.newcomers, *population.evaluated_participants):
        if len(found) == _EXAMPLES:
            break
        found += list(_first_difference(shared, split, config.seed))
    return found or ["none: the gate kept the shared model for everyone"]


def _first_difference(shared: Shared, split: Split, seed: int) -> Iterator[str]:
    from nextword.text import normalise, spans
    from personalization import device
    from personalization.finetune import FinetuneConfig, Tuner
    from personalization.stack import personalize

    tuner = Tuner(shared.model, FinetuneConfig(), device.generator(seed, 0, split.user))
    personal = personalize(shared, split.train, split.validation, tuner=tuner)
    if not personal.shipped:
        return
    for text in map(normalise, split.test):
        for start, end in spans(text):
            word, context = text[start:end], text[:start]
            before, after = (
                [s.word.lower() for s in predictor.suggest(context)]
                for predictor in (shared.predictor, personal.predictor)
            )
            if len(word) > 2 and start and word in after and word not in before:
                bars = "  ".join(f"{name}: {' | '.join(bar)}" for name, bar in (("before", before), ("after", after)))
                yield f"{split.user}, \u201c{context.strip()} \u2026\u201d\n      {bars}   (typed: {word})"
                return
