"""Who takes part in a round: pure functions of the run's seed and the round, so a resumed run asks the same people.

`independent` draws each round anew, without replacement within it (McMahan et al. 2017, Algorithm 1). `reshuffled`
deals out a random order of everyone, round by round, before it draws the next order (Malinovsky et al. 2023, "Federated
learning with regularized client participation", who keep one order): after each deal everybody has taken part equally
often. `cyclic` keeps one order: there are always `separation` rounds from one of a user's to the next, where
`reshuffled` may ask them in the last round of a deal and in the first of the next. `poisson` draws each user alone,
with probability limit / all, so a round may ask nobody, or more than `limit`: a privacy claim that rests on random
participation holds for it alone, and only while the draw is secret.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

Sampling = Callable[[Sequence[int], int, int, tuple[int, int]], list[int]]


def independent(users: Sequence[int], limit: int, server_round: int, key: tuple[int, int]) -> list[int]:
    """At most `limit` of `users` in ascending order; `key` is the run's seed and a number for the purpose."""
    rng = np.random.default_rng([*key, server_round])
    return sorted(rng.choice(np.sort(users), min(limit, len(users)), replace=False).tolist())


def reshuffled(users: Sequence[int], limit: int, server_round: int, key: tuple[int, int]) -> list[int]:
    """Round 1, 2, ... of a deal of all `users` into hands of at most `limit`, sizes differing by one at the most."""
    hands = separation(len(users), limit)
    deal, hand = divmod(server_round - 1, hands)
    rng = np.random.default_rng([*key, deal])
    return sorted(np.array_split(rng.permutation(np.sort(users)), hands)[hand].tolist())


def cyclic(users: Sequence[int], limit: int, server_round: int, key: tuple[int, int]) -> list[int]:
    """The hands of one such deal, over and over."""
    return reshuffled(users, limit, 1 + (server_round - 1) % separation(len(users), limit), key)


def separation(population: int, limit: int) -> int:
    """How many hands of at most `limit` a deal has, and so rounds from one of a user's to the next by `cyclic`."""
    return -(-population // limit)


def poisson(users: Sequence[int], limit: int, server_round: int, key: tuple[int, int]) -> list[int]:
    """Each of `users` with probability limit / all, whoever else takes part."""
    rng = np.random.default_rng([*key, server_round])
    everyone = np.sort(users)
    rate = min(1.0, limit / max(1, len(everyone)))
    return [int(user) for user in everyone[rng.random(len(everyone)) < rate]]


SAMPLINGS: dict[str, Sampling] = {
    "independent": independent,
    "reshuffled": reshuffled,
    "cyclic": cyclic,
    "poisson": poisson,
}
