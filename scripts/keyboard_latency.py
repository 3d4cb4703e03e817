"""How long a key takes to be answered on the screen: `python -m scripts.keyboard_latency`, JSON in and out.

In a process of its own, on one core and one thread, it runs the keyboard's real screen, which draws all its frames for
a terminal that only takes them, and types real messages, one key at a time: from the key to the frame in which the bar
shows the words for it. In the same process its peer: the same screen over a predictor that has its words at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nextword.keyboard.timing import Took, typed
from nextword.predictor import Suggestion
from nextword.text import tidy
from personalization.learner import Learner
from personalization.profile import Profile
from scripts.type import PersonKeyboard

SIZES = ((80, 24), (120, 40))
WARM_UP = 20  # keys that are not counted


def main() -> None:
    """Read {"published", "messages", "history"}; write what was measured."""
    job = json.load(sys.stdin)
    one_core = sys.platform == "linux"  # elsewhere a process may use all, with one thread for the model
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    print(json.dumps(measure(Path(job["published"]), job["messages"], job["history"]) | {"one_core": one_core}))


def measure(model: Path, messages: Sequence[str], history: Sequence[str]) -> dict[str, Any]:
    """Latency in ms over all keys and for each size of the screen, against the peer's.

    `history` was sent before by the same person; it is on the screen and in their own words.
    """
    rows: list[tuple[str, list[Took], list[Took]]] = []
    texts = list(map(typable, messages))
    for size in SIZES:
        ours, null = (_typed(kind, model, texts, history, size)[WARM_UP:] for kind in (PersonKeyboard, Null))
        rows.append(("x".join(map(str, size)), ours, null))
    everything = [each for _, ours, _ in rows for each in ours], [each for _, _, null in rows for each in null]
    return {
        **_figures(*everything),
        "keys": len(everything[0]),
        "sizes": [{"size": size, **_figures(ours, null)} for size, ours, null in rows],
    }


def typable(message: str) -> str:
    """What of a message has a key."""
    return "".join(filter(str.isprintable, tidy(message)))


def _typed(
    kind: type[PersonKeyboard], model: Path, texts: Sequence[str], history: Sequence[str], size: tuple[int, int]
) -> list[Took]:
    """By a person of their own, who begins with the history alone."""
    with tempfile.TemporaryDirectory() as folder, Profile(Path(folder)) as profile:
        profile.add(history)
        return asyncio.run(typed(kind("bench", Learner(profile, model)), texts, size))


class Null(PersonKeyboard):
    """A keyboard that always has the same words, at once."""

    def suggest(self, context: str, typed: str) -> Sequence[Suggestion]:
        return [Suggestion(word, 0.1, "shared") for word in ("the", "to", "and")]

    def letters(self, context: str, typed: str) -> Mapping[str, float]:
        return {"t": 0.5, "a": 0.5}


def _figures(ours: Sequence[Took], null: Sequence[Took]) -> dict[str, float]:
    found = {"max_ms": max(each.ms for each in ours)}
    for prefix, took in (("", ours), ("null_", null)):
        for name, values in (("", [each.ms for each in took]), ("cpu_", [each.cpu_ms for each in took])):
            p50, p95 = np.quantile(values, [0.5, 0.95])
            found |= {f"{prefix}{name}p50_ms": float(p50), f"{prefix}{name}p95_ms": float(p95)}
    return found


if __name__ == "__main__":
    main()
