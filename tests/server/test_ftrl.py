"""Correlated noise against dense matrices: what it is, what it costs, and what it gains."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import binom

from nextword.federation.noise import of_round
from nextword.federation.privacy_config import PrivacyConfig
from server.accumulator import Accumulator
from server.ftrl import CorrelatedNoise, band, square_root
from server.privacy import CentralPrivacy

SECRET = 2**127 + 12345
NAMES = ("w", "b")


def _matrix(rounds: int, width: int) -> np.ndarray:
    """C by the binomial series of (1 - x)^(-1/2), cut off."""
    c = [(-1) ** k * binom(-0.5, k) for k in range(min(width, rounds))]
    return sum((value * np.eye(rounds, k=-k) for k, value in enumerate(c)), np.zeros((rounds, rounds)))


def _length(width: int) -> float:
    return float(np.linalg.norm(_matrix(width, width)[:, 0]))


def _digest(server_round: int) -> bytes:
    return bytes([server_round]) * 32


def _rows(noise: CorrelatedNoise, rounds: range, name: str = "w", size: int = 50) -> np.ndarray:
    return np.array([noise(r, name, _digest(r), size) for r in rounds])


def test_the_coefficients_are_the_square_root_of_the_prefix_sums() -> None:
    whole = _matrix(60, 60)
    np.testing.assert_allclose(whole @ whole, np.tri(60), atol=1e-12)
    np.testing.assert_allclose(square_root(60), whole[:, 0], rtol=1e-12)


@given(st.integers(1, 14), st.integers(1, 9))
@settings(max_examples=30, deadline=None)
def test_noise_is_the_inverse_of_the_matrix_on_independent_rows(rounds: int, width: int) -> None:
    noise = _rows(CorrelatedNoise(SECRET, width), range(1, rounds + 1))
    independent = np.array([of_round(SECRET, r, "w", _digest(r), 50) for r in range(1, rounds + 1)])
    np.testing.assert_allclose(noise, _length(width) * np.linalg.solve(_matrix(rounds, width), independent), atol=1e-12)


def test_with_a_band_of_one_it_is_independent_noise_to_the_bit() -> None:
    noise = _rows(CorrelatedNoise(SECRET, 1), range(1, 5))
    assert np.array_equal(noise, [of_round(SECRET, r, "w", _digest(r), 50) for r in range(1, 5)])


def test_noise_in_the_rounds_sums_has_the_covariance_of_the_matrix() -> None:
    """Each entry of the covariance over six rounds within six standard errors: wrong by chance once in ten million."""
    rounds, width, size, clip_norm, multiplier = 6, 3, 50_000, 0.5, 0.7
    config = PrivacyConfig(method="ftrl", clip_norm=clip_norm, noise_multiplier=multiplier)
    private = CentralPrivacy(config, SECRET, noise=CorrelatedNoise(SECRET, width))
    means = [private.mean(Accumulator({"w": (size,)}), 10, 0.0, r)["w"] for r in range(1, rounds + 1)]
    noise = 10 * np.array(means, np.float64) / (multiplier * clip_norm)
    inverse = _length(width) * np.linalg.inv(_matrix(rounds, width))
    wanted = inverse @ inverse.T
    error = np.sqrt((np.outer(np.diag(wanted), np.diag(wanted)) + wanted**2) / size)
    assert np.abs((noise @ noise.T / size - wanted) / error).max() < 6
    assert np.abs(noise.mean(1) / np.sqrt(np.diag(wanted) / size)).max() < 6


def _patterns(rounds: int, apart: int) -> list[tuple[int, ...]]:
    """All choices of rounds of which any two are at least so far apart."""
    every = (chosen for k in range(1, rounds + 1) for chosen in itertools.combinations(range(rounds), k))
    return [chosen for chosen in every if all(b - a >= apart for a, b in itertools.pairwise(chosen))]


@pytest.mark.parametrize("apart", [1, 2, 3, 4])
@pytest.mark.parametrize("rounds", [3, 7, 10])
def test_a_user_moves_what_is_released_by_no_more_than_the_root_of_their_rounds(rounds: int, apart: int) -> None:
    """Over all patterns; a user's updates have length 1 and all point one way, or anywhere."""
    rng = np.random.default_rng(0)
    for width in range(1, apart + 1):
        matrix = _matrix(rounds, width)
        most: dict[int, float] = {}
        for chosen in _patterns(rounds, apart):
            for update in (np.ones((len(chosen), 1)), *rng.normal(size=(3, len(chosen), 4))):
                data = np.zeros((rounds, update.shape[1]))
                data[list(chosen)] = update / np.linalg.norm(update, axis=1, keepdims=True)
                most[len(chosen)] = max(most.get(len(chosen), 0.0), float(np.linalg.norm(matrix @ data)))
        for k, found in most.items():
            bound = math.sqrt(k) * _length(width)
            assert found <= bound * (1 + 1e-12)
            if (k - 1) * apart + width <= rounds:  # it ends late enough after the last one
                assert found == pytest.approx(bound)


def test_within_the_band_a_user_would_move_it_by_more() -> None:
    data = np.zeros((10, 1))
    data[[2, 4]] = 1
    assert np.linalg.norm(_matrix(10, 3) @ data) > math.sqrt(2) * _length(3)


def _error(rounds: int, width: int) -> float:
    """The root of the mean squared noise in the prefix sums, of deviation 1 for one round of independent noise."""
    noise = _length(width) * np.tri(rounds) @ np.linalg.inv(_matrix(rounds, width))
    return float(np.linalg.norm(noise) / math.sqrt(rounds))


def test_the_prefix_sums_have_less_noise_at_the_same_cost_the_less_the_wider_the_band() -> None:
    """The table in the module's docstring."""
    table = {100: [1.0, 0.53, 0.43, 0.37, 0.33], 400: [1.0, 0.51, 0.39, 0.31, 0.23]}
    for rounds, wanted in table.items():
        found = [_error(rounds, width) / _error(rounds, 1) for width in (1, 5, 10, 20, 50)]
        assert found == pytest.approx(wanted, abs=0.006)
        assert found == sorted(found, reverse=True)
        assert _error(rounds, 1) == pytest.approx(math.sqrt((rounds + 1) / 2))


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("stop_after", [1, 3, 6])
def test_noise_that_is_gone_on_with_is_that_of_the_unbroken_run(width: int, stop_after: int) -> None:
    whole, first = CorrelatedNoise(SECRET, width), CorrelatedNoise(SECRET, width)
    wanted = {name: _rows(whole, range(1, 9), name, 20) for name in NAMES}
    for name in NAMES:
        _rows(first, range(1, stop_after + 1), name, 20)
    second = CorrelatedNoise(SECRET, width, first.digests)
    for r in range(stop_after + 1, 9):
        for name in NAMES:
            assert np.array_equal(second(r, name, _digest(r), 20), wanted[name][r - 1])
    assert second.digests == whole.digests == [_digest(r) for r in range(1, 9)]


def test_a_round_done_again_with_another_sum_has_other_noise_which_later_rounds_take_back() -> None:
    again, other = CorrelatedNoise(SECRET, 4), bytes(32)
    before = {name: _rows(again, range(1, 4), name, 1000) for name in NAMES}
    once_more = {name: again(3, name, other, 1000) for name in NAMES}
    after = {name: again(4, name, _digest(4), 1000) for name in NAMES}
    by_itself = CorrelatedNoise(SECRET, 4)
    for r in (1, 2):
        for name in NAMES:
            by_itself(r, name, _digest(r), 1000)
    for name in NAMES:
        assert np.array_equal(by_itself(3, name, other, 1000), once_more[name])
        taken_back = square_root(4)[2:0:-1] @ before[name][:2]
        draws = (before[name][2] + taken_back, once_more[name] + taken_back)
        assert abs(np.corrcoef(draws)[0, 1]) < 6 / math.sqrt(1000)
    for name in NAMES:
        assert np.array_equal(by_itself(4, name, _digest(4), 1000), after[name])


def test_a_round_that_is_missing_is_told() -> None:
    with pytest.raises(ValueError, match=r"noise of round 3: of the rounds before only 1 are known"):
        CorrelatedNoise(SECRET, 2, [_digest(1)])(3, "w", _digest(3), 5)


def test_noise_is_taken_back_in_the_unit_of_the_clip_norm_in_force() -> None:
    config = PrivacyConfig(method="ftrl", noise_multiplier=0.3, quantile=0.5, quantile_share=0.2)
    private = CentralPrivacy(config, SECRET, noise=CorrelatedNoise(SECRET, 3))
    sums, norms, noise = Accumulator({"w": (200,)}), [], []
    for r in range(1, 7):
        norms.append(private.clip_norm)
        deviation = 0.3 / math.sqrt(1 - 0.2) * norms[-1]
        noise.append(private.mean(sums, 10, -5.0, r)["w"] * 10 / deviation)
    assert len(set(norms)) == 6
    rows = CorrelatedNoise(SECRET, 3)
    wanted = [rows(r, "w", sums.digest(), 200) for r in range(1, 7)]
    np.testing.assert_allclose(noise, wanted, rtol=1e-5, atol=1e-7)


def test_the_band_is_as_wide_as_may_be_and_no_wider() -> None:
    assert band(0, 17) == band(17, 17) == 17
    assert band(4, 17) == 4
    with pytest.raises(ValueError, match=r"privacy\.band = 18: .*set privacy\.band=17") as caught:
        band(18, 17)
    assert "\n" not in str(caught.value)


def test_the_tails_are_short_enough_for_the_sum() -> None:
    """The magnitudes of the parts of a row add up to less than 5, by all bands (`server.accumulator`)."""
    for width in (1, 2, 5, 20, 400, 3000):
        c = square_root(width)
        inverse = np.zeros(6000)
        inverse[0] = 1.0
        for t in range(1, 6000):
            reach = min(t, width - 1)
            inverse[t] = -(c[1 : reach + 1] @ inverse[t - reach : t][::-1]) if reach else 0.0
        assert np.linalg.norm(c) * np.abs(inverse).sum() < 5
