"""How fast private training is, measured in a process of its own: `python -m personalization.private_speed`.

JSON in and out. The peer is plain training of the same model on the same messages in the same process, in batches of as
many messages as a private step draws on average.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import torch

from nextword import checkpoint
from nextword.federation.noise import Secret, Seeded
from nextword.model import LanguageModel
from nextword.text import normalise
from nextword.training import TrainConfig, fit
from personalization.private import DpSgd, fit_privately

_TRIALS = 5
_CLIP_NORM = 1.0


def main() -> None:
    """Read {"model", "messages", "batch_messages"}; write what was measured."""
    job = json.load(sys.stdin)
    print(json.dumps(measure(Path(job["model"]), job["messages"], job["batch_messages"])))


def measure(folder: Path, messages: Sequence[str], batch_messages: Sequence[int]) -> dict[str, Any]:
    """Of each size of batch the milliseconds a message and their ratio to plain training: medians of trials.

    All ways are tried in turn, so what else the machine does falls on all of them.
    """
    torch.set_num_threads(1)
    model, vocabulary = checkpoint.load(folder)
    pieces = [found for text in messages if (found := vocabulary.encode(normalise(text)))]
    pieces_a_message = fmean(len(message) + 1 for message in pieces)
    rows = []
    for size in (min(size, len(pieces)) for size in batch_messages):
        config = TrainConfig(batch_messages=size, learning_rate=0.01, optimizer="sgd")
        ways = _ways(pieces, config)
        times: dict[str, list[float]] = {name: [] for name in ways}
        for trial in range(_TRIALS + 1):
            for name, way in ways.items():
                trained = copy.deepcopy(model)
                start = time.perf_counter()
                num_pieces = way(trained, np.random.default_rng(trial))
                if trial:  # the first one is slower
                    seconds = time.perf_counter() - start
                    times[name].append(1000 * seconds * pieces_a_message / max(1, num_pieces))
        ms = {name: median(found) for name, found in times.items()}
        ratio = {name: ms[name] / ms["plain"] for name in ms if name != "plain"}
        rows.append({"batch_messages": size, "ms_a_message": ms, "ratio_to_plain": ratio})
    return {"parameters": model.config.num_parameters, "messages": len(pieces), "batches": rows}


def _ways(
    pieces: Sequence[Sequence[int]], config: TrainConfig
) -> dict[str, Callable[[LanguageModel, np.random.Generator], int]]:
    """Each trains once on the messages, and tells how many pieces went through the model."""
    rate = config.batch_messages / len(pieces)

    def plain(model: LanguageModel, rng: np.random.Generator) -> int:
        return fit(model, pieces, config, rng).num_pieces

    def private(model: LanguageModel, rng: np.random.Generator, *, noise_multiplier: float, secret: bool) -> int:
        noise = Secret(rng.bytes(32)) if secret else Seeded(rng)
        settings = DpSgd(noise_multiplier, _CLIP_NORM, rate)
        return fit_privately(model, pieces, config, settings, noise).num_pieces

    return {
        "plain": plain,
        "clipped": partial(private, noise_multiplier=0.0, secret=False),
        "private": partial(private, noise_multiplier=1.0, secret=False),
        "private_secure": partial(private, noise_multiplier=1.0, secret=True),
    }


if __name__ == "__main__":
    main()
