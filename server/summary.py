"""What a run ends with: the final model, and a summary of its events."""

from __future__ import annotations

import hashlib
import math
import os
import resource
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nextword import checkpoint
from nextword.federation.clusters import unpacked
from nextword.federation.codec import Update
from nextword.federation.config import RunConfig
from nextword.federation.ledger import Gaussian, spent
from nextword.federation.published import CLUSTER_MODELS, FINAL
from nextword.model import LanguageModel
from nextword.vocabulary import Vocabulary
from server.rounds import Run
from server.run_folder import Event
from server.spending import COVERS


def finish(run: Run, model: LanguageModel, vocabulary: Vocabulary) -> Event:
    """Write the final model, in which personal parameters are as they were at the start, and the summary.

    With several clusters the model of each that somebody chose is kept; that of the largest is the final one.
    """
    models, about = unpacked(run.state.parameters), {"rounds": run.state.server_round}
    events = run.folder.events()
    choices = [event for event in events if event["event"] == "clusters"]
    start = {name: value.copy() for name, value in model.weights().items()}
    sizes = choices[-1]["sizes"] if choices else [1]
    for cluster in (number for number, size in enumerate(sizes) if size and len(models) > 1):
        model.set_weights({**start, **models[cluster]})
        checkpoint.save(run.folder.path / CLUSTER_MODELS / str(cluster), model, vocabulary, extra=about)
    largest = int(np.argmax(sizes))
    model.set_weights({**start, **models[largest]})
    checkpoint.save(run.folder.path / FINAL, model, vocabulary, extra=about)
    rounds = [event for event in events if event["event"] == "round"]
    splits = [event for event in events if event["event"] == "split"]  # for which everybody trains once more
    phases = [*splits, *(event for event in events if event["event"] == "ngrams")]
    measured = [event for event in events if "validation_bits_per_character" in event]
    at_start = measured[0] if measured and measured[0]["event"] == "start" else {}
    summary = {
        "corpus": run.config.corpus.name,
        "seed": run.config.seed,
        "folder": str(run.folder.path),
        "model": str(run.folder.path / FINAL),
        "parameters": model.config.num_parameters,
        "shared_parameters": sum(x.size for x in models[0].values()),
        "weights_sha256": weights_sha256(run.state.parameters),
        "rounds": run.state.server_round,
        "seconds": round(math.fsum(event["seconds"] for event in (*rounds, *splits)), 3),
        "cores": os.cpu_count(),  # of this machine
        "users_trained": sum(e["users"] for e in rounds) + sum(map(users_grouped, splits)),
        "upload_bytes": sum(event["upload_bytes"] for event in (*rounds, *phases)),
        "download_bytes": sum(e["download_bytes"] for e in (*rounds, *phases, *choices)),  # evaluation tells its own
        "rejected": sum(event["event"] == "rejected" for event in events),
        "train_bits_per_piece": rounds[-1]["train_bits_per_piece"] if rounds else None,
        "validation_bits_per_character": measured[-1]["validation_bits_per_character"] if measured else None,
        "validation_bits_per_character_at_start": at_start.get("validation_bits_per_character"),
        "ngrams": _ngrams_found(run.config, [event for event in events if event["event"] == "ngrams"]),
        "cluster_sizes": sizes if choices else None,
        "privacy": _privacy(run, events),
        "message_privacy": _message_privacy(run, events),
        "server_peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    run.folder.write_summary(summary)
    return summary


def users_grouped(split: Mapping[str, Any]) -> int:
    """How many trained for it; earlier runs tell the sizes alone, with whoever sent nothing."""
    return int(split.get("users", sum(split["sizes"])))


def _ngrams_found(config: RunConfig, levels: Sequence[Event]) -> Event | None:
    """How many n-grams were found, and what that cost the privacy of a user who took part."""
    if not levels:
        return None
    levels_spent = Gaussian(config.ngrams.noise, 1.0, len(levels))
    found = spent([levels_spent], config.ngrams.delta, unit="user", rounds=0, sampling="everybody")
    return {
        "found": [event["found"] for event in levels],
        "least_users": config.ngrams.least_users,
        "seconds": round(math.fsum(event["seconds"] for event in levels), 3),
        "epsilon": found.event()["epsilon"],
        "delta": found.delta,
        "unit": found.unit,
        "accountant": found.accountant,
        "levels": len(levels),
    }


def _privacy(run: Run, events: Sequence[Event]) -> Event | None:
    """What the whole run has cost a user, and where it stopped for that."""
    if run.spending is None:
        return None
    total = run.spending.spent(ngrams=True)
    return total.event() | {
        "text": str(total),
        "covers": COVERS[run.config.privacy.method],
        "noise_multiplier": run.config.privacy.noise_multiplier,
        "clip_norm": run.privacy.clip_norm if run.privacy else run.config.privacy.clip_norm,
        "band": run.correlated.band if run.correlated else None,  # of correlated noise
        "stopped_before_round": _stopped(events, "privacy"),
        "projections_not_measured": run.spending.projections(),
    }


def _message_privacy(run: Run, events: Sequence[Event]) -> Event | None:
    """What the run has cost one message of whoever was asked most often."""
    if not run.config.dpsgd.on:
        return None
    found = run.message_privacy.after(run.state.server_round, ngrams=True)
    return found.event() | {
        "text": str(found),
        "noise_by": "secrets" if run.config.dpsgd.secure else "the run's seed",
        "stopped_before_round": _stopped(events, "message_privacy"),
    }


def _stopped(events: Sequence[Event], budget: str) -> int | None:
    """The round that was not begun for a budget, of a user ("privacy") or of a message."""
    stops = [event["round"] for event in events if event["event"] == "budget" and budget in event]
    return stops[-1] if stops else None


def weights_sha256(parameters: Update) -> str:
    """One hash for all parameters: equal means equal bit for bit."""
    digest = hashlib.sha256()
    for name in sorted(parameters):
        digest.update(name.encode() + parameters[name].tobytes())
    return digest.hexdigest()
