"""How sure a figure is: intervals over users, and whether one user's loss is more than chance."""

# U users, N words or values, K different ones

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000
_DRAWN = 4_000_000  # users drawn at once, which bounds memory


def bootstrap_interval(
    values_N: npt.NDArray[np.float64],
    rng: np.random.Generator,
    *,
    users: Sequence[int] | None = None,
    over_N: npt.NDArray[np.float64] | None = None,
    resamples: int = RESAMPLES,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """The percentile interval of the mean over users (Efron & Tibshirani 1993, section 13.3).

    Users are drawn anew with replacement; for paired gains, give the differences. It says what another draw of people
    would give with the same models, not what training them again would, and it is too narrow below some ten users.
    Where several values may be of one user, as of runs with other seeds, `users` says whose each is, and a user is
    drawn with all of them (Field & Welsh 2007, "Bootstrapping clustered data", randomized cluster bootstrap).
    With `over_N`, none below 0, it is the interval of sum(values) / sum(over), of gains over what there was before say;
    draws with nothing to divide by are left out.
    """
    if not len(values_N):
        raise ValueError("an interval over users takes at least one user")
    _, user_N = np.unique(np.arange(len(values_N)) if users is None else np.asarray(users), return_inverse=True)
    sum_U, number_U = np.bincount(user_N, values_N), np.bincount(user_N, over_N)
    num_users = len(sum_U)
    at_once = max(1, _DRAWN // num_users)
    means = []
    for done in range(0, resamples, at_once):
        drawn = rng.integers(num_users, size=(min(at_once, resamples - done), num_users))
        total, number = sum_U[drawn].sum(axis=1), number_U[drawn].sum(axis=1)
        means.append(total[number > 0] / number[number > 0])
    low, high = np.quantile(np.concatenate(means), [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def loss_is_beyond_noise(
    hits_N: npt.NDArray[np.bool_], reference_hits_N: npt.NDArray[np.bool_], *, level: float = 0.05
) -> bool:
    """Whether a user's hits are fewer than the reference's by more than chance: McNemar's exact test, one-sided.

    Of the words that one system alone hit, the reference has at least as many as seen with probability
    sum_{i >= lost} C(n, i) / 2^n if each is as likely to be either's; true if that is at most `level`. Words of one
    message are not independent, so slightly more users than `level` can seem worse without being so.
    """
    if len(hits_N) != len(reference_hits_N):
        raise ValueError("the hits of two systems must be of the same words")
    lost = int(np.count_nonzero(reference_hits_N & ~hits_N))
    differing = int(np.count_nonzero(reference_hits_N ^ hits_N))
    if 2 * lost <= differing:
        return False
    tail = sum(math.comb(differing, i) for i in range(lost, differing + 1))
    return Fraction(tail, 2**differing) <= level


def calibration_error(said_N: npt.NDArray[np.floating], was_N: npt.NDArray[np.bool_], *, groups: int = 10) -> float:
    """How far probabilities are from how often what they were said of was so, at the mean.

    Sorted by what was said and cut into groups of equal number (Nguyen & O'Connor 2015, section 3), the mean over all
    of |mean said - mean was| of their group; of what was said alike the mean outcome stands for each, so that no order
    counts. Chance alone gives some sqrt(p (1 - p) groups / N).
    """
    if len(said_N) != len(was_N) or not len(said_N):
        raise ValueError("one outcome is needed for each probability, and one of them at least")
    said_K, which_N, number_K = np.unique(said_N, return_inverse=True, return_counts=True)
    was_K = np.bincount(which_N, was_N) / number_K
    sorted_N = np.sort(which_N)
    cut = zip(np.array_split(said_K[sorted_N], groups), np.array_split(was_K[sorted_N], groups), strict=True)
    return sum(abs(float(said.mean() - was.mean())) * len(said) for said, was in cut if len(said)) / len(said_N)


def adjusted_rand_index(one_N: Sequence[object], other_N: Sequence[object]) -> float:
    """How alike two groupings of N things are: 1 for the same groups, 0 at the mean over chance (Hubert & Arabie 1985).

        (sum_ij C(n_ij, 2) - e) / ((sum_i C(a_i, 2) + sum_j C(b_j, 2)) / 2 - e),
        e = sum_i C(a_i, 2) sum_j C(b_j, 2) / C(N, 2)

    with a_i and b_j the sizes of the groups and n_ij of what they have in common. Raises ValueError for other lengths.
    """
    if len(one_N) != len(other_N):
        raise ValueError("two groupings must be of the same things")
    both, rows, columns = (
        sum(math.comb(n, 2) for n in Counter(labels).values())
        for labels in (list(zip(one_N, other_N, strict=True)), one_N, other_N)
    )
    pairs = math.comb(len(one_N), 2)
    expected = rows * columns / pairs if pairs else 0.0
    most = (rows + columns) / 2
    return (both - expected) / (most - expected) if most != expected else 1.0
