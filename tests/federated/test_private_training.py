"""Rounds in which devices train privately."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Message

from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.federation.folders import DEVICES
from nextword.federation.ledger import Gaussian, epsilon
from nextword.federation.ngrams import LEVELS
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from personalization.app import ACCOUNTS, SECRETS
from personalization.spending import Account
from server.app import run_once
from server.message_privacy import MessagePrivacy
from server.run_folder import RunFolder

Grids = Any
PRIVATE = ["dpsgd.noise-multiplier=2.0", "dpsgd.sampling-rate=0.25", "dpsgd.clip-norm=0.5", "federation.rounds=3"]
METHODS = ["fedavg", "fedper", "fedrep", "adapters", "ditto"]


@pytest.fixture
def private(config: RunConfig, tmp_path: Path) -> RunConfig:
    """With two blocks, of which the upper one may be personal."""
    vocabulary = checkpoint.read(Path(config.model.start)).vocabulary
    shape = ModelConfig(len(vocabulary), width=16, layers=2, heads=2, hidden=32)
    checkpoint.save(tmp_path / "two", LanguageModel(shape).initialise(0), vocabulary)
    return config.with_settings([f"model.start={tmp_path / 'two'}", *PRIVATE])


def _accounts(config: RunConfig) -> dict[str, Account]:
    folder = Path(config.out) / DEVICES / ACCOUNTS
    return {path.stem: Account(path) for path in sorted(folder.glob("*.json"))}


@pytest.mark.parametrize("method", METHODS)
def test_the_server_works_out_what_the_device_that_was_asked_most_has_paid(
    private: RunConfig, local_grid: Grids, method: str
) -> None:
    private = private.with_settings([f"personal.method={method}", "personal.epochs=2"])
    summary = run_once(private, local_grid(private, nodes=2))
    told = summary["message_privacy"]
    spent = [account.spent(private.dpsgd.delta) for account in _accounts(private).values()]
    assert told["epsilon"] == pytest.approx(max(each.epsilon for each in spent))
    assert (told["unit"], told["rounds"]) == ("message", max(each.rounds for each in spent))
    trainings = {"fedavg": 1, "fedper": 1, "fedrep": 3, "adapters": 3, "ditto": 3}[method]
    by_hand = epsilon([Gaussian(2.0, 0.25, 4 * trainings * told["rounds"])], private.dpsgd.delta, told["accountant"])
    assert told["epsilon"] == pytest.approx(by_hand)
    rounds = [event for event in RunFolder(Path(private.out)).events() if event["event"] == "round"]
    prices = [event["message_privacy"]["epsilon"] for event in rounds]
    assert prices == sorted(prices)


def test_it_counts_whom_a_secret_draw_has_asked(private: RunConfig, local_grid: Grids) -> None:
    both = ["privacy.method=central", "privacy.noise-multiplier=1", "federation.sampling=poisson"]
    private = private.with_settings([*both, "federation.rounds=8", "federation.users-per-round=3"])
    told = run_once(private, local_grid(private, nodes=2))["message_privacy"]
    assert told["rounds"] == max(account.spent(1e-5).rounds for account in _accounts(private).values())


def _budget(config: RunConfig, asked: int) -> float:
    """Enough for whoever was asked so many times, each one's training eight steps, and not for one more."""
    costs = [epsilon([Gaussian(2.0, 0.25, 8 * times)], config.dpsgd.delta, "prv") for times in (asked, asked + 1)]
    return sum(costs) / 2


def test_a_run_stops_before_the_round_that_would_exceed_what_a_message_may_pay(
    private: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    everybody = ["client.epochs=2", "federation.users-per-round=100", "federation.evaluate-every=0"]
    private = private.with_settings([*everybody, f"dpsgd.epsilon-budget={_budget(private, 2)}"])
    summary = run_once(private, local_grid(private, nodes=2))
    told = summary["message_privacy"]
    assert (summary["rounds"], told["rounds"], told["stopped_before_round"]) == (2, 2, 3)
    stop = RunFolder(Path(private.out)).events()[-1]
    assert (stop["event"], stop["round"], stop["message_privacy"]["epsilon"]) == ("budget", 3, told["epsilon"])
    assert told["epsilon"] <= stop["epsilon_budget"] < stop["epsilon_with_this_round"]
    cut = private.with_settings([f"out={tmp_path / 'cut'}"])

    def crash(event: dict[str, Any]) -> None:
        if event["event"] == "round" and event["round"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(cut, local_grid(cut, nodes=2), observer=crash)
    resumed = run_once(cut, local_grid(cut, nodes=2), resume=True)
    assert (resumed["message_privacy"], resumed["weights_sha256"]) == (told, summary["weights_sha256"])


def test_a_device_does_not_answer_beyond_its_own_budget(
    private: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the server's own count is."""
    monkeypatch.setattr(MessagePrivacy, "affordable", lambda *_: True)
    everybody = ["client.epochs=2", "federation.users-per-round=100", "federation.evaluate-every=0"]
    private = private.with_settings([*everybody, f"dpsgd.epsilon-budget={_budget(private, 2)}"])
    run_once(private, local_grid(private, nodes=2))
    users = [event["users"] for event in RunFolder(Path(private.out)).events() if event["event"] == "round"]
    assert users[0] == users[1] > 0 == users[2]
    assert all(account.spent(1e-5).rounds == 2 for account in _accounts(private).values())


def test_a_budget_for_no_round_at_all_is_refused_with_one_that_would_do(private: RunConfig, local_grid: Grids) -> None:
    private = private.with_settings(["dpsgd.epsilon-budget=0.1"])
    with pytest.raises(ValueError, match=r"too little for one round.*set dpsgd\.epsilon-budget=\d"):
        run_once(private, local_grid(private, nodes=2))
    private = private.with_settings(["dpsgd.epsilon-budget=100"])  # and its folder is free
    assert run_once(private, local_grid(private, nodes=2))["rounds"] == 3


def test_n_grams_cost_a_message_more_than_they_cost_a_user(private: RunConfig) -> None:
    """One message more may change all places of a sketch; whether a user is there fills them, or not."""
    private = private.with_settings(["ngrams.least-users=2", "ngrams.noise=3", "dpsgd.noise-multiplier=2"])
    privacy = MessagePrivacy(private, lambda server_round: [0])
    steps = private.dpsgd.steps(private.client.epochs)
    trained, found = Gaussian(2.0, 0.25, steps), Gaussian(3 / math.sqrt(2), 1.0, LEVELS)
    assert privacy.after(1).epsilon == pytest.approx(epsilon([trained], private.dpsgd.delta, "prv"))
    assert privacy.after(1, ngrams=True).epsilon == pytest.approx(epsilon([trained, found], private.dpsgd.delta, "prv"))


def test_nothing_without_noise_travels_but_how_many_messages(private: RunConfig, local_grid: Grids) -> None:
    private = private.with_settings(["federation.evaluate-every=0", "dpsgd.secure=true"])
    told: list[dict[str, Any]] = []

    def listen(sent: Message, reply: Message) -> list[Message]:
        records = reply.content.metric_records
        told.extend(dict(records[key]) for key in records)
        return [reply]

    grid = local_grid(private, nodes=2, tamper=listen)
    run_once(private, grid)
    assert {(row["num-pieces"], row["bits-per-piece"]) for row in told} == {(0, 0.0)}
    assert {key for row in told for key in row} == {"round", "num-messages", "num-pieces", "bits-per-piece", "cluster"}
    rounds = [event for event in RunFolder(Path(private.out)).events() if event["event"] == "round"]
    assert {event["train_bits_per_piece"] for event in rounds} == {None}
    wire = b"\n".join(grid.wire)
    keys = [path.read_bytes() for path in (Path(private.out) / DEVICES / SECRETS).glob("*")]
    assert len(set(keys)) == len(keys) > 3
    assert not any(key in wire for key in keys)
    assert b"epsilon" not in wire


@pytest.mark.parametrize("secure", ["false", "true"])
def test_a_crash_pays_once_and_ends_where_the_unbroken_run_would(
    private: RunConfig, local_grid: Grids, tmp_path: Path, secure: str
) -> None:
    private = private.with_settings([f"dpsgd.secure={secure}"])
    whole = private.with_settings([f"out={tmp_path / 'whole'}"])

    def stop_in_the_third(event: dict[str, Any]) -> None:
        if event["event"] == "round" and event["round"] == 3:
            raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        run_once(private, local_grid(private, nodes=2), observer=stop_in_the_third)
    before = {user: account.spent(1e-5) for user, account in _accounts(private).items()}
    secrets = {path.name: path.read_bytes() for path in (Path(private.out) / DEVICES / SECRETS).glob("*")}
    summary = run_once(private, local_grid(private, nodes=2), resume=True)
    assert {user: account.spent(1e-5) for user, account in _accounts(private).items()} == before
    assert len(set(secrets.values())) == len(secrets) == (len(before) if secure == "true" else 0)
    if secure == "false":
        assert run_once(whole, local_grid(whole, nodes=2))["weights_sha256"] == summary["weights_sha256"]
    else:  # the third round is done twice, with the same noise
        assert {path.name: path.read_bytes() for path in (Path(private.out) / DEVICES / SECRETS).glob("*")} == secrets


def test_a_round_again_from_other_parameters_is_paid_again(tmp_path: Path) -> None:
    account, released = Account(tmp_path / "1.json"), [Gaussian(1.0, 0.1, 10)]
    account.add(1, "aa", released)
    assert account.path.stat().st_mode & 0o077 == 0
    once = account.spent(1e-5)
    account.add(1, "aa", released)
    assert account.spent(1e-5) == once
    account.add(1, "bb", released)
    twice = account.spent(1e-5)
    assert twice.rounds == 2
    assert twice.epsilon == pytest.approx(epsilon([Gaussian(1.0, 0.1, 20)], 1e-5, "prv"))


@pytest.mark.parametrize("method", ["fedper", "fedrep", "adapters"])
def test_a_server_that_asks_out_of_turn_meets_fresh_noise_and_is_counted(
    private: RunConfig, local_grid: Grids, method: str
) -> None:
    """What the device kept of the round in between is another beginning; without one it is the same."""
    loud = ["dpsgd.noise-multiplier=500", "dpsgd.secure=true"]
    private = private.with_settings([f"personal.method={method}", *loud])
    grid = local_grid(private, nodes=1)
    paid: list[int] = []
    updates: list[np.ndarray] = []
    for server_round in (10, 10, 5, 10):
        update = grid.ask(9, server_round).content.array_records["update.9"]
        updates.append(np.concatenate([array.numpy().view(np.float32).ravel() for array in update.values()]))
        paid.append(_accounts(private)["9"].spent(1e-5).rounds)
    assert paid == [1, 1, 2, 3]
    assert np.array_equal(updates[0], updates[1])
    assert abs(np.corrcoef(updates[0], updates[3])[0, 1]) < 0.1


def test_secret_noise_is_another_in_a_round_that_begins_with_the_same_parameters(
    private: RunConfig, local_grid: Grids
) -> None:
    grid = local_grid(private.with_settings(["dpsgd.noise-multiplier=500", "dpsgd.secure=true"]), nodes=1)
    updates = []
    for server_round in (1, 1, 2):
        update = grid.ask(9, server_round).content.array_records["update.9"]
        updates.append(np.concatenate([array.numpy().view(np.float32).ravel() for array in update.values()]))
    assert np.array_equal(updates[0], updates[1])
    assert abs(np.corrcoef(updates[0], updates[2])[0, 1]) < 0.1


@pytest.mark.parametrize("secure", ["false", "true"])
def test_noise_is_another_for_each_user_and_round(private: RunConfig, local_grid: Grids, secure: str) -> None:
    """So much of it that an update is nothing else. Of 8,000 numbers a correlation is beyond 0.1 once in 10^18."""
    loud = private.with_settings(["dpsgd.noise-multiplier=500", "client.epochs=1", f"dpsgd.secure={secure}"])
    updates: list[np.ndarray] = []

    def listen(sent: Message, reply: Message) -> list[Message]:
        records = reply.content.array_records
        updates.extend(np.concatenate([array.numpy().ravel() for array in records[key].values()]) for key in records)
        return [reply]

    run_once(loud, local_grid(loud, nodes=2, tamper=listen))
    assert len(updates) == 3 * loud.federation.users_per_round
    assert len(updates[0]) > 8000
    assert np.abs(np.corrcoef(updates) - np.eye(len(updates))).max() < 0.1


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (["personal.method=per-fedavg", "client.optimizer=sgd"], "personal.method=fedavg"),
        (["personal.method=fedrep", "dpsgd.parts=shared"], "dpsgd.parts=all"),
        (["clusters.number=2", "clusters.warm-rounds=1"], "clusters.number=1"),
        (["ngrams.least-users=2"], "ngrams.noise=1"),
        (["federation.checkpoint-every=2"], "federation.checkpoint-every=1"),
        (["dpsgd.noise-multiplier=0", "dpsgd.epsilon-budget=3"], "dpsgd.noise-multiplier=1"),
    ],
)
def test_what_cannot_be_accounted_is_refused_with_what_can(settings: list[str], wanted: str) -> None:
    with pytest.raises(ValueError, match=wanted):
        RunConfig().with_settings([*PRIVATE, *settings])


def test_an_account_that_is_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps([])[:1])
    with pytest.raises(ValueError, match="cannot be read"):
        Account(path).spent(1e-5)
