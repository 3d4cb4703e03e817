from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword import statistics
from nextword.statistics import adjusted_rand_index, bootstrap_interval, calibration_error, loss_is_beyond_noise


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(300):
        low, high = bootstrap_interval(rng.exponential(size=60), rng, resamples=400)
        covered += low <= 1 <= high
    assert 0.88 <= covered / 300 <= 0.99


def test_the_interval_is_that_of_the_normal_approximation_for_many_users() -> None:
    values = np.random.default_rng(1).normal(3, 2, size=4000)
    low, high = bootstrap_interval(values, np.random.default_rng(2))
    reach = 1.96 * values.std() / math.sqrt(4000)
    assert (low, high) == pytest.approx((values.mean() - reach, values.mean() + reach), abs=0.1 * reach)


def test_the_same_seed_gives_the_same_interval_however_it_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).normal(size=30)
    at_once = bootstrap_interval(values, np.random.default_rng(7))
    monkeypatch.setattr(statistics, "_DRAWN", 100)  # in blocks of three resamples
    assert bootstrap_interval(values, np.random.default_rng(7)) == at_once


def test_one_user_has_an_interval_of_one_point() -> None:
    assert bootstrap_interval(np.array([0.25]), np.random.default_rng(0)) == (0.25, 0.25)
    with pytest.raises(ValueError, match="at least one user"):
        bootstrap_interval(np.array([]), np.random.default_rng(0))


def test_a_user_measured_often_counts_as_one() -> None:
    values = np.random.default_rng(1).normal(size=20)
    once = bootstrap_interval(values, np.random.default_rng(7))
    thrice = bootstrap_interval(np.repeat(values, 3), np.random.default_rng(7), users=np.repeat(range(20), 3).tolist())
    assert thrice == pytest.approx(once)
    apart = bootstrap_interval(np.repeat(values, 3), np.random.default_rng(7))
    assert apart[1] - apart[0] < 0.7 * (once[1] - once[0])  # as if they were sixty people: 1 / sqrt(3)
    with pytest.raises(ValueError, match="same length"):
        bootstrap_interval(values, np.random.default_rng(7), users=[1, 2])


def test_an_interval_over_what_there_was_is_that_of_the_ratio_of_the_means() -> None:
    rng = np.random.default_rng(3)
    before = np.concatenate([[0.0], rng.exponential(size=39)])
    gain = 0.25 * before + rng.normal(scale=0.1, size=40)
    low, high = bootstrap_interval(gain, np.random.default_rng(7), over_N=before)
    drawn = np.random.default_rng(8).integers(40, size=(4000, 40))
    ratios = gain[drawn].mean(axis=1) / before[drawn].mean(axis=1)
    assert (low, high) == pytest.approx(tuple(np.quantile(ratios, [0.025, 0.975])), abs=0.005)
    exact = bootstrap_interval(0.25 * before, np.random.default_rng(7), over_N=before)
    assert exact == pytest.approx((0.25, 0.25))
    ones = bootstrap_interval(gain, np.random.default_rng(7), over_N=np.ones(40))
    assert ones == bootstrap_interval(gain, np.random.default_rng(7))


def _hits(lost: int, won: int, both: int = 3, neither: int = 3) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    ours = [False] * lost + [True] * won + [True] * both + [False] * neither
    theirs = [True] * lost + [False] * won + [True] * both + [False] * neither
    return np.array(ours), np.array(theirs)


@pytest.mark.parametrize(
    ("lost", "won", "beyond"),
    [
        (0, 0, False),
        (4, 0, False),  # 1/16 = 6.25 %
        (5, 0, True),  # 1/32 = 3.1 %
        (7, 1, True),  # (8 + 1)/256 = 3.5 %
        (6, 1, False),  # (7 + 1)/128 = 6.25 %
        (0, 20, False),
        (1500, 1400, True),  # 1.86 standard deviations: 3.2 %
        (1500, 1450, False),
    ],
)
def test_a_loss_beyond_noise(lost: int, won: int, beyond: bool) -> None:
    assert loss_is_beyond_noise(*_hits(lost, won)) is beyond


@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 5))
def test_the_test_equals_listing_every_outcome(lost: int, won: int, both: int) -> None:
    n = lost + won
    as_many = sum(outcome.bit_count() >= lost for outcome in range(2**n))
    assert loss_is_beyond_noise(*_hits(lost, won, both)) is (lost > won and as_many / 2**n <= 0.05)


def test_equal_systems_seem_worse_in_at_most_the_level() -> None:
    rng = np.random.default_rng(4)
    worse = [loss_is_beyond_noise(rng.random(150) < 0.2, rng.random(150) < 0.2) for _ in range(2000)]
    assert 0.01 < np.mean(worse) < 0.06


def test_hits_of_different_words_are_refused() -> None:
    with pytest.raises(ValueError, match="same words"):
        loss_is_beyond_noise(np.array([True]), np.array([True, False]))


def test_the_calibration_error_of_honest_probabilities_is_noise_and_of_boasts_their_excess() -> None:
    rng = np.random.default_rng(5)
    said = rng.random(20_000) ** 3
    was = rng.random(20_000) < said
    assert calibration_error(said, was) < 0.015
    assert calibration_error(said / 2, was) == pytest.approx(said.mean() / 2, abs=0.01)
    boasts = said + np.where(said > 0.5, -0.2, 0.0)
    assert calibration_error(boasts, was) == pytest.approx(0.2 * np.mean(said > 0.5), abs=0.015)


def test_the_calibration_error_of_few() -> None:
    assert calibration_error(np.array([0.7]), np.array([True])) == pytest.approx(0.3)
    in_pairs = calibration_error(np.array([0.1, 0.5, 0.9, 0.3]), np.array([False, True, True, True]), groups=2)
    assert in_pairs == pytest.approx((abs(0.2 - 0.5) + abs(0.7 - 1)) / 2)
    with pytest.raises(ValueError, match="one outcome"):
        calibration_error(np.array([]), np.array([], bool))


def test_no_order_of_what_was_said_alike_changes_the_calibration_error() -> None:
    said, was = np.repeat([0.2, 0.6], 30), np.arange(60) % 3 == 0
    found = [calibration_error(said[order], was[order]) for order in ([*range(60)], [*range(59, -1, -1)])]
    shuffled = np.random.default_rng(0).permutation(60)
    assert found == pytest.approx([(abs(0.2 - 1 / 3) + abs(0.6 - 1 / 3)) / 2] * 2)
    assert calibration_error(said[shuffled], was[shuffled]) == pytest.approx(found[0])


def test_the_adjusted_rand_index_is_one_for_the_same_groups_and_near_zero_by_chance() -> None:
    assert adjusted_rand_index([0, 0, 1, 1], ["b", "b", "a", "a"]) == 1
    assert adjusted_rand_index([0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 1, 2]) == pytest.approx(1 / 6)
    assert adjusted_rand_index([0] * 5, [0] * 5) == 1
    rng = np.random.default_rng(0)
    drawn = [adjusted_rand_index(*rng.integers(3, size=(2, 50)).tolist()) for _ in range(200)]
    assert abs(np.mean(drawn)) < 0.01
    with pytest.raises(ValueError, match="same things"):
        adjusted_rand_index([0], [0, 1])
