"""Laws of whole numbers whose sum is private. Statistical tests have fixed seeds and tell their error rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nextword.federation.clipping import norm
from nextword.federation.codec import Update
from nextword.federation.ledger import Gaussian, curve_epsilon, epsilon, renyi_curve
from nextword.federation.noise import Secret
from nextword.federation.privacy_config import PrivacyConfig
from nextword.federation.skellam import MOST_GROWTH, WRAP, Scheme, skellam
from nextword.federation.skellam_cost import Skellam, curve

SHAPES = {"w": (30, 50), "b": (17,), "none": (0,)}
SIZE = 1517
KEY = (5, 3)


def _scheme(users: int = 4, **given: float | bool) -> Scheme:
    return Scheme.of(PrivacyConfig(method="distributed", **given), SIZE, users)


def _secret(number: int) -> Secret:
    return Secret(number.to_bytes(32))


def _update(seed: int, length: float) -> Update:
    rng = np.random.default_rng(seed)
    update = {name: rng.standard_t(2, shape).astype(np.float32) for name, shape in SHAPES.items()}
    return {name: values * np.float32(length / norm(update)) for name, values in update.items()}


def _signed(scheme: Scheme, numbers: np.ndarray) -> list[int]:
    """The slow, obvious reading: a number from the upper half is a negative one."""
    modulus = 2**scheme.bits
    return [number - modulus if number >= modulus // 2 else number for number in map(int, numbers)]


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("bits", [16, 19, 32])
def test_without_noise_the_sum_is_the_sum_of_the_updates_within_the_grid(bits: int, rotate: bool) -> None:
    scheme = _scheme(bits=bits, rotate=rotate, noise_multiplier=0.0, clip_norm=2.0)
    updates = [_update(user, 1.0) for user in range(4)]
    total = scheme.zero()
    for user, update in enumerate(updates):
        total = scheme.add(total, scheme.encode(update, KEY, _secret(user)))
    found = scheme.decode(total, SHAPES, KEY)
    off = {name: found[name] - sum(update[name] for update in updates) for name in SHAPES}
    # Each number of each update is off by less than a step; a rotation keeps the length of what is off.
    assert norm(off) < len(updates) * math.sqrt(scheme.padded) / scheme.scale + 1e-5
    if not rotate:
        assert max(np.abs(values).max(initial=0.0) for values in off.values()) < 4 / scheme.scale + 1e-6


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=40),
    st.sampled_from([1e-4, 0.3, 1e5]),
    st.booleans(),
    st.integers(0, 2**32),
)
@settings(deadline=None, max_examples=200)
def test_no_rounded_update_is_longer_than_the_bound(
    values: list[float], clip_norm: float, rotate: bool, seed: int
) -> None:
    """Denormal numbers and the largest ones included."""
    privacy = PrivacyConfig(method="distributed", bits=16, noise_multiplier=0.0, clip_norm=clip_norm, rotate=rotate)
    scheme = Scheme.of(privacy, len(values), 1)
    sent = scheme.encode({"w": np.array(values, np.float32)}, KEY, _secret(seed))
    assert sum(number**2 for number in _signed(scheme, sent)) <= scheme.norm_squared
    assert math.sqrt(scheme.norm_squared) <= MOST_GROWTH * scheme.scale * clip_norm


@pytest.mark.parametrize("noise_multiplier", [0.0, 1e-5])
def test_squares_of_the_finest_grid_are_counted_without_overflow(noise_multiplier: float) -> None:
    scheme = _scheme(users=1, bits=32, noise_multiplier=noise_multiplier)
    update = _update(1, 1.0)
    numbers = _signed(scheme, scheme.encode(update, KEY, _secret(1)))
    assert 2**59 < sum(number**2 for number in numbers) < 2**63
    assert scheme.norm_squared < 2**63


def test_a_rounding_that_is_too_long_is_made_again() -> None:
    """At a bound that every second rounding exceeds, none does in the end."""
    scheme = _scheme(bits=16, rotate=False, noise_multiplier=0.0)
    x = np.full(SIZE, 0.5)
    lengths = [int(np.sum(np.floor(x + _secret(seed).uniform(SIZE).numpy()) ** 2)) for seed in range(40)]
    limit = int(np.median(lengths))
    assert max(lengths) > limit

    class Tight(Scheme):
        norm_squared = limit

    tight = Tight(**vars(scheme))
    assert all(int(np.sum(tight._rounded(x, _secret(seed)) ** 2)) <= limit for seed in range(40))


def test_rounding_is_unbiased() -> None:
    """Wrong by chance once in a million."""
    scheme = _scheme(bits=16, rotate=False, noise_multiplier=0.0)
    x = np.random.default_rng(1).normal(0, 3, 4000)
    draws = np.array([scheme._rounded(x, _secret(seed)) for seed in range(100)])
    error = draws - x
    share = x - np.floor(x)
    z = error.sum() / math.sqrt(100 * float(np.sum(share * (1 - share))))
    assert abs(z) < stats.norm.isf(5e-7)
    assert np.abs(error).max() < 1


@given(st.lists(st.integers(0, 2**32 - 1), min_size=SIZE, max_size=SIZE), st.sampled_from([8, 13, 16, 20, 24, 31, 32]))
@settings(deadline=None, max_examples=20)
def test_numbers_survive_packing_and_their_size_is_known(numbers: list[int], bits: int) -> None:
    scheme = Scheme(SIZE, 3, 1.0, bits, False, 1.0, 0.0)
    values = (np.array(numbers, np.uint64) % 2**bits).astype(np.uint32)
    part = scheme.pack(values)
    assert np.array_equal(scheme.unpack(part), values)
    assert SIZE * bits / 8 <= part.nbytes < SIZE * bits / 8 + bits
    for bad in (part[:-1], np.append(part, part[:1]), part.astype(np.int8)):
        with pytest.raises(ValueError, match="numbers of"):
            scheme.unpack(bad)


@given(st.integers(2, 6), st.integers(0, 2**20), st.sampled_from([12, 20, 32]))
@settings(deadline=None, max_examples=20)
def test_the_sum_of_what_is_sent_is_the_sum_modulo(users: int, seed: int, bits: int) -> None:
    scheme = _scheme(users=users, bits=max(bits, 14), noise_multiplier=0.5)
    sent = [scheme.encode(_update(seed + user, 3.0), KEY, _secret(seed + user)) for user in range(users)]
    total = scheme.zero()
    for one in sent:
        total = scheme.add(total, one)
    by_hand = [sum(int(one[place]) for one in sent) % 2**scheme.bits for place in range(scheme.padded)]
    assert total.tolist() == by_hand
    # A secure sum adds masks that cancel; the order does not matter either.
    mask = np.random.default_rng(seed).integers(0, 2**scheme.bits, scheme.padded, np.uint32)
    unmask = ((2**scheme.bits - mask.astype(np.int64)) % 2**scheme.bits).astype(np.uint32)
    masked = [scheme.add(sent[0], mask), *sent[2:], scheme.add(sent[1], unmask)]
    again = scheme.zero()
    for one in masked:
        again = scheme.add(again, one)
    assert np.array_equal(again, total)


@pytest.mark.parametrize("variance", [0.02, 1.0, 37.5, 4e4, 2.0**30])
def test_skellam_numbers_have_their_distribution(variance: float) -> None:
    """By chi-square over twenty bins, and the variance; each wrong by chance once in a million."""
    size = 200_000
    found = skellam(variance, size, _secret(7))
    exact = stats.skellam(variance / 2, variance / 2)
    deviation = math.sqrt(variance)
    if variance < 1e6:
        edges = np.unique(np.round(np.linspace(-2.5, 2.5, 19) * deviation))
        shares = np.diff([0.0, *exact.cdf(edges), 1.0])
    else:
        edges = np.linspace(-2.5, 2.5, 19) * deviation
        shares = np.diff([0.0, *stats.norm.cdf((np.floor(edges) + 0.5) / deviation), 1.0])
    counts = np.bincount(np.searchsorted(edges, found), minlength=len(shares))
    assert stats.chisquare(counts[shares > 0], shares[shares > 0] / shares.sum() * size).pvalue > 1e-6
    kurtosis = 3 + 1 / variance
    z = (float(np.mean(found.astype(float) ** 2)) / variance - 1) / math.sqrt((kurtosis - 1) / size)
    assert abs(z) < stats.norm.isf(5e-7)


def _noise(scheme: Scheme, users: range, server_round: int = 1) -> np.ndarray:
    """The noise in the sum of users who have learned nothing, in units of the clip norm."""
    total, nothing = scheme.zero(), {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    for user in users:
        total = scheme.add(total, scheme.encode(nothing, (5, server_round), _secret(1000 * server_round + user)))
    found = scheme.decode(total, SHAPES, (5, server_round))
    return np.concatenate([found[name].ravel() for name in sorted(found)]).astype(np.float64) / scheme.clip_norm


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize(("answered", "enough"), [(10, 1.0), (7, 1.0), (10, 0.5), (5, 0.5)])
def test_the_noise_of_the_sum_is_that_of_who_answered(answered: int, enough: float, rotate: bool) -> None:
    """Its variance, wrong by chance once in a million, as for normal numbers, which these are near enough to."""
    scheme = _scheme(users=10, noise_multiplier=1.5, clip_norm=0.3, enough=enough, rotate=rotate)
    noise = _noise(scheme, range(answered))
    wanted = 1.5 * math.sqrt(answered / (10 * enough))
    assert 5e-7 < stats.chi2.cdf(float(noise @ noise) / wanted**2, noise.size) < 1 - 5e-7
    assert Skellam.of(scheme, answered).noise_multiplier == pytest.approx(wanted, rel=1e-3)


def test_users_and_rounds_have_noise_of_their_own() -> None:
    """No two of six draws correlate, by Fisher's bound wrong in one of a million."""
    scheme = _scheme(rotate=False)
    draws = [_noise(scheme, range(user, user + 1), server_round) for user in range(3) for server_round in (1, 2)]
    pairs = np.corrcoef(draws)[np.triu_indices(6, 1)]
    assert np.abs(pairs).max() < stats.norm.isf(5e-7 / len(pairs)) / math.sqrt(SIZE - 3)
    assert np.array_equal(draws[0], _noise(scheme, range(1)))


@pytest.mark.parametrize("rotate", [False, True])
@pytest.mark.parametrize("users", [1, 6, 300])
@pytest.mark.parametrize("noise_multiplier", [0.0, 0.3, 10.0])
def test_the_worst_updates_do_not_wrap_around(noise_multiplier: float, users: int, rotate: bool) -> None:
    """All users send the same update of full length, in one number: the chance that this fails is below `WRAP`."""
    scheme = _scheme(users=users, bits=22, rotate=rotate, noise_multiplier=noise_multiplier)
    assert scheme.reach < 2 ** (scheme.bits - 1) <= 2**31
    worst = {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}
    worst["w"][3, 4] = 1.0
    wide = Scheme(**{**vars(scheme), "bits": 32})
    total = wide.zero()
    for user in range(users):
        total = wide.add(total, wide.encode(worst, KEY, _secret(user)))
    assert max(map(abs, _signed(wide, total))) <= scheme.reach
    assert WRAP <= 1e-6


def test_too_few_bits_are_refused_with_the_fewest_that_work() -> None:
    with pytest.raises(ValueError, match=r"too few.*set privacy\.bits=(\d+)") as caught:
        _scheme(users=1000, bits=10)
    fewest = int(str(caught.value).rpartition("=")[2])
    assert _scheme(users=1000, bits=fewest).bits == fewest
    with pytest.raises(ValueError, match="too few"):
        _scheme(users=1000, bits=fewest - 1)


@pytest.mark.parametrize(
    ("users", "size", "rotate", "noise_multiplier"),
    [(2, 10**7, True, 1000.0), (32_768, 10**9, False, 0.1), (1000, 10**9, True, 1000.0)],
)
def test_where_no_bits_are_enough_settings_are_named_that_work(
    users: int, size: int, rotate: bool, noise_multiplier: float
) -> None:
    privacy = PrivacyConfig(method="distributed", rotate=rotate, noise_multiplier=noise_multiplier)
    with pytest.raises(ValueError, match=r"too few.*: set privacy\.bits=32 and ") as caught:
        Scheme.of(privacy, size, users)
    assert "\n" not in str(caught.value)
    setting, _, value = str(caught.value).rpartition(" ")[2].partition("=")
    changed = {"bits": 32, **({"noise_multiplier": float(value)} if "noise" in setting else {})}
    assert Scheme.of(privacy.model_copy(update=changed), size, users if "noise" in setting else int(value))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    update = _update(1, 1.0)
    update["b"][3] = bad
    with pytest.raises(ValueError, match="b is not finite"):
        _scheme().encode(update, KEY, _secret(1))


def test_an_update_of_another_size_is_refused() -> None:
    for update in ({}, {"b": np.zeros(17, np.float32)}):
        with pytest.raises(ValueError, match="without its 1517 numbers"):
            _scheme().encode(update, KEY, _secret(1))


def test_the_cost_is_the_papers_formula_by_hand() -> None:
    """At order 4 and 4.5, with the first and the second bound on what is beyond the Gaussian."""
    of = Skellam(variance=50.0, l1=6.0, l2=3.0)
    assert of.divergence(4) == pytest.approx(4 * 9 / 100 + min((7 * 9 + 36) / 10_000, 18 / 100))
    assert of.divergence(5) == pytest.approx(5 * 9 / 100 + (9 * 9 + 36) / 10_000)
    small = Skellam(variance=0.5, l1=1.0, l2=1.0)
    assert small.divergence(40) == pytest.approx(40 + 3)
    orders = list(np.round(np.arange(1.1, 11, 0.1), 1))
    found = curve(of)
    assert found[orders.index(4.0)] == pytest.approx(of.divergence(4))
    assert found[orders.index(4.5)] == pytest.approx((0.5 * 3 * of.divergence(4) + 0.5 * 4 * of.divergence(5)) / 3.5)
    assert np.all(found[: orders.index(2.0)] == of.divergence(2))


@pytest.mark.parametrize("variance", [0.5, 2.0, 30.0, 1000.0])
@pytest.mark.parametrize("shift", [1, 3])
@pytest.mark.parametrize("order", [2, 3, 8, 20])
def test_the_bound_holds_for_the_true_divergence_of_one_number(variance: float, shift: int, order: int) -> None:
    """Summed over the numbers, by logarithms: the slow way."""
    reach = int(40 * math.sqrt(variance) + 40 * shift * order)
    k = np.arange(-reach, reach + 1)

    from scipy.special import logsumexp

    def log_probability(number: np.ndarray) -> np.ndarray:
        # The sum over one Poisson number, in logarithms, so that far tails keep their digits.
        one = np.arange(0, int(variance + 20 * math.sqrt(variance) + 60))
        down = stats.poisson.logpmf(one, variance / 2)
        return logsumexp(stats.poisson.logpmf(np.abs(number)[:, None] + one, variance / 2) + down, axis=1)

    p, q = log_probability(k - shift), log_probability(k)
    true = float(logsumexp(order * p - (order - 1) * q)) / (order - 1)
    bound = Skellam(variance, shift, shift).divergence(order)
    assert true <= bound * (1 + 1e-9)
    if variance == 1000:
        assert true > 0.9 * bound  # and is no empty one


def test_epsilon_approaches_the_gaussians_as_the_grid_gets_finer() -> None:
    gaussian = epsilon([Gaussian(1.0, 1.0, 10)], 1e-5, "rdp")
    off = []
    for bits in (12, 14, 16, 18, 20, 22):
        scheme = _scheme(users=4, bits=bits)
        off.append(curve_epsilon(10 * curve(Skellam.of(scheme, 4)), 1e-5) / gaussian - 1)
    assert off == sorted(off, reverse=True)
    assert off[0] > 0.005
    assert 0 < off[-1] < 2e-3 + _between_orders()


def _between_orders() -> float:
    """What the orders between whole ones cost where the Gaussian has them exactly."""
    fine = Skellam(1e12, 1e6, 1e6)
    by_orders = curve_epsilon(10 * curve(fine), 1e-5)
    return by_orders / curve_epsilon(10 * renyi_curve(1.0, 1.0), 1e-5) - 1


def test_more_noise_costs_less_and_more_rounds_more() -> None:
    scheme = _scheme(users=8, bits=16)
    by_answers = [curve_epsilon(curve(Skellam.of(scheme, answered)), 1e-5) for answered in range(1, 9)]
    assert by_answers == sorted(by_answers, reverse=True)
    by_rounds = [curve_epsilon(rounds * curve(Skellam.of(scheme, 8)), 1e-5) for rounds in range(9)]
    assert by_rounds == sorted(by_rounds)
    assert by_rounds[0] == 0
    assert curve_epsilon(curve(Skellam(0.0, 1.0, 1.0)), 1e-5) == math.inf
