"""The ledger's figures are those of Opacus, of a computation by hand, and of the literature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opacus.accountants import PRVAccountant, RDPAccountant
from scipy import integrate, optimize
from scipy.stats import norm

from nextword.federation.ledger import (
    ORDERS,
    Gaussian,
    PrivacySpent,
    epsilon,
    gaussian_delta,
    gaussian_epsilon,
    merged,
    renyi_curve,
    spent,
)

SOME = [Gaussian(1.0, 0.06, 100), Gaussian(5.0, 1.0, 5), Gaussian(0.8, 0.01, 300)]


@pytest.mark.parametrize("noise", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("at", [0.0, 0.7, 4.0])
def test_delta_of_the_gaussian_mechanism_is_the_integral_that_defines_it(noise: float, at: float) -> None:
    """The integral of max(0, p - e^epsilon q) over two normal densities one apart."""

    def excess(x: float) -> float:
        p, q = (math.exp(-(((x - mean) / noise) ** 2) / 2) for mean in (1.0, 0.0))
        return max(0.0, p - math.exp(at) * q) / (noise * math.sqrt(2 * math.pi))

    crossing = 0.5 + at * noise**2
    by_hand, _ = integrate.quad(excess, crossing, crossing + 40 * noise, limit=500, points=[1.0 + 5 * noise])
    assert gaussian_delta(noise, at) == pytest.approx(by_hand, rel=1e-6, abs=1e-12)


@given(st.floats(0.05, 50), st.floats(1e-12, 0.1))
def test_epsilon_is_the_least_at_which_the_mechanism_has_the_delta(noise: float, delta: float) -> None:
    found = gaussian_epsilon(noise, delta)
    assert gaussian_delta(noise, found) <= delta
    if found:
        assert gaussian_delta(noise, found * (1 - 1e-6)) > delta * (1 - 1e-9)


def test_many_gaussians_are_one() -> None:
    several = [Gaussian(3.0, steps=7), Gaussian(1.5, steps=2)]
    one = (7 / 9 + 2 / 2.25) ** -0.5
    assert epsilon(several, 1e-5, "gaussian") == pytest.approx(gaussian_epsilon(one, 1e-5), rel=1e-9)
    assert epsilon(several, 1e-5, "gaussian") < epsilon(several, 1e-5, "rdp")
    assert epsilon(several, 1e-5, "prv") == pytest.approx(epsilon(several, 1e-5, "gaussian"), abs=0.02)


@pytest.mark.parametrize("history", [SOME[:1], SOME[1:2], SOME])
@pytest.mark.parametrize("delta", [1e-5, 1e-7])
def test_figures_are_those_of_opacus(history: list[Gaussian], delta: float) -> None:
    as_theirs = [(one.noise_multiplier, one.sampling_rate, one.steps) for one in history]
    prv, rdp = PRVAccountant(), RDPAccountant()
    prv.history, rdp.history = list(as_theirs), list(as_theirs)
    # The order of composition moves PRV's last digits.
    assert epsilon(history, delta, "prv") == pytest.approx(prv.get_epsilon(delta), abs=1e-3)
    ours, theirs = epsilon(history, delta, "rdp"), rdp.get_epsilon(delta)
    assert theirs * 0.999 <= ours <= theirs + 1e-9  # more orders to choose from


def test_one_sampled_release_by_hand() -> None:
    """The density ratio is 1 - q + q e^((2x - 1) / (2 sigma^2)), so delta has a closed form."""
    q, noise, delta = 0.06, 0.8, 1e-5

    def by_hand(at: float) -> float:
        crossing = noise**2 * math.log((math.exp(at) - 1 + q) / q) + 0.5
        absent, present = norm.sf(crossing / noise), norm.sf((crossing - 1) / noise)
        return float((1 - q) * absent + q * present - math.exp(at) * absent)

    exact = optimize.brentq(lambda at: by_hand(at) - delta, 0.01, 20)
    assert exact <= epsilon([Gaussian(noise, q)], delta, "prv") <= exact + 0.02
    assert exact <= epsilon([Gaussian(noise, q)], delta, "rdp")


def test_figures_are_those_of_the_literature() -> None:
    # Abadi et al. 2016, "Deep learning with differential privacy", section 3.2: q = 0.01, sigma = 4, T = 10,000, by an
    # older conversion of moments.
    abadi = epsilon([Gaussian(4.0, 0.01, 10_000)], 1e-5, "rdp")
    assert 1.0 < abadi < 1.26
    # TensorFlow Privacy's tutorial: 250 of 60,000, sigma = 1.3, 15 epochs, epsilon = 1.18 by the older conversion.
    assert 0.9 < epsilon([Gaussian(1.3, 250 / 60_000, 3600)], 1e-5, "rdp") < 1.18
    # Google's dp_accounting, rdp_privacy_accountant_test.py: 50 releases at q = 0.01, sigma = 2.5 ...
    published = {2.5: 1.08548710e-03, 5: 2.18075656e-03, 50: 2.38460375e-02}
    curve = dict(zip(ORDERS, 50 * renyi_curve(2.5, 0.01), strict=True))
    assert {order: curve[order] for order in published} == pytest.approx(published, rel=1e-4)
    # ... and a noise chosen so that epsilon is 1 at delta 1e-6 by RDP with very many orders.
    assert epsilon([Gaussian(4.530877117)], 1e-6, "rdp") == pytest.approx(1.0, abs=2e-3)
    assert 0.9 < epsilon([Gaussian(4.530877117)], 1e-6, "gaussian") < 1.0
    # Gboard's Spanish model by DP-FTRL: 0.81-zCDP, which a Gaussian mechanism of 1 / sigma^2 = 2 * 0.81 has (Google
    # 2022, "Federated learning with formal differential privacy guarantees"), which is told as epsilon 8.9 at delta
    # 1e-10 (Google 2024, "Advances in private training for production on-device language models").
    gboard = [Gaussian((2 * 0.81) ** -0.5)]
    assert epsilon(gboard, 1e-10, "rdp") == pytest.approx(8.9, abs=0.05)
    assert 8.5 < epsilon(gboard, 1e-10, "gaussian") < 8.9


mechanisms = st.lists(
    st.builds(Gaussian, st.sampled_from([0.7, 1.0, 4.0]), st.sampled_from([0.0, 0.01, 0.3, 1.0]), st.integers(0, 200)),
    min_size=1,
    max_size=4,
)


@given(mechanisms, st.sampled_from([1e-4, 1e-7]))
@settings(max_examples=60, deadline=None)
def test_composition_is_monotone_and_knows_no_order(history: list[Gaussian], delta: float) -> None:
    whole = epsilon(history, delta, "rdp")
    assert whole == epsilon(history[::-1], delta, "rdp") == epsilon(merged(history), delta, "rdp")
    assert epsilon(history[1:], delta, "rdp") <= whole
    assert whole <= epsilon(history, delta / 10, "rdp")
    noisier = [Gaussian(2 * one.noise_multiplier, one.sampling_rate, one.steps) for one in history]
    rarer = [Gaussian(one.noise_multiplier, one.sampling_rate / 2, one.steps) for one in history]
    assert epsilon(noisier, delta, "rdp") <= whole
    assert epsilon(rarer, delta, "rdp") <= whole * (1 + 1e-9)


def test_another_round_never_costs_less() -> None:
    by_rounds = [
        spent([Gaussian(1.0, 0.06, n)], 1e-5, unit="user", rounds=n, sampling="").epsilon for n in range(0, 41, 8)
    ]
    assert by_rounds[0] == 0.0
    assert by_rounds == sorted(by_rounds)
    assert len(set(by_rounds)) == len(by_rounds)


def test_without_noise_epsilon_is_infinite_and_without_anything_zero() -> None:
    for accountant in ("gaussian", "prv", "rdp"):
        assert epsilon([Gaussian(0.0), Gaussian(1.0)], 1e-5, accountant) == math.inf
        assert epsilon([Gaussian(0.0, 0.0, 5), Gaussian(1.0, 0.5, 0)], 1e-5, accountant) == 0.0
    nothing = spent([Gaussian(0.0, 0.1, 3)], 1e-5, unit="message", rounds=3, sampling="poisson 0.1")
    assert nothing.epsilon == math.inf
    assert nothing.event()["epsilon"] is None


def test_what_was_spent_says_by_whom_it_was_worked_out() -> None:
    about = {"unit": "user", "rounds": 7, "sampling": "poisson 0.06"}
    by = {
        (1.0, 1.0): "gaussian",
        (1.0, 0.06): "prv",
        (0.1, 0.06): "rdp",  # hardly any privacy
    }
    for (noise, rate), accountant in by.items():
        assert spent([Gaussian(noise, rate, 100)], 1e-5, **about).accountant == accountant
    assert spent([Gaussian(1.0, 0.06)], 1e-5, accountant="rdp", **about).accountant == "rdp"
    assert str(PrivacySpent(4.2112, 1e-5, "user", "prv", 100, "poisson 0.06")) == (
        "epsilon 4.21 at delta 1e-05 for a user (prv; 100 rounds; poisson 0.06)"
    )


def test_what_cannot_be_accounted_is_refused() -> None:
    for bad in ((-1.0, 1.0, 1), (math.nan, 1.0, 1), (math.inf, 1.0, 1), (1.0, 1.1, 1), (1.0, 0.5, -1)):
        with pytest.raises(ValueError, match="noise must be finite"):
            Gaussian(*bad)
    for delta in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="delta"):
            epsilon([Gaussian(1.0)], delta, "gaussian")
    with pytest.raises(ValueError, match="use prv or rdp"):
        epsilon([Gaussian(1.0, 0.5)], 1e-5, "gaussian")
    assert np.isfinite(epsilon([Gaussian(1.0, 1e-9, 3)], 1e-5, "rdp"))
