"""Laws of the federated methods on one device."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from nextword.federation.config import PersonalConfig, UpdateConfig
from nextword.federation.groups import never_sent, out_of_turn, personal_names
from nextword.model import LanguageModel
from nextword.model_config import OUTPUT_BIAS, ModelConfig, Weights
from nextword.training import IGNORED, TrainConfig, batches, padded, piece_loss
from nextword.vocabulary import Vocabulary
from personalization.methods import METHODS, Local, State

SGD = TrainConfig(batch_messages=3, learning_rate=0.1, optimizer="sgd")
TEXTS = [f"see you at the station {word}" for word in "then again tomorrow ok please haha".split()]


@pytest.fixture
def make(model: LanguageModel, vocabulary: Vocabulary) -> Any:
    start = {name: value.copy() for name, value in model.weights().items()}
    messages = [vocabulary.encode(text) for text in TEXTS]

    def local(train: TrainConfig = SGD, seed: int = 0, **personal: Any) -> Local:
        return Local(model, start, messages, train, PersonalConfig(**personal), np.random.default_rng(seed))

    return local


def _shared(local: Local) -> Weights:
    return {name: value for name, value in local.start.items() if name not in local.personal_names}


def _round(local: Local, state: State | None = None) -> Any:
    return METHODS[local.personal.method].train(local, _shared(local), state)


def _used(local: Local, state: State | None = None) -> Weights:
    used = METHODS[local.personal.method].personal_model(local, _shared(local), state)
    return {name: value.copy() for name, value in used.weights().items()}


def _same(one: Weights, other: Weights, tolerance: float = 0.0) -> bool:
    return set(one) == set(other) and all(np.allclose(one[name], other[name], 0, tolerance) for name in one)


def _gradient(local: Local, weights: Weights, batch: tuple[torch.Tensor, torch.Tensor] | None = None) -> Weights:
    """Of the mean loss of a piece at these weights, on a batch or on all messages, by hand."""
    local.model.set_weights({**local.start, **weights})
    local.model.zero_grad()
    piece_loss(local.model, *(batch or padded(local.messages, 64))).backward()
    return {name: value.grad.numpy().copy() for name, value in local.model.named_parameters() if value.grad is not None}


def _elsewhere(weights: Weights, by: float) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    return {name: (value + generator.normal(0, by, value.shape)).astype(np.float32) for name, value in weights.items()}


@pytest.mark.parametrize("method", ["fedper", "fedrep"])
def test_personal_layers_stay_and_shared_ones_are_sent(make: Any, method: str) -> None:
    local = make(method=method)
    delta, state, _ = _round(local)
    own = local.personal_names
    assert own == set(state)
    assert own == {name for name in local.start if name.startswith(("blocks.1.", "norm."))}
    assert set(delta) == set(local.start) - own
    assert all(np.abs(state[name] - local.start[name]).max() > 0 for name in own)
    assert all(np.abs(delta[name]).max() > 0 for name in delta)


@pytest.mark.parametrize("frozen", ["embedding", "all-but-norms"])
@pytest.mark.parametrize("method", ["fedper", "fedrep", "adapters", "ditto", "apfl"])
def test_what_is_personal_is_trained_whatever_is_frozen(make: Any, method: str, frozen: Any) -> None:
    """All of it moves from where it begins, which is zero for what is added."""
    local = make(method=method)
    still = never_sent(UpdateConfig(frozen=frozen), local.start)
    delta, state, _ = _round(dataclasses.replace(local, frozen=still))
    assert all(np.abs(value - local.start.get(name, 0)).max() > 0 for name, value in state.items())
    assert {name for name in delta if np.abs(delta[name]).max() > 0} == set(delta) - still


@pytest.mark.parametrize("method", list(METHODS))
def test_every_method_drops_what_the_settings_say_and_nothing_afterwards(make: Any, method: str) -> None:
    plain, dropped = (_round(make(dataclasses.replace(SGD, dropout=share), method=method)).delta for share in (0, 0.5))
    assert not _same(plain, dropped)
    assert _same(plain, _round(make(method=method)).delta)


def test_fedrep_trains_the_shared_layers_under_personal_ones_that_are_done(make: Any) -> None:
    before = make(method="fedrep")
    _, state, _ = _round(before)
    assert _same({name: before.weights()[name] for name in state}, state)
    alone = make(method="fedrep")
    METHODS["fedrep"].personal_model(alone, _shared(alone), None)
    assert _same({name: alone.weights()[name] for name in state}, state)


@pytest.mark.parametrize("method", ["fedper", "fedrep", "adapters", "ditto", "apfl"])
def test_a_round_goes_on_from_what_the_person_kept(make: Any, method: str) -> None:
    """A rate of next to nothing leaves it as it was; and what is shared is trained beneath it, where it is a part."""
    _, state, _ = _round(make(method=method, learning_rate=0.5))
    kept = _elsewhere(state, 0.05)
    still = dataclasses.replace(SGD, learning_rate=1e-30)
    _, later, _ = _round(make(train=still, method=method, pull=0.0), kept)
    assert _same(later, kept, 1e-5)
    assert not _same(later, state, 1e-2)
    apart = _same(_round(make(method=method), kept).delta, _round(make(method=method)).delta)
    assert apart == (method in ("ditto", "apfl"))


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_round_and_what_a_person_uses_are_built_on_the_parameters_received(make: Any, method: str) -> None:
    """Not on those with which the run began: rates of next to nothing leave them as they were."""
    still = dataclasses.replace(SGD, learning_rate=1e-30)
    local = make(train=still, method=method, pull=0.0, inner_rate=1e-30)
    received = _elsewhere(_shared(local), 0.05)
    delta = METHODS[method].train(local, received, None).delta
    assert all(np.abs(change).max() < 1e-6 for change in delta.values())
    used = METHODS[method].personal_model(local, received, None).weights()
    assert _same({name: used[name] for name in received}, received, 1e-6)


@pytest.mark.parametrize("method", ["fedper", "fedrep"])
def test_a_newcomer_trains_their_layers_and_leaves_the_shared_ones(make: Any, method: str) -> None:
    local = make(method=method, epochs=2)
    used = _used(local)
    for name, value in used.items():
        assert np.array_equal(value, local.start[name]) == (name not in local.personal_names)


@pytest.mark.parametrize("method", ["fedrep", "adapters", "ditto", "apfl"])
def test_what_the_participant_kept_is_fitted_to_the_final_parameters(make: Any, method: str) -> None:
    """From where it was kept, for so many passes as are personal, at the rate of what is personal."""
    settings: dict[str, Any] = {"method": method, "pull": 0.0, "mixing": 0.5, "rank": 2}
    _, state, _ = _round(make(learning_rate=0.5, **settings))
    one, other = ({name: value * share for name, value in state.items()} for share in (1.0, 0.9))
    whole = _used(make(epochs=1, **settings), one)
    assert not _same(whole, _used(make(epochs=1, **settings), other), 1e-3)  # what was kept counts
    assert not _same(whole, _used(make(epochs=1, **settings), None), 1e-3)
    still = dataclasses.replace(SGD, learning_rate=1e-30)
    assert not _same(whole, _used(make(still, epochs=1, **settings), one), 1e-3)  # and is trained on
    assert not _same(whole, _used(make(epochs=4, **settings), one), 1e-3)
    more = dataclasses.replace(SGD, epochs=4)
    assert _same(whole, _used(make(more, epochs=1, **settings), one))  # a round's passes are of the shared parameters
    if method != "apfl":  # whose rate is the round's
        assert not _same(whole, _used(make(epochs=1, learning_rate=0.5, **settings), one), 1e-3)


@pytest.mark.parametrize("method", ["fedper", "per-fedavg"])
def test_what_a_newcomer_fits_takes_the_passes_of_what_is_personal(make: Any, method: str) -> None:
    used = _used(make(method=method, epochs=1))
    assert _same(used, _used(make(dataclasses.replace(SGD, epochs=4), method=method, epochs=1)))
    assert not _same(used, _used(make(method=method, epochs=4)), 1e-3)


def test_fedper_uses_what_the_participant_kept(make: Any) -> None:
    local = make(method="fedper")
    _, state, _ = _round(local)
    assert _same(_used(local, state), {**local.start, **state})


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"per-fedavg"}))
@pytest.mark.parametrize("server_round", [1, 2, 3])
def test_what_is_not_a_rounds_turn_does_not_move_while_it_is_trained(make: Any, method: str, server_round: int) -> None:
    local = make(method=method)
    frozen = out_of_turn(UpdateConfig(frozen="all-but-one"), list(_shared(local)), server_round)
    delta, _, _ = _round(dataclasses.replace(local, frozen=frozen))
    assert 0 < len(frozen) < len(delta)
    for name, change in delta.items():
        assert change.any() == (name not in frozen), name


def test_adapters_stay_and_all_shared_parameters_are_sent(make: Any) -> None:
    local = make(method="adapters", rank=2, learning_rate=0.5)
    delta, state, _ = _round(local)
    matrices = {name for name, value in local.start.items() if name.startswith("blocks.") and value.ndim == 2}
    changes = {f"{name.removesuffix('.weight')}.change_{part}" for name in matrices for part in "ab"}
    assert set(state) == changes | {OUTPUT_BIAS}
    assert set(delta) == set(local.start)
    assert all(np.abs(value).max() > 0 for value in (*delta.values(), *state.values()))
    before = dict(state)
    with pytest.raises(ValueError, match="an earlier version, without output.bias: start a new run"):
        _round(local, {name: value for name, value in state.items() if name != OUTPUT_BIAS})
    _, later, _ = _round(local, state)
    assert all(not np.array_equal(later[name], before[name]) for name in before)
    used = _used(local, state)
    assert set(used) == {*local.start, OUTPUT_BIAS}
    assert set(local.weights()) == set(local.start)  # which is left as it was
    for name, value in local.start.items():
        change = used[name] - value
        assert np.linalg.matrix_rank(change, tol=1e-5) == 2 if name in matrices else not change.any()


def test_what_a_person_writes_often_is_in_their_output_bias(make: Any) -> None:
    local = make(method="adapters", learning_rate=0.5)
    _, state, _ = _round(local)
    pieces = padded(local.messages, 64)[1].flatten().tolist()  # and ends
    written = sorted({*pieces} - {IGNORED})
    bias = state[OUTPUT_BIAS]
    assert np.argmax(bias) in written
    assert bias[written].mean() > 0.01 > np.delete(bias, written).max()
    still = dataclasses.replace(SGD, learning_rate=1e-30)
    used = _used(make(train=still, method="adapters"), state)
    assert np.array_equal(used[OUTPUT_BIAS], bias)


def test_adapters_that_learn_nothing_leave_fedavg(make: Any) -> None:
    plain, adapters = make(method="fedavg"), make(method="adapters", learning_rate=1e-30)
    plain.rng.integers(2**63)  # as the adapters are drawn, and trained, before the shared parameters
    list(batches(plain.messages, plain.train, plain.rng))
    assert _same(_round(adapters).delta, _round(plain).delta, 1e-6)


def test_apfl_without_mixing_is_fedavg(make: Any) -> None:
    plain, mixed = make(method="fedavg"), make(method="apfl", mixing=0.0)
    expected, found = _round(plain), _round(mixed)
    assert _same(expected.delta, found.delta)
    assert found.state is None
    received = _elsewhere(mixed.start, 0.05)
    assert _same(METHODS["apfl"].personal_model(mixed, received, None).weights(), received)


def test_apfl_moves_the_personal_model_by_the_gradient_at_the_mixture(make: Any) -> None:
    """Against the algorithm as it is written, for one step on one batch, without clipping."""
    config = TrainConfig(batch_messages=len(TEXTS), learning_rate=0.1, optimizer="sgd", clip_norm=1e9)
    local = make(train=config, method="apfl", mixing=0.3)
    own = _elsewhere(_shared(local), 0.01)
    delta, state, _ = _round(local, own)
    w = {name: local.start[name] + delta[name] for name in delta}
    gradient = _gradient(local, {name: 0.3 * own[name] + 0.7 * w[name] for name in w})
    for name in own:
        expected = own[name] - 0.1 * 0.3 * gradient[name]
        np.testing.assert_allclose(state[name], expected, atol=2e-3)  # bfloat16 products in another order
        assert np.abs(state[name] - own[name]).max() > 0


def test_apfl_uses_all_of_the_persons_own_where_the_embedding_is_frozen(make: Any) -> None:
    """It is not among the shared parameters then, and yet the person's own."""
    local = make(train=TrainConfig(learning_rate=1e-30, optimizer="sgd"), method="apfl", mixing=0.5)
    own = {name: value + 1.0 for name, value in local.start.items()}
    shared = {name: value for name, value in local.start.items() if name != "embedding.weight"}
    METHODS["apfl"].personal_model(local, shared, own)
    assert _same(local.weights(), {name: value + 0.5 for name, value in local.start.items()}, 1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("clip_norm", [1.0, 1e6])
def test_ditto_with_an_infinite_pull_is_the_shared_model(make: Any, clip_norm: float, optimizer: Any) -> None:
    """The one received, from wherever the person's own model is, by any rate."""
    config = TrainConfig(batch_messages=3, learning_rate=0.7, optimizer=optimizer, epochs=1, clip_norm=clip_norm)
    far = {name: value + 1.0 for name, value in make().start.items()}
    local, received = make(train=config, method="ditto", pull=1e30), _elsewhere(make().start, 0.05)
    assert _same(METHODS["ditto"].personal_model(local, received, far).weights(), received, 1e-6)
    assert _same(METHODS["ditto"].train(local, received, far).state, received, 1e-6)
    free = _used(make(train=config, method="ditto", pull=0.0), far)
    assert all(np.abs(free[name] - value).max() > 0.3 for name, value in make().start.items())


def test_ditto_is_pulled_to_the_shared_parameters_as_they_were_received(make: Any) -> None:
    """Against the algorithm as it is written, for one step on one batch: the gradient, then the way to w."""
    config = TrainConfig(batch_messages=len(TEXTS), learning_rate=0.1, optimizer="sgd", clip_norm=1e9)
    local = make(train=config, method="ditto", pull=5.0)
    own = _elsewhere(_shared(local), 0.05)
    received = {name: value + 0.1 for name, value in local.start.items()}
    state = METHODS["ditto"].train(local, received, own).state
    gradient = _gradient(local, own)
    for name, value in own.items():
        expected = (value - 0.1 * gradient[name] + 0.1 * 5.0 * received[name]) / (1 + 0.1 * 5.0)
        np.testing.assert_allclose(state[name], expected, atol=2e-3)


def test_ditto_sends_what_fedavg_sends(make: Any) -> None:
    assert _same(_round(make(method="ditto")).delta, _round(make(method="fedavg")).delta)


def test_per_fedavg_with_no_inner_step_is_a_plain_gradient_step(make: Any) -> None:
    config = TrainConfig(batch_messages=len(TEXTS), learning_rate=0.1, optimizer="sgd")
    meta = _round(make(train=config, method="per-fedavg", inner_rate=1e-12)).delta
    assert _same(meta, _round(make(train=config, method="fedavg")).delta, 2e-3)
    inner = _round(make(train=config, method="per-fedavg", inner_rate=1.0)).delta
    assert not _same(meta, inner, 1e-3)


def test_per_fedavg_moves_by_the_gradient_after_a_step_on_other_messages(make: Any) -> None:
    """Against the algorithm as it is written, two steps on two batches, without clipping."""
    config = TrainConfig(batch_messages=3, learning_rate=0.1, optimizer="sgd", clip_norm=1e9)
    local, twin = (make(train=config, method="per-fedavg", inner_rate=0.2) for _ in range(2))
    delta = _round(local).delta
    tries, tests = ([*batches(twin.messages, config, twin.rng)] for _ in range(2))
    w = {name: value.copy() for name, value in twin.start.items()}
    for tried, tested in zip(tries, tests, strict=True):
        first = _gradient(twin, w, tried)
        second = _gradient(twin, {name: value - 0.2 * first[name] for name, value in w.items()}, tested)
        w = {name: value - 0.1 * second[name] for name, value in w.items()}
    assert _same(delta, {name: value - twin.start[name] for name, value in w.items()}, 2e-3)


def test_a_person_steps_from_per_fedavgs_start_at_the_inner_rate(make: Any) -> None:
    """Against a step by hand, without clipping; the rate of the rounds is another."""
    config = TrainConfig(batch_messages=len(TEXTS), learning_rate=5.0, optimizer="sgd", clip_norm=1e9)
    local = make(train=config, method="per-fedavg", inner_rate=0.2)
    received = _elsewhere(local.start, 0.05)
    used = METHODS["per-fedavg"].personal_model(local, received, None).weights()
    used = {name: value.copy() for name, value in used.items()}
    gradient = _gradient(local, received)
    assert _same(used, {name: value - 0.2 * gradient[name] for name, value in received.items()}, 2e-3)
    assert not _same(used, received, 5e-3)


def test_per_fedavg_leaves_a_start_from_which_the_person_goes_on(make: Any) -> None:
    local = make(method="per-fedavg", inner_rate=0.5)
    used = _used(local)
    assert not _same(used, local.start)
    with torch.no_grad():
        after = float(piece_loss(local.model, *padded(local.messages, 64)))
        local.model.set_weights(local.start)
        assert after < float(piece_loss(local.model, *padded(local.messages, 64)))


@pytest.mark.parametrize("method", sorted(METHODS))
def test_the_same_round_twice_gives_the_same(make: Any, method: str) -> None:
    one, other = (_round(make(method=method, seed=3)) for _ in range(2))
    assert _same(one.delta, other.delta)
    assert (one.state is None) == (other.state is None)
    assert one.state is None or _same(one.state, other.state)
    assert _same(_used(make(method=method), one.state), _used(make(method=method), one.state))


def test_one_block_at_least_is_shared() -> None:
    shape = ModelConfig(vocabulary=300, width=8, layers=2, heads=1, hidden=8)
    with pytest.raises(ValueError, match="one at least must be shared"):
        personal_names(PersonalConfig(method="fedper", layers=2), shape, ())
