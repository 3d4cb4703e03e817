from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.training import Scores
from personalization.gate import GateConfig, judge


def _scores(bits: np.ndarray, hits: int = 3) -> Scores:
    n = len(bits)
    return Scores(bits, np.full(n, hits, np.int64), np.full(n, 8, np.int64))


@given(
    st.lists(st.floats(0, 1000), min_size=0, max_size=30),
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 6)), max_size=3),
    st.floats(0, 3),
)
def test_no_candidate_ships_that_loses_on_validation(
    shared: list[float], candidates: list[tuple[int, int]], margin: float
) -> None:
    base = np.array(shared)
    scores = [_scores(base + np.random.default_rng(seed).normal(0, 3, len(base)), hits) for seed, hits in candidates]
    verdict = judge(_scores(base), scores, GateConfig(margin=margin))
    if verdict.choice is not None:
        chosen = scores[verdict.choice]
        assert chosen.bits.mean() < base.mean()
        assert chosen.hits.sum() > 3 * len(base)
        assert verdict.gain_bits > margin * verdict.standard_error_bits


def test_a_clear_gain_ships_and_the_best_is_chosen() -> None:
    base = np.array([10.0, 12.0, 9.0, 11.0])
    candidates = [_scores(base - 1.0, hits=4), _scores(base - 2.0, hits=4), _scores(base + 1.0, hits=5)]
    assert judge(_scores(base), candidates, GateConfig()).choice == 1


@pytest.mark.parametrize("hits", [2, 3])
def test_the_best_that_wins_a_piece_ships(hits: int) -> None:
    base = np.array([10.0, 12.0, 9.0, 11.0])
    candidates = [_scores(base - 1.0, hits=4), _scores(base - 2.0, hits=hits)]
    assert judge(_scores(base), candidates, GateConfig()).choice == 0
    assert judge(_scores(base), candidates[1:], GateConfig()).choice is None


def test_a_gain_within_noise_does_not_ship() -> None:
    base = np.array([10.0, 10.0, 10.0, 10.0])
    noisy = base - np.array([9.0, -8.0, 9.0, -8.0])  # mean gain 0.5, standard error 4.9
    assert judge(_scores(base), [_scores(noisy, hits=4)], GateConfig(margin=1.0)).choice is None
    assert judge(_scores(base), [_scores(noisy, hits=4)], GateConfig(margin=0.0)).choice == 0


@pytest.mark.parametrize("messages", [0, 1, 2])
def test_too_few_messages_ship_nothing(messages: int) -> None:
    base = np.full(messages, 10.0)
    assert judge(_scores(base), [_scores(base - 5.0, hits=4)], GateConfig()).choice is None


def test_a_broken_candidate_does_not_ship() -> None:
    base = np.full(5, 10.0)
    assert judge(_scores(base), [_scores(np.full(5, np.nan), hits=4)], GateConfig()).choice is None
