"""The exact sum: the same bits in any order, near the true mean, and closed to what could spoil it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.federation.codec import Update
from nextword.federation.records import MAX_MAGNITUDE, MAX_MESSAGES
from server.accumulator import MAX_UPDATES, SCALE, Accumulator

SHAPES = {"w": (5,)}
FLOATS = st.floats(-MAX_MAGNITUDE, MAX_MAGNITUDE, width=32)
UPDATES = st.lists(st.tuples(st.lists(FLOATS, min_size=5, max_size=5), st.integers(0, MAX_MESSAGES)), max_size=12)


def _mean(rows: list[tuple[list[float], int]]) -> Update | None:
    total = Accumulator(SHAPES)
    for values, weight in rows:
        total.add({"w": np.array(values, np.float32)}, weight)
    return total.mean()


@given(UPDATES, st.randoms())
def test_order_changes_no_bit(rows: list[tuple[list[float], int]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    before, after = _mean(rows), _mean(shuffled)
    assert (before is None and after is None) or np.array_equal(before["w"], after["w"])


@given(UPDATES)
def test_it_is_the_weighted_mean(rows: list[tuple[list[float], int]]) -> None:
    mean, weight = _mean(rows), sum(weight for _, weight in rows)
    if not weight:
        assert mean is None
        return
    for place in range(5):
        exact = sum(Fraction(values[place]) * w for values, w in rows) / weight
        assert mean is not None
        assert float(mean["w"][place]) == pytest.approx(float(exact), rel=1e-7, abs=len(rows) / SCALE)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1.01 * MAX_MAGNITUDE, -1e30])
def test_a_spoiled_update_is_refused_and_leaves_no_trace(bad: float) -> None:
    total = Accumulator(SHAPES)
    total.add({"w": np.ones(5, np.float32)}, 2)
    with pytest.raises(ValueError, match="w is not finite or changes by more"):
        total.add({"w": np.array([1, 1, bad, 1, 1], np.float32)}, 1)
    assert (total.weight, total.count) == (2, 1)
    assert np.array_equal(total.mean()["w"], np.ones(5))


@pytest.mark.parametrize("weight", [-1, MAX_MESSAGES + 1])
def test_a_weight_outside_its_range_is_refused(weight: int) -> None:
    with pytest.raises(ValueError, match="weight"):
        Accumulator(SHAPES).add({"w": np.ones(5, np.float32)}, weight)


def test_the_largest_possible_round_does_not_overflow() -> None:
    assert MAX_UPDATES * MAX_MAGNITUDE * MAX_MESSAGES * SCALE < 2**63
