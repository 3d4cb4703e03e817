"""The laws of a round, on a grid in this process."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch
from flwr.app import ConfigRecord, Context, Error, Message, RecordDict

from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.text import normalise, tokens
from nextword.training import TrainConfig, fit
from personalization import app as client
from personalization import device
from personalization.methods import Local
from server import app as server
from server import optimizers
from server.app import run_once
from server.run_folder import RunFolder
from server.strategy import FederatedTraining, Homes, to_arrays

Grids = Any
MODEL = to_arrays({"w": np.zeros(1, np.float32)})


def _with(config: RunConfig, **settings: Any) -> RunConfig:
    return config.with_settings(f"{key.replace('__', '.').replace('_', '-')}={x}" for key, x in settings.items())


def _weights(config: RunConfig) -> dict[str, np.ndarray]:
    return safetensors.numpy.load_file(Path(config.out) / "final" / "model.safetensors")


@pytest.mark.parametrize("weighting", ["messages", "users"])
def test_a_round_through_flower_equals_a_round_by_hand(
    config: RunConfig, people: tuple[Any, ...], local_grid: Grids, weighting: str
) -> None:
    config = _with(config, federation__rounds=1, federation__weighting=weighting, client__prox=0.1)
    run_once(config, local_grid(config, nodes=3))
    sample = np.random.default_rng([config.seed, 1, 1]).choice(len(people), 6, replace=False)
    start = None
    rows: list[tuple[dict[str, np.ndarray], int]] = []
    for user in sample:
        model, vocabulary = checkpoint.load(Path(config.model.start))
        start = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}
        messages = [vocabulary.encode(normalise(text)) for text in people[user].train[-300:]]
        rng = device.generator(config.seed, 1, people[user].user)
        fit(model, messages, TrainConfig(learning_rate=0.01, prox=0.1), rng)
        delta = {name: p.detach().numpy() - start[name] for name, p in model.named_parameters()}
        rows.append((delta, len(messages) if weighting == "messages" else 1))
    assert start is not None
    total = sum(weight for _, weight in rows)
    exact = {
        name: sum(np.rint(np.float64(delta[name]) * weight * 2.0**32) for delta, weight in rows) / (2.0**32 * total)
        for name in start
    }
    optimizer = optimizers.make(config.server, config.federation.rounds)
    expected = optimizer.step(start, {n: x.astype(np.float32) for n, x in exact.items()}, 1)
    got = _weights(config)
    assert set(got) == set(expected)
    assert all(np.array_equal(got[name], expected[name]) for name in expected)
    name = "norm.weight"
    plain = sum(Fraction(float(delta[name][0])) * weight for delta, weight in rows) / total
    assert float(exact[name][0]) == pytest.approx(float(plain), abs=1e-9)
    assert not np.array_equal(got["embedding.weight"], start["embedding.weight"])


def test_how_users_are_spread_over_nodes_changes_nothing(
    config: RunConfig, people: tuple[Any, ...], local_grid: Grids, tmp_path: Path
) -> None:
    runs = {}
    for users_per_node, nodes in [(1, len(people)), (3, -(-len(people) // 3)), (0, 2), (len(people), 1)]:
        out = tmp_path / f"{users_per_node}-{nodes}"
        spread = _with(config, out=out, federation__users_per_node=users_per_node)
        runs[nodes] = run_once(spread, local_grid(spread, nodes=nodes))
        runs[nodes]["events"] = [
            {key: value for key, value in event.items() if key not in ("seconds", "messages")}
            for event in RunFolder(out).events()
        ]
    first = runs[1]
    for run in runs.values():
        assert run["weights_sha256"] == first["weights_sha256"]
        assert run["events"] == first["events"]
    assert len(first["events"]) == 6
    assert first["rejected"] == 0


def test_another_seed_gives_other_weights(config: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    other = _with(config, seed=6, out=tmp_path / "other")
    mine, theirs = run_once(config, local_grid(config, nodes=2)), run_once(other, local_grid(other, nodes=2))
    assert mine["weights_sha256"] != theirs["weights_sha256"]


def test_too_few_nodes_for_everyone_is_refused(config: RunConfig, local_grid: Grids) -> None:
    crowded = _with(config, federation__users_per_node=2)
    with pytest.raises(ValueError, match=r"3 nodes host 6 of 12 users.*users-per-node=0"):
        run_once(crowded, local_grid(crowded, nodes=3))


def test_flowers_context_brings_both_sides_the_same_settings(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    in_hand = run_once(config, local_grid(config, nodes=2))
    config = _with(config, out=tmp_path / "flwr")
    grid = local_grid(config, nodes=2, app=client.app)
    server.app(grid, Context(7, 0, {}, RecordDict(), config.to_flat()))
    summary = RunFolder(tmp_path / "flwr").summary()
    assert summary is not None
    assert summary["weights_sha256"] == in_hand["weights_sha256"]


def test_a_run_goes_on_with_what_it_began_with_or_not_at_all(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    def crash(event: dict[str, Any]) -> None:
        if event["round"] == 1:
            raise KeyboardInterrupt

    def resume(people: str | None) -> dict[str, Any]:
        return run_once(config, local_grid(config, nodes=2), resume=True, participants=people)

    with pytest.raises(KeyboardInterrupt):
        run_once(config, local_grid(config, nodes=2), observer=crash, participants="ann, bob")
    with pytest.raises(ValueError, match="people of this run's corpus have changed"):
        resume("ann, bob, cyd")
    with RunFolder(Path(config.out)).locked(), pytest.raises(ValueError, match="another process"):
        resume("ann, bob")
    model, vocabulary = checkpoint.load(config.model.start)
    before = Path(config.model.start)
    config = _with(config, model__start=tmp_path / "start")
    checkpoint.save(tmp_path / "start", model.initialise(1), vocabulary)
    with pytest.raises(ValueError, match="model that this run began with has changed"):
        resume("ann, bob")
    config = _with(config, model__start=before)
    assert resume("ann, bob")["rounds"] == 3


def test_a_run_whose_settings_are_incomplete_is_not_gone_on_with(config: RunConfig, tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", config)
    assert folder.config() == config
    path = tmp_path / "run" / "config.toml"
    path.write_text(path.read_text().replace('weighting = "users"\n', ""))
    with pytest.raises(ValueError, match=r"before federation\.weighting was a setting"):
        RunFolder.reopen(tmp_path / "run")


def test_the_same_people_are_measured_in_every_round(config: RunConfig) -> None:
    strategy = FederatedTraining(config, Homes(dict.fromkeys(range(50), 0), tuple(range(50))))
    asked = [
        [message.content.config_records["task"]["users"] for message in messages]
        for messages in (
            strategy.configure_evaluate(server_round, MODEL, ConfigRecord(), None) for server_round in (0, 3)
        )
    ]
    assert asked[0] == asked[1]
    assert len(asked[0]) == 4


@pytest.mark.parametrize("stop_after", [0, 1, 2, 3])
def test_a_run_cut_off_between_event_and_checkpoint_resumes_to_identical_weights(
    config: RunConfig, local_grid: Grids, tmp_path: Path, stop_after: int
) -> None:
    whole = run_once(config, local_grid(config, nodes=2))
    cut = _with(config, out=tmp_path / "cut")

    def crash(event: dict[str, Any]) -> None:
        if event["round"] == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(cut, local_grid(cut, nodes=2), observer=crash)
    with (tmp_path / "cut" / "events.jsonl").open("a") as file:
        file.write('{"event": "round", "rou')  # a line that was being written
    resumed = run_once(cut, local_grid(cut, nodes=2), resume=True)
    assert resumed["weights_sha256"] == whole["weights_sha256"]
    told = [(event["event"], event["round"]) for event in RunFolder(tmp_path / "cut").events()]
    assert told == [("start", 0), ("round", 1), ("round", 2), ("evaluation", 2), ("round", 3), ("evaluation", 3)]
    assert resumed["upload_bytes"] == whole["upload_bytes"]


def test_a_run_cut_off_between_checkpoint_and_evaluation_makes_up_for_it(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    whole = run_once(config, local_grid(config, nodes=2))
    cut = _with(config, out=tmp_path / "cut")

    def crash(event: dict[str, Any]) -> None:
        if event["event"] == "evaluation":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(cut, local_grid(cut, nodes=2), observer=crash)
    events = tmp_path / "cut" / "events.jsonl"
    lines = events.read_text().splitlines(keepends=True)
    assert json.loads(lines[-1])["event"] == "evaluation"
    events.write_text("".join(lines[:-1]))  # as if it had not been told
    resumed = run_once(cut, local_grid(cut, nodes=2), resume=True)
    told, expected = (RunFolder(at).events() for at in (tmp_path / "cut", Path(config.out)))
    assert [_timeless(event) for event in told] == [_timeless(event) for event in expected]
    assert resumed["weights_sha256"] == whole["weights_sha256"]


@pytest.mark.parametrize("rounds", [2, 3])
def test_whom_an_evaluation_does_not_reach_is_asked_and_told_once(
    config: RunConfig, local_grid: Grids, rounds: int
) -> None:
    """Due after round 2, and after the last; nobody answers but at the start."""
    asked: list[int] = []

    def mute(sent: Message, reply: Message) -> list[Message]:
        task = sent.content.config_records.get("task")
        if sent.metadata.message_type != "evaluate" or not task["round"]:
            return [reply]
        asked.append(task["round"])
        return [Message(Error(1, "away"), reply_to=sent)]

    config = _with(config, federation__rounds=rounds)
    run_once(config, local_grid(config, nodes=1, tamper=mute))
    told = Counter(event["round"] for event in RunFolder(Path(config.out)).events() if event["event"] == "rejected")
    assert told == dict.fromkeys(range(2, rounds + 1), 4)
    assert asked == sorted(asked)
    assert set(asked) == set(told)


def _timeless(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != "seconds"}


def test_no_text_and_no_user_id_in_any_message(config: RunConfig, people: tuple[Any, ...], local_grid: Grids) -> None:
    grid = local_grid(config, nodes=3)
    run_once(config, grid)
    wire = b"\n".join(grid.wire)
    assert len(grid.wire) >= 2 * 3
    assert b"num-messages" in wire  # the search below reads what was sent
    rows = [json.loads(line) for line in Path(config.corpus.name).read_text().splitlines()]
    words = {word for row in rows for word in tokens(row["text"]) if len(word) >= 6}
    assert len(words) > 20
    for secret in {row["text"] for row in rows} | {row["user"] for row in rows} | words:
        assert secret.encode() not in wire
    assert config.corpus.name.encode() not in wire
    assert config.model.start.encode() not in wire


def test_only_a_few_messages_are_under_way(config: RunConfig, people: tuple[Any, ...], local_grid: Grids) -> None:
    alone = _with(config, federation__users_per_node=1, federation__workers=2, federation__users_per_round=12)
    grid = local_grid(alone, nodes=len(people))
    run_once(alone, grid)
    assert 1 <= grid.most_outstanding <= 4


def test_a_large_round_travels_in_small_messages(config: RunConfig) -> None:
    population = 3000
    config = _with(config, federation__users_per_round=500)
    homes = Homes({user: user // 750 for user in range(population)}, ())
    strategy = FederatedTraining(config, homes)
    asked = [
        message.content.config_records["task"]["users"]
        for message in strategy.configure_train(1, MODEL, ConfigRecord(), None)
    ]
    users = [user for chunk in asked for user in chunk]
    assert len(users) == len(set(users)) == 500
    assert max(len(chunk) for chunk in asked) <= 8


def test_training_does_not_touch_the_messages_held_back(people: tuple[Any, ...]) -> None:
    for split in people:
        whole = device.contribution(split, hold_back=False)
        assert whole == split.history[-300:]
        assert not set(whole) & set(split.test)
        used = device.contribution(split, hold_back=True)
        assert not set(used) & (set(split.validation) | set(split.test))
        assert len(used) <= 300
        assert used == split.history[: len(split.history) - len(split.validation)][-300:]
    assert max(len(device.contribution(split, hold_back=True)) for split in people) == 300


def test_fedprox_holds_an_update_near_the_start(config: RunConfig, people: tuple[Any, ...]) -> None:
    torch.set_num_threads(1)
    model, vocabulary = checkpoint.load(Path(config.model.start))
    start = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}

    def delta(**settings: Any) -> np.ndarray:
        client = config.client.model_copy(update=settings)
        local = Local(model, start, (), device.train_config(client), config.personal, device.generator(0, 1, "u"))
        return device.train_user(local, vocabulary, people[-1].train, start).delta["embedding.weight"]

    near, far = np.linalg.norm(delta(prox=100.0)), np.linalg.norm(delta())
    assert near < far
