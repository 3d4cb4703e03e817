"""What central privacy promises of a round's sum: bounded updates, and noise of the size that was asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nextword.federation.clipping import clipped, norm
from nextword.federation.codec import Codec, Update
from nextword.federation.noise import gaussian
from nextword.federation.privacy_config import PrivacyConfig
from server.accumulator import SCALE, Accumulator
from server.privacy import CentralPrivacy

SHAPES = {"w": (200, 300), "b": (17,)}
SECRET = 2**127 + 12345
CODECS = [
    "float32",
    "int8",
    "int1",
    "ternary",
    "sign",
    "topk:0.1+int4",
    "randomk:0.1+int2",
    "rows+topk:0.1+hadamard+int4",
    "hadamard+eden1",
    "lowrank:2+int8",
]


def _update(seed: int, length: float) -> Update:
    rng = np.random.default_rng(seed)
    update = {name: rng.standard_t(2, shape).astype(np.float32) for name, shape in SHAPES.items()}
    scale = np.float32(length / norm(update))
    return {name: values * scale for name, values in update.items()}


def _central(**given: float) -> CentralPrivacy:
    return CentralPrivacy(PrivacyConfig(method="central", **given), SECRET)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("length", [0.01, 0.3, 40.0])
@pytest.mark.parametrize("most", [1e-3, 0.3])
def test_no_update_is_longer_than_the_clip_norm_after_any_codec(codec: str, length: float, most: float) -> None:
    update = clipped(_update(0, length), most)
    assert norm(update) <= most
    pipeline = Codec(codec)
    read = pipeline.decode(pipeline.encode(update, (0, 1, 2)), SHAPES, (0, 1, 2))
    admitted = _central(clip_norm=most).admit(read)
    rounded = {name: np.rint(np.float64(values) * SCALE) / SCALE for name, values in admitted.items()}
    assert math.sqrt(sum(float(np.vdot(x, x)) for x in rounded.values())) <= most


def test_the_codecs_above_do_make_updates_longer() -> None:
    update = clipped(_update(0, 40.0), 0.3)
    longer = [c for c in CODECS if norm(Codec(c).decode(Codec(c).encode(update, (0, 1, 2)), SHAPES, (0, 1, 2))) > 0.3]
    assert "int1" in longer


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=40), st.floats(1e-4, 1e5))
def test_clipping_changes_a_length_and_no_direction(values: list[float], most: float) -> None:
    update = {"w": np.array(values, np.float32)}
    after = clipped(update, most)
    assert norm(after) <= most
    if norm(update) <= most:
        assert np.array_equal(after["w"], update["w"])
    else:
        assert norm(after) >= most * (1 - 1e-5)
        np.testing.assert_allclose(after["w"] * norm(update) / most, update["w"], rtol=1e-4, atol=1e-30)


@pytest.mark.parametrize("most", [1e-4, 0.05, 1.0])
@pytest.mark.parametrize("value", [1e36, 3e38, float(np.finfo(np.float32).max)])
def test_the_longest_updates_are_clipped_too(value: float, most: float) -> None:
    """They are scaled by less than a float32 has all its digits for."""
    for size in range(1, 6):
        assert most * (1 - 1e-5) <= norm(clipped({"w": np.full(size, value, np.float32)}, most)) <= most


def _noise_of(central: CentralPrivacy, total: Accumulator, cohort: float, server_round: int = 1) -> np.ndarray:
    """The noise in the sum, in units of the clip norm."""
    clip_norm = central.clip_norm
    noisy = central.mean(total, cohort, 0.0, server_round)
    exact = total.noisy_mean(cohort, lambda name, size: np.zeros(size))
    return np.concatenate([((noisy[n].astype(np.float64) - exact[n]) * cohort / clip_norm).ravel() for n in SHAPES])


@pytest.mark.parametrize(("multiplier", "quantile"), [(0.7, 0.0), (2.0, 0.0), (0.7, 0.5)])
@pytest.mark.parametrize("arrived", [0, 3])
def test_noise_has_the_variance_that_was_asked_for_whoever_arrived(
    multiplier: float, quantile: float, arrived: int
) -> None:
    """A test of the variance and of normality, wrong by chance once in a million; the seeds are fixed."""
    central = _central(noise_multiplier=multiplier, clip_norm=0.5, quantile=quantile, quantile_share=0.2)
    total = Accumulator(SHAPES)
    for user in range(arrived):
        total.add(central.admit(_update(user, 0.5)), 1)
    noise = _noise_of(central, total, cohort=10)
    wanted = multiplier / math.sqrt(1 - 0.2) if quantile else multiplier
    chi2 = float(noise @ noise) / wanted**2
    assert 5e-7 < stats.chi2.cdf(chi2, noise.size) < 1 - 5e-7
    assert stats.kstest(noise / wanted, "norm").pvalue > 1e-6
    assert abs(noise.mean()) < 5 * wanted / math.sqrt(noise.size)


def test_noise_is_fresh_for_each_round_parameter_sum_and_secret_and_the_same_again() -> None:
    draws = [
        gaussian(secret, label, of, 1000)
        for secret in (SECRET, SECRET + 1)
        for label in ("update/1/w", "update/2/w", "update/1/b")
        for of in (b"", b"another sum")
    ]
    correlations = np.corrcoef(draws)[~np.eye(len(draws), dtype=bool)]
    assert np.abs(correlations).max() < 6 / math.sqrt(1000)
    assert np.array_equal(draws[0], gaussian(SECRET, "update/1/w", b"", 1000))
    assert np.array_equal(draws[0][:10], gaussian(SECRET, "update/1/w", b"", 10))


def test_who_does_not_arrive_is_a_zero_in_the_sum() -> None:
    central = _central(noise_multiplier=0.0, clip_norm=1.0)
    total = Accumulator(SHAPES)
    total.add(_update(1, 0.5), 1)
    mean = central.mean(total, 8, 0.0, 1)
    for name, values in _update(1, 0.5).items():
        np.testing.assert_allclose(mean[name], values / 8, atol=1e-9)
    nobody = central.mean(Accumulator(SHAPES), 8, 0.0, 1)
    assert all(not values.any() for values in nobody.values())


@given(st.floats(0.1, 0.9), st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_the_clip_norm_finds_the_quantile(quantile: float, seed: int) -> None:
    lengths = np.random.default_rng(seed).lognormal(0.0, 1.0, 1000)
    central = _central(noise_multiplier=1.0, clip_norm=30.0, quantile=quantile, quantile_share=0.01)
    for server_round in range(1, 600):
        within = float(np.sum((lengths <= central.clip_norm) - 0.5))
        central.mean(Accumulator({"w": (1,)}), 1000, within, server_round)
    assert np.mean(lengths <= central.clip_norm) == pytest.approx(quantile, abs=0.05)


def test_the_two_releases_of_a_round_cost_as_much_as_one() -> None:
    multiplier, share = 0.7, 0.2
    updates, count = multiplier / math.sqrt(1 - share), multiplier / (2 * math.sqrt(share)) / 0.5
    assert 1 / updates**2 + 1 / count**2 == pytest.approx(1 / multiplier**2)
    central = _central(noise_multiplier=multiplier, quantile=0.5, quantile_share=share)
    counts = []
    for server_round in range(1, 2001):
        before = central.clip_norm
        central.mean(Accumulator({"w": (1,)}), 1000.0, 0.0, server_round)
        counts.append(-math.log(central.clip_norm / before) / 0.2 * 1000.0)
    assert np.std(counts) == pytest.approx(count / 2, rel=0.1)
