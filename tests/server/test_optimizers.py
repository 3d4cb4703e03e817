"""Server optimizers compute what Flower's strategies of the same names compute."""

from __future__ import annotations

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.serverapp import strategy as flower

from nextword.federation.config import ServerConfig
from server import optimizers

RATE, BETA1, BETA2, TAU = 0.3, 0.8, 0.95, 0.01
FLOWERS = {
    "fedavg": lambda: flower.FedAvg(),
    "fedavgm": lambda: flower.FedAvgM(server_learning_rate=RATE, server_momentum=0.7),
    "fedadam": lambda: flower.FedAdam(eta=RATE, beta_1=BETA1, beta_2=BETA2, tau=TAU),
    "fedyogi": lambda: flower.FedYogi(eta=RATE, beta_1=BETA1, beta_2=BETA2, tau=TAU),
}


class _NoNodes:
    """Flower's strategies sample nodes before a round; here they need none."""

    def get_node_ids(self) -> list[int]:
        return [1, 2]


def _reply(parameters: np.ndarray) -> Message:
    asked = Message(RecordDict(), 1, "train")
    record = ArrayRecord({"w": Array(parameters)})
    return Message(RecordDict({"arrays": record, "m": MetricRecord({"num-examples": 1})}), reply_to=asked)


@pytest.mark.parametrize("name", list(FLOWERS))
def test_four_rounds_equal_flowers(name: str) -> None:
    rng = np.random.default_rng(0)
    rate = 1.0 if name == "fedavg" else RATE
    config = ServerConfig(
        optimizer=name,
        learning_rate=rate,
        schedule="constant",
        momentum=0.7,
        beta1=BETA1,
        beta2=BETA2,
        tau=TAU,
    )
    ours, theirs = optimizers.make(config, 4), FLOWERS[name]()
    x = rng.normal(size=(3, 4)).astype(np.float32)
    parameters, arrays = {"w": x}, ArrayRecord({"w": Array(x)})
    for server_round in range(1, 5):
        delta = rng.normal(0, 0.1, size=(3, 4)).astype(np.float32)
        parameters = ours.step(parameters, {"w": delta}, server_round)
        list(theirs.configure_train(server_round, arrays, ConfigRecord(), _NoNodes()))
        current = next(iter(arrays.values())).numpy()
        stepped, _ = theirs.aggregate_train(server_round, [_reply(current + delta), _reply(current + delta)])
        assert stepped is not None
        arrays = stepped
        np.testing.assert_allclose(parameters["w"], arrays["w"].numpy(), rtol=2e-5, atol=1e-6)
        assert parameters["w"].dtype == np.float32


@pytest.mark.parametrize("name", list(FLOWERS))
def test_going_on_from_saved_state_changes_no_bit(name: str) -> None:
    rng = np.random.default_rng(1)
    config = ServerConfig(optimizer=name)
    deltas = [{"w": rng.normal(0, 0.1, 5).astype(np.float32)} for _ in range(4)]
    whole, parameters = optimizers.make(config, 4), {"w": np.ones(5, np.float32)}
    for server_round, delta in enumerate(deltas, 1):
        parameters = whole.step(parameters, delta, server_round)
    first, resumed = optimizers.make(config, 4), {"w": np.ones(5, np.float32)}
    for server_round, delta in enumerate(deltas[:2], 1):
        resumed = first.step(resumed, delta, server_round)
    second = optimizers.make(config, 4)
    second.state = first.state
    for server_round, delta in enumerate(deltas[2:], 3):
        resumed = second.step(resumed, delta, server_round)
    assert np.array_equal(parameters["w"], resumed["w"])


def test_a_cosine_schedule_starts_at_the_rate_and_falls_to_almost_nothing() -> None:
    config = ServerConfig(optimizer="fedavg", learning_rate=0.5, schedule="cosine")
    optimizer = optimizers.make(config, 10)
    steps = [
        float(optimizer.step({"w": np.zeros(1, np.float32)}, {"w": np.ones(1, np.float32)}, t)["w"][0])
        for t in range(1, 11)
    ]
    assert steps[0] == 0.5
    assert steps == sorted(steps, reverse=True)
    assert 0 < steps[-1] < 0.02
    assert sum(steps) / 10 == pytest.approx(0.25 + 0.5 / 20)


@pytest.mark.parametrize(("name", "rate"), [("fedavg", 1.0), ("fedavgm", 1.0), ("fedadam", 0.01), ("fedyogi", 0.01)])
def test_a_rate_of_zero_means_the_optimizers_own(name: str, rate: float) -> None:
    config = ServerConfig(optimizer=name, learning_rate=0, schedule="constant")
    assert optimizers.make(config, 4).rate(1) == config.rate == rate
    assert optimizers.make(config.model_copy(update={"learning_rate": 0.3}), 4).rate(1) == 0.3
