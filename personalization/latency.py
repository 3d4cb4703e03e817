"""How long a suggestion takes, measured in a process of its own: `python -m personalization.latency`, JSON in and out.

It asks what a keyboard asks while a person types real messages, on one thread, and in the same process its two peers:
the same model in floats that reads its context anew at each call, and the bare matrix products of one step (the floor).
Then once more with a person's own n-gram and like contexts over the model.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nextword import checkpoint
from nextword.eightbit import is_quantized, quantize, restore
from nextword.federation.published import Published
from nextword.layers import Trusted
from nextword.near_contexts import NearContexts
from nextword.predictor import Predictor
from nextword.runtime import bare_products
from nextword.text import is_word, normalise, spans, tidy, tokens
from personalization.own_ngram import OwnNgram
from personalization.trust import NEAR, OWN, PRIORS

COLD, NEXT = "cold context", "next word"
LETTERS = (1, 2, 3)
_FLOOR_STEPS = 7  # in a row, so that their weights are at hand
_PEER_EVERY = 10  # messages, of which the slow peer types one


def main() -> None:
    """Read {"published", "messages", "history", "sent": when this process was started}; write what was measured."""
    started = time.time()
    job = json.load(sys.stdin)
    measured = measure(Path(job["published"]), job["messages"], job["history"])
    print(json.dumps(measured | {"start_s": started - job["sent"]}))


def measure(model: Path, messages: Sequence[str], history: Sequence[str]) -> dict[str, Any]:
    """Latency in ms over all calls and by kind, against the peers; load time in s, memory in MB.

    Of a run, or a checkpoint, with all that everybody has of it; the peers are of the model alone.
    `history` is what the layers of one's own have learned.
    """
    start = time.perf_counter()
    published = Published.at(model)
    predictor = Predictor.load(published.final, eight_bit=True).under(published.layers)
    predictor.suggest("")
    load_s = time.perf_counter() - start
    for message in messages[:3]:
        _type(predictor, message)
    rss_mb = _resident_mb()
    found = checkpoint.read(published.final)
    stored = found.stored if is_quantized(found.stored) else quantize(restore(found.stored))
    steps = {name: bare_products(found.config, w) for name, w in (("floor", stored), ("floats", restore(stored)))}
    plain = Predictor.load(published.final, eight_bit=False)
    ours: list[tuple[str, float]] = []
    peer: list[tuple[str, float]] = []
    floors: dict[str, list[float]] = {"floor": [], "floats": []}
    for number, message in enumerate(messages):
        ours += _type(predictor, message)
        if number % _PEER_EVERY == 0:
            peer += _type(plain, message, forgetful=True)
        for name, step in steps.items():  # among the calls, so that a busy machine slows all of them alike
            floors[name].append(float(np.median([_time_ms(step) for _ in range(_FLOOR_STEPS)])))
    floor_ms, floats_ms = (float(np.median(floors[name])) for name in ("floor", "floats"))
    near = NearContexts(predictor.states, [tokens(normalise(text)) for text in history])
    own = OwnNgram(messages=history)
    predictor = predictor.under([Trusted(own, PRIORS[OWN].trust), Trusted(near, PRIORS[NEAR].trust)])
    personal = [ms for message in messages for _, ms in _type(predictor, message)]
    kinds = [COLD, NEXT, *(f"after {n} letter{'s' * (n > 1)}" for n in LETTERS)]
    everything = _figures([ms for _, ms in ours])
    return {
        **everything,
        "floor_ratio": everything["p50_ms"] / floor_ms,
        "floor_ms": floor_ms,
        "load_s": load_s,
        "rss_mb": rss_mb,
        "kinds": [{"kind": kind, **_figures([ms for name, ms in ours if name == kind])} for kind in kinds],
        "personal": {"name": f"with {len(history):,} messages of one's own", **_figures(personal)},
        "peer": {"name": "floats, no cache", **_figures([ms for _, ms in peer]), "floor_ms": floats_ms},
    }


def _type(predictor: Predictor, message: str, *, forgetful: bool = False) -> list[tuple[str, float]]:
    """Ask what is asked while `message` is typed; the kind and the time in ms of each call."""
    calls: list[tuple[str, float]] = []
    for kind, context, typed in _questions(message):
        if forgetful or kind == COLD:
            predictor.forget_context()
        calls.append((kind, _time_ms(partial(predictor.suggest, context, typed))))
    return calls


def _questions(message: str) -> Iterator[tuple[str, str, str]]:
    text = tidy(message)
    places = [(start, end) for start, end in spans(text) if is_word(text[start:end])]
    for number, (start, end) in enumerate(places):
        context, word = text[:start], text[start:end]
        yield COLD if number == len(places) // 2 else NEXT, context, ""
        for n in LETTERS:
            if n < len(word):
                yield f"after {n} letter{'s' * (n > 1)}", context, word[:n]


def _figures(times_ms: Sequence[float]) -> dict[str, float]:
    if not times_ms:
        return {"calls": 0, "p50_ms": 0.0, "p95_ms": 0.0, "max_ms": 0.0}
    p50, p95 = np.quantile(times_ms, [0.5, 0.95])
    return {"calls": len(times_ms), "p50_ms": float(p50), "p95_ms": float(p95), "max_ms": max(times_ms)}


def _time_ms(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def _resident_mb() -> float | None:
    """The memory that this process occupies now; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
