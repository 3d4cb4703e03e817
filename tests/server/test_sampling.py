from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sampling import SAMPLINGS, cyclic, independent, poisson, reshuffled, separation

populations = st.lists(st.integers(0, 10**6), min_size=1, max_size=60, unique=True)


@pytest.mark.parametrize("name", SAMPLINGS)
@given(populations, st.integers(1, 70), st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_a_round_asks_different_people_of_the_population_in_order(
    name: str, users: list[int], limit: int, server_round: int, seed: int
) -> None:
    asked = SAMPLINGS[name](users, limit, server_round, (seed, 1))
    assert asked == sorted(set(asked))
    assert set(asked) <= set(users)
    if name != "poisson":
        assert 1 <= len(asked) <= limit
    assert asked == SAMPLINGS[name](users[::-1], limit, server_round, (seed, 1))


@given(populations, st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_reshuffled_everybody_has_taken_part_equally_often_after_each_deal(
    users: list[int], limit: int, seed: int
) -> None:
    hands = -(-len(users) // limit)
    counts: Counter[int] = Counter()
    for server_round in range(1, 3 * hands + 1):
        counts.update(reshuffled(users, limit, server_round, (seed, 1)))
        assert max(counts.values()) <= 1 + (server_round - 1) // hands
        if server_round % hands == 0:
            assert set(counts.values()) == {server_round // hands}
            assert set(counts) == set(users)


@given(populations, st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_by_cyclic_a_user_is_asked_again_after_as_many_rounds_each_time(
    users: list[int], limit: int, seed: int
) -> None:
    apart = separation(len(users), limit)
    rounds = [cyclic(users, limit, server_round, (seed, 1)) for server_round in range(1, 3 * apart + 1)]
    for user in users:
        asked = [number for number, hand in enumerate(rounds) if user in hand]
        assert asked == [asked[0], asked[0] + apart, asked[0] + 2 * apart]


def test_by_reshuffled_a_user_may_be_asked_in_two_rounds_running() -> None:
    rounds = [set(reshuffled(range(12), 3, server_round, (0, 1))) for server_round in range(1, 41)]
    assert any(one & other for one, other in itertools.pairwise(rounds))


def test_another_seed_purpose_or_round_is_another_draw() -> None:
    users = list(range(1000))
    others = ((1, (0, 1)), (2, (0, 1)), (1, (1, 1)), (1, (0, 2)))
    for sample in (independent, reshuffled, poisson):
        assert len({tuple(sample(users, 10, *other)) for other in others}) == 4


def test_independent_samples_are_even_over_rounds() -> None:
    counts = Counter(user for r in range(1, 2001) for user in independent(range(20), 5, r, (0, 1)))
    assert all(abs(count - 500) < 100 for count in counts.values())  # 5 standard deviations are 97


def test_poisson_draws_each_user_alone() -> None:
    """Means and variances of two users' draws and of the cohort's size, at five standard errors."""
    users, limit, rounds = 40, 10, 4000
    drawn = np.zeros((rounds, users))
    for r in range(rounds):
        drawn[r, poisson(range(users), limit, r + 1, (2**127 + 5, 1))] = 1
    rate = limit / users
    assert np.abs(drawn.mean(0) - rate).max() < 5 * np.sqrt(rate * (1 - rate) / rounds)
    assert abs(np.cov(drawn[:, 0], drawn[:, 1])[0, 1]) < 5 * rate * (1 - rate) / np.sqrt(rounds)
    sizes = drawn.sum(1)
    assert sizes.min() < limit < sizes.max()
    assert abs(sizes.var() / (users * rate * (1 - rate)) - 1) < 5 * np.sqrt(2 / rounds)


def test_poisson_may_ask_nobody_and_asks_everybody_where_all_are_wanted() -> None:
    assert min(len(poisson(range(3), 1, r, (0, 1))) for r in range(50)) == 0
    assert poisson(range(3), 3, 1, (0, 1)) == poisson(range(3), 9, 1, (0, 1)) == [0, 1, 2]
    assert poisson([], 9, 1, (0, 1)) == []
