"""Seeds of a run: which were run and measured alike, and means over them, of what is published of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from scripts.compare import WHERE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

Measured = dict[str, Any]  # what is published of one run, or of one comparison (`scripts.results`)

_KEYS = (
    "top1", "top3", "bits_per_character", "keystroke_savings", "gain_top1", "better_share", "worse_share",
    "worse_beyond_noise_share", "worst_gain", "top1_words", "calibration_error", "shipped_share",
)  # fmt: skip
_BEFORE = {"clusters.pooling": 0.0}  # settings that were not there yet, where that was not as by default now


class Relative(NamedTuple):
    """What people gain, as shares of the reference's hits: of their mean, with its interval, and of each one's own."""

    of_mean: float
    interval: tuple[float, float]
    median: float
    mean: float


def alike(measured: Sequence[Measured]) -> list[list[Measured]]:
    """The seeds of each run that was run and measured alike, in order. What could not be set yet was as `_BEFORE`."""
    from nextword.federation.config import RunConfig

    default = {key: value for key, value in RunConfig().to_flat().items() if key not in ("seed", *WHERE)} | _BEFORE
    found: dict[str, list[Measured]] = {}
    for one in sorted(measured, key=lambda one: int(one["seed"])):
        how = [one["name"], default | one["run"], one["settings"], [row["name"] for row in one["methods"]]]
        found.setdefault(json.dumps(how, sort_keys=True), []).append(one)
    return [found[key] for key in sorted(found)]


def mean_rows(answers: Sequence[Measured]) -> list[dict[str, Any]]:
    """Each row's mean over the seeds, and the worst of any seed.

    Intervals are over people, each with what all seeds gave them; where that is not known, means of the seeds' ends.
    """
    rows = []
    for first in answers[0]["methods"]:
        same = [
            row
            for answer in answers
            for row in answer["methods"]
            if (row["name"], row["people"]) == (first["name"], first["people"])
        ]
        mean: dict[str, Any] = {
            "name": first["name"],
            "people": first["people"],
            "users": fmean(r["users"] for r in same),
        }
        for key in _KEYS:
            values = [row[key] for row in same if row.get(key) is not None]
            over = min if key == "worst_gain" else fmean
            mean[key] = over(values) if values else None
        pooled = intervals(answers, first["name"], first["people"])
        for key in ("top1_interval", "gain_interval"):
            pairs = [row[key] for row in same if row.get(key) is not None]
            means = [fmean(pair[end] for pair in pairs) for end in (0, 1)] if pairs else None
            mean[key] = pooled.get(key, means)
        rows.append(mean)
    return rows


def intervals(answers: Sequence[Measured], name: str, people: str) -> dict[str, list[float]]:
    """Of a row of several seeds; nothing where there is one, or where who was measured is not published."""
    if len(answers) == 1 or not all("people" in answer for answer in answers):
        return {}
    import numpy as np

    from nextword.statistics import bootstrap_interval

    users, top1_N, before_N = _each(answers, name, people)
    rng = np.random.default_rng(0)
    values = {"top1_interval": top1_N, "gain_interval": top1_N - before_N}
    return {key: list(bootstrap_interval(value_N, rng, users=users)) for key, value_N in values.items()}


def relative_gain(seeds: Sequence[Measured], name: str, people: str) -> Relative | None:
    """None where nobody has a hit before, or of a seed nobody is published. Median and mean are of who has one."""
    import numpy as np

    from nextword.statistics import bootstrap_interval

    by_seed = [_each([seed], name, people) for seed in seeds]
    users, top1_N, before_N = _each(seeds, name, people)
    if not before_N.any() or not all(len(found) for found, _, _ in by_seed):
        return None
    gain_N, some = top1_N - before_N, before_N > 0
    interval = bootstrap_interval(gain_N, np.random.default_rng(0), users=users, over_N=before_N)
    after, before = np.mean([(top1_N.mean(), before_N.mean()) for _, top1_N, before_N in by_seed], axis=0)
    own_N = gain_N[some] / before_N[some]
    return Relative(float(after / before) - 1, interval, float(np.median(own_N)), float(own_N.mean()))


def _each(seeds: Sequence[Measured], name: str, people: str) -> tuple[list[int], Floats, Floats]:
    """Who was measured in any of the seeds, and their top-1 by that row and by the reference."""
    import numpy as np

    found = [
        (one["person"], one["top1_hits"][name] / one["words"], one["top1_hits"][seed["reference"]] / one["words"])
        for seed in seeds
        for one in seed.get("people", [])
        if people in (one["people"], "all") and one["words"] and name in one["top1_hits"]
    ]
    top1_N, before_N = (np.array([one[place] for one in found]) for place in (1, 2))
    return [person for person, _, _ in found], top1_N, before_N
