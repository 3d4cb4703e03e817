"""Noise that a device adds to its own update. Statistical tests have fixed seeds and tell their error rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nextword.federation.clipping import norm
from nextword.federation.codec import Codec, Update
from nextword.federation.config import RunConfig
from nextword.federation.noise import Secret
from nextword.federation.privacy_config import NOISE_REACH
from personalization import own_noise

SECRET = b"s" * 32
SHAPES = {"w": (100, 60), "b": (17,)}
LOCAL = RunConfig.from_flat({"privacy.method": "local", "privacy.clip-norm": 0.5, "privacy.noise-multiplier": 2.0})
SHARED = LOCAL.with_settings(["privacy.method=distributed"])


def _update(seed: int = 0, length: float = 0.25) -> Update:
    rng = np.random.default_rng(seed)
    update = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in SHAPES.items()}
    return {name: values * np.float32(length / norm(update)) for name, values in update.items()}


def _noise(update: Update, server_round: int = 1, user: int = 0, secret: bytes = SECRET) -> np.ndarray:
    sent = Codec("float32").decode(own_noise.encode(LOCAL, server_round, user, 0, update, secret), SHAPES, (0, 1, 0))
    return np.concatenate([(sent[name] - update[name]).ravel() for name in sorted(sent)]).astype(np.float64)


def test_noise_is_normal_with_the_deviation_of_the_settings() -> None:
    """Its variance, and its distribution by Kolmogorov and Smirnov: each wrong by chance once in a million."""
    noise = _noise(_update())
    assert 5e-7 < stats.chi2.cdf(float(noise @ noise) / (2 * 0.5) ** 2, noise.size) < 1 - 5e-7
    assert stats.kstest(noise, "norm").pvalue > 1e-6


def test_noise_is_fresh_for_each_round_user_secret_and_update_and_the_same_again() -> None:
    """No two correlate, by Fisher's bound wrong in one of a million."""
    update, other = _update(), _update(1)
    draws = [_noise(update), _noise(update, 2), _noise(update, 1, 1), _noise(update, 1, 0, b"t" * 32), _noise(other)]
    pairs = np.corrcoef(draws)[np.triu_indices(len(draws), 1)]
    assert np.abs(pairs).max() < stats.norm.isf(5e-7 / len(pairs)) / math.sqrt(draws[0].size - 3)
    assert np.array_equal(draws[0], _noise(update))


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
@settings(deadline=None)
def test_without_noise_what_is_left_is_the_clipped_update(values: list[float]) -> None:
    update = {"w": np.array(values, np.float32)}
    kept = update["w"].copy()
    found = own_noise.with_noise(update, 0.5, 0.0, Secret(SECRET))
    assert norm(found) <= 0.5
    if norm(update) <= 0.5:
        assert np.array_equal(found["w"], kept)
    own_noise.with_noise(update, 0.5, 1.0, Secret(SECRET))
    assert np.array_equal(update["w"], kept)


def test_noise_reaches_no_further_than_the_settings_think() -> None:
    """The longest that a number of 53 bits gives."""
    assert 8 < math.sqrt(2 * 53 * math.log(2)) < NOISE_REACH
    assert np.abs(_noise(_update())).max() < NOISE_REACH


@pytest.mark.parametrize("config", [LOCAL, SHARED], ids=["local", "distributed"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_no_number_is_refused(config: RunConfig, bad: float) -> None:
    update = _update()
    update["b"][3] = bad
    with pytest.raises(ValueError, match="b is not finite"):
        own_noise.encode(config, 1, 0, 5, update, SECRET)


def test_nobody_is_missing_whose_training_went_astray() -> None:
    update, parameters = _update(), _update(1)
    assert own_noise.or_nothing(update, parameters) is update
    for bad in ({}, {**update, "b": np.full(17, math.nan, np.float32)}, {**update, "b": np.full(17, -math.inf)}):
        found = own_noise.or_nothing(bad, parameters)
        assert {name: values.shape for name, values in found.items()} == SHAPES
        assert not any(values.any() for values in found.values())


@pytest.mark.parametrize("config", [LOCAL, SHARED], ids=["local", "distributed"])
def test_an_update_without_numbers_is_refused(config: RunConfig) -> None:
    with pytest.raises(ValueError, match="numbers"):
        own_noise.encode(config, 1, 0, 5, {"w": np.zeros((0, 4), np.float32)}, SECRET)


@pytest.mark.parametrize("cohort", [0, -1, 21])
def test_noise_is_shared_with_as_many_as_a_round_asks_at_most(cohort: int) -> None:
    with pytest.raises(ValueError, match="where a round asks 20"):
        own_noise.encode(SHARED, 1, 0, cohort, _update(), SECRET)
    assert own_noise.encode(SHARED, 1, 0, 20, _update(), SECRET)
