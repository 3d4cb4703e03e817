from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personalization.gate import GateConfig, judge


@given(
    st.lists(st.floats(0, 1000), min_size=0, max_size=30),
    st.lists(st.integers(0, 2**32 - 1), max_size=3),
    st.floats(0, 3),
)
def test_no_candidate_ships_that_loses_on_validation(shared: list[float], seeds: list[int], margin: float) -> None:
    base = np.array(shared)
    candidates = [base + np.random.default_rng(seed).normal(0, 3, len(base)) for seed in seeds]
    verdict = judge(base, candidates, GateConfig(margin=margin))
    if verdict.choice is not None:
        assert candidates[verdict.choice].mean() < base.mean()
        assert verdict.gain_bits > margin * verdict.standard_error_bits


def test_a_clear_gain_ships_and_the_best_is_chosen() -> None:
    base = np.array([10.0, 12.0, 9.0, 11.0])
    assert judge(base, [base - 1.0, base - 2.0, base + 1.0], GateConfig()).choice == 1


def test_a_gain_within_noise_does_not_ship() -> None:
    base = np.array([10.0, 10.0, 10.0, 10.0])
    noisy = base - np.array([9.0, -8.0, 9.0, -8.0])  # mean gain 0.5, standard error 4.9
    assert judge(base, [noisy], GateConfig(margin=1.0)).choice is None
    assert judge(base, [noisy], GateConfig(margin=0.0)).choice == 0


def test_the_standard_error_is_that_of_the_mean_by_hand() -> None:
    verdict = judge(np.array([10.0, 12.0, 9.0, 11.0]), [np.array([8.0, 11.0, 5.0, 10.0])], GateConfig(margin=0.0))
    assert verdict.gain_bits == 2.0
    assert verdict.standard_error_bits == pytest.approx(math.sqrt((0 + 1 + 4 + 1) / 3 / 4))


@pytest.mark.parametrize("messages", [0, 1])
def test_too_few_messages_ship_nothing(messages: int) -> None:
    base = np.full(messages, 10.0)
    assert judge(base, [base - 5.0], GateConfig()).choice is None


def test_a_broken_candidate_does_not_ship() -> None:
    base = np.full(5, 10.0)
    assert judge(base, [np.full(5, np.nan)], GateConfig()).choice is None


@pytest.mark.parametrize("bad", [{"margin": -1.0}, {"margin": math.nan}, {"fewest_messages": 1}])
def test_a_gate_that_cannot_judge_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="gate"):
        GateConfig(**bad)
