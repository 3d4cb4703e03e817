"""Rounds whose updates are encoded, with and without error feedback, and whose model comes in eight bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, Message

from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.federation.folders import DEVICES
from nextword.federation.records import metrics_key, update_key
from personalization.app import RESIDUALS
from server.app import run_once
from server.run_folder import RunFolder

Grids = Any
FEEDBACK = ["update.codec=rows+topk:0.1+hadamard+int4", "update.feedback=true", "update.download=int8"]
UNBIASED = ["update.codec=randomk:0.5+hadamard+int2"]


def _residuals(config: RunConfig) -> dict[str, bytes]:
    folder = Path(config.out) / DEVICES / RESIDUALS
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.safetensors")}


def _encoded(message: Message) -> list[int]:
    return [int(key.partition(".")[2]) for key in message.content if key.startswith("update.")]


@pytest.mark.parametrize("settings", [FEEDBACK, UNBIASED], ids=["feedback", "unbiased"])
@pytest.mark.parametrize("every", [1, 2])
def test_neither_nodes_nor_a_crash_change_the_weights(
    config: RunConfig, local_grid: Grids, tmp_path: Path, settings: list[str], every: int
) -> None:
    often = ["federation.rounds=5", "federation.users-per-round=9", f"federation.checkpoint-every={every}"]
    config = config.with_settings(settings + often)
    whole = run_once(config, local_grid(config, nodes=1))
    cut = config.with_settings([f"out={tmp_path / 'cut'}"])

    def crash(event: dict[str, Any]) -> None:
        if event["round"] == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # after the devices' fourth round, before the server's checkpoint of it
        run_once(cut, local_grid(cut, nodes=3), observer=crash)
    resumed = run_once(cut, local_grid(cut, nodes=2), resume=True)
    assert resumed["weights_sha256"] == whole["weights_sha256"]
    assert _residuals(cut) == _residuals(config)
    assert bool(_residuals(config)) == (settings is FEEDBACK)
    plain = config.with_settings([f"out={tmp_path / 'plain'}", "update.codec=float32", "update.feedback=false"])
    assert run_once(plain, local_grid(plain, nodes=1))["weights_sha256"] != whole["weights_sha256"]


def test_a_small_codec_learns_a_good_part_of_what_is_learned_without(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    config = config.with_settings(["federation.rounds=8"])
    small = config.with_settings([*FEEDBACK, f"out={tmp_path / 'small'}"])
    gained = []
    for run in (config, small):
        summary = run_once(run, local_grid(run, nodes=2))
        assert summary["rejected"] == 0
        before, after = (summary[f"validation_bits_per_character{when}"] for when in ("_at_start", ""))
        gained.append(before - after)
    assert gained[0] > 0.1
    assert gained[1] > 0.4 * gained[0]


def test_the_events_count_the_bytes_that_travelled(config: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    travelled: dict[str, dict[str, int]] = {}
    for name, settings in (("small", FEEDBACK), ("plain", [])):
        counted = travelled.setdefault(name, {"up": 0, "down": 0})

        def weigh(sent: Message, reply: Message, counted: dict[str, int] = counted) -> list[Message]:
            if sent.metadata.message_type == "train":
                down = sum(len(array.data) for array in sent.content.array_records["parameters"].values())
                counted["down"] += down * len(list(sent.content.config_records["task"]["users"]))
                for user in _encoded(reply):
                    record = reply.content.array_records[update_key(user)]
                    counted["up"] += sum(len(array.data) for array in record.values())
            return [reply]

        run = config.with_settings([*settings, f"out={tmp_path / name}"])
        summary = run_once(run, local_grid(run, nodes=2, tamper=weigh))
        assert (summary["upload_bytes"], summary["download_bytes"]) == (counted["up"], counted["down"])
    assert travelled["small"]["up"] < travelled["plain"]["up"] / 10
    assert travelled["small"]["down"] < travelled["plain"]["down"] / 2


def test_what_was_refused_has_travelled_too(config: RunConfig, local_grid: Grids) -> None:
    sent: list[int] = []

    def spoil(_: Message, reply: Message) -> list[Message]:
        for user in _encoded(reply):
            record = reply.content.array_records[update_key(user)]
            name = next(iter(record))
            record[name] = Array(record[name].numpy()[:-1] if user % 2 else record[name].numpy())
            sent.append(sum(len(array.data) for array in record.values()))
        return [reply]

    summary = run_once(config, local_grid(config, nodes=2, tamper=spoil))
    assert summary["rejected"] > 0 < summary["users_trained"]
    assert summary["upload_bytes"] == sum(sent)


def test_evaluation_tells_what_it_sends(config: RunConfig, local_grid: Grids) -> None:
    sent: list[int] = []

    def weigh(message: Message, reply: Message) -> list[Message]:
        if message.metadata.message_type == "evaluate":
            model = message.content.array_records["parameters"].values()
            users = list(message.content.config_records["task"]["users"])
            sent.append(sum(len(array.data) for array in model) * len(users))
        return [reply]

    run_once(config, local_grid(config, nodes=2, tamper=weigh))
    told = [e["download_bytes"] for e in RunFolder(Path(config.out)).events() if "validation_users" in e]
    assert len(told) > 1
    assert sum(told) == sum(sent) > 0


def test_an_update_that_did_not_count_leaves_no_trace_in_those_that_follow(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    everyone = ["federation.users-per-round=12", "federation.rounds=3", "federation.checkpoint-every=3"]
    config = config.with_settings(FEEDBACK + everyone)
    victim = 3

    def lost(sent: Message, reply: Message, forget: Path | None = None) -> list[Message]:
        is_second = sent.metadata.message_type == "train" and sent.content.config_records["task"]["round"] == 2
        if is_second and victim in _encoded(reply):
            for key in (update_key(victim), metrics_key(victim)):
                del reply.content[key]
            if forget:
                (forget / "users" / str(victim) / "2.safetensors").unlink()
        return [reply]

    kept = run_once(config, local_grid(config, nodes=2, tamper=lost))
    other = config.with_settings([f"out={tmp_path / 'other'}"])
    folder = Path(other.out) / DEVICES / RESIDUALS
    forgotten = run_once(other, local_grid(other, nodes=2, tamper=lambda sent, reply: lost(sent, reply, folder)))
    assert kept["rejected"] == forgotten["rejected"] == 1
    assert kept["weights_sha256"] == forgotten["weights_sha256"]
    assert RunFolder(Path(config.out)).load().accepted[victim] == 3
    counted = config.with_settings([f"out={tmp_path / 'counted'}"])
    assert run_once(counted, local_grid(counted, nodes=2))["weights_sha256"] != kept["weights_sha256"]


def test_a_device_trains_from_the_model_that_it_received(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings(["update.download=int8", "federation.rounds=1", "federation.evaluate-every=0"])
    received: list[np.ndarray] = []

    def look(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train":
            assert list(sent.content.array_records["parameters"]) == ["int8"]
            received.append(sent.content.array_records["parameters"]["int8"].numpy())
        return [reply]

    run_once(config, local_grid(config, nodes=2, tamper=look))
    assert all(np.array_equal(received[0], other) for other in received)
    start = checkpoint.load(config.model.start)[0].weights()
    final = checkpoint.load(Path(config.out) / "final")[0].weights()
    # The server's own copy was never rounded: with a step of 0.01 a parameter ends within it of where it began.
    assert max(float(np.abs(final[name] - start[name]).max()) for name in start) <= 0.0101
