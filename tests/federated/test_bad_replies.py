"""Whatever a device sends, the round goes on without it, and the log says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from flwr.common.constant import SUPERLINK_NODE_ID

from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.federation.records import metrics_key, update_key
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from personalization import app as client
from personalization import device, ngram_counts
from personalization.methods import Local
from scripts.simulate import _describe, _readable
from server import strategy
from server.app import run_once
from server.run_folder import RunFolder
from server.strategy import to_arrays

Grids = Any
Spoil = Callable[[Message, int], None]


def _update(message: Message, user: int) -> ArrayRecord:
    return message.content.array_records[update_key(user)]


def _set(message: Message, user: int, change: Callable[[np.ndarray], np.ndarray]) -> None:
    record = _update(message, user)
    record["float32"] = Array(change(record["float32"].numpy().copy()))


def _poke(value: float) -> Spoil:
    def spoil(message: Message, user: int) -> None:
        def change(array: np.ndarray) -> np.ndarray:
            array.view(np.float32)[-1] = value
            return array

        _set(message, user, change)

    return spoil


def _metric(key: str, value: float | int) -> Spoil:
    def spoil(message: Message, user: int) -> None:
        message.content.metric_records[metrics_key(user)][key] = value

    return spoil


def _raw(data: bytes) -> Spoil:
    def spoil(message: Message, user: int) -> None:
        _update(message, user)["float32"] = Array("uint8", (2,), "numpy.ndarray", data)

    return spoil


SPOILS: dict[str, tuple[Spoil, str]] = {
    "nan": (_poke(np.nan), "not finite"),
    "infinite": (_poke(-np.inf), "not finite"),
    "absurd magnitude": (_poke(1e6), "changes by more"),
    "wrong size": (lambda m, u: _set(m, u, lambda x: x[:-4]), "are not"),
    "wrong type": (lambda m, u: _set(m, u, lambda x: x.view(np.float32)), "not bytes"),
    "missing part": (lambda m, u: _update(m, u).pop("float32"), "parts of the message"),  # type: ignore[dict-item]
    "unknown part": (lambda m, u: _update(m, u).update(new=Array(np.ones(2))), "parts of the message"),
    "no update": (lambda m, u: m.content.pop(update_key(u)), "KeyError"),  # type: ignore[dict-item]
    "no numbers": (lambda m, u: m.content.pop(metrics_key(u)), "KeyError"),  # type: ignore[dict-item]
    "pickle": (_raw(b"\x80\x04cos\nsystem\n."), "Error"),
    "cut off": (_raw(b"\x93NUMPY\x01\x00v\x00"), "Error"),
    "oversize": (_raw(b"\0" * 10_000_000), "an update of"),
    "huge weight": (_metric("num-messages", 10**6), "num-messages"),
    "negative weight": (_metric("num-messages", -1), "num-messages"),
    "weight no whole number": (_metric("num-messages", 1.5), "num-messages"),
    "bits not a number": (_metric("bits-per-piece", float("nan")), "bits-per-piece"),
    "extra number": (_metric("text-length", 3), "missing or unknown"),
    "more pieces than its messages": (_metric("num-pieces", 10**9), "more than its messages can have"),
    "of another round": (_metric("round", 7), "numbers of round 7, not of round 1"),
}


@pytest.mark.parametrize("name", list(SPOILS))
def test_a_spoiled_update_is_rejected_as_if_the_user_had_not_been_there(
    config: RunConfig, local_grid: Grids, tmp_path: Path, name: str
) -> None:
    spoil, reason = SPOILS[name]
    config = config.with_settings(["federation.rounds=1", "federation.evaluate-every=0"])
    victim: list[int] = []

    def spoiled(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train" and not victim:
            victim.append(_users(reply)[0])
            spoil(reply, victim[0])
        return [reply]

    def silent(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train" and victim[0] in _users(reply):
            reply.content.pop(update_key(victim[0]))
            reply.content.pop(metrics_key(victim[0]))
        return [reply]

    bad = run_once(config, local_grid(config, nodes=2, tamper=spoiled))
    without = config.with_settings([f"out={tmp_path / 'without'}"])
    good = run_once(without, local_grid(without, nodes=2, tamper=silent))
    assert bad["weights_sha256"] == good["weights_sha256"]
    assert bad["rejected"] == good["rejected"] == 1
    event = next(event for event in RunFolder(Path(config.out)).events() if event["event"] == "rejected")
    assert event["user"] == victim[0]
    assert reason in event["reason"]


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ({"bits": 1e12, "num-pieces": 1}, "bits is more than its pieces can cost"),
        ({"bits": 1e12, "num-pieces": 10**9}, "num-pieces is more than its characters can have"),
        ({"num-characters": 0}, "num-pieces is more than its characters can have"),
    ],
)
def test_one_device_cannot_write_the_mean_of_an_evaluation(
    config: RunConfig, local_grid: Grids, numbers: dict[str, float], reason: str
) -> None:
    asked = ["federation.rounds=1", "federation.evaluate-every=1"]
    config = config.with_settings(asked)
    liars: list[int] = []

    def lie(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "evaluate":
            liars.extend(_users(reply)[: not liars])
            if liars[0] in _users(reply):
                reply.content.metric_records[metrics_key(liars[0])].update(numbers)
        return [reply]

    summary = run_once(config, local_grid(config, nodes=2, tamper=lie))
    assert 0 < summary["validation_bits_per_character"] < 12
    told = [event for event in RunFolder(Path(config.out)).events() if event["event"] == "rejected"]
    assert {event["user"] for event in told} == set(liars)
    assert all(reason in event["reason"] for event in told)


def test_what_a_device_sent_in_a_round_before_does_not_count(config: RunConfig, local_grid: Grids) -> None:
    everybody = ["federation.users-per-round=12", "federation.rounds=2", "federation.evaluate-every=0"]
    config = config.with_settings(everybody)
    before: dict[str, Any] = {}

    def again(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train":
            for key in [*reply.content]:
                reply.content[key] = before.setdefault(key, reply.content[key])
        return [reply]

    run_once(config, local_grid(config, nodes=2, tamper=again))
    events = RunFolder(Path(config.out)).events()
    assert [event["users"] for event in events if event["event"] == "round"] == [12, 0]
    assert all("numbers of round 1, not of round 2" in e["reason"] for e in events if e["event"] == "rejected")


def test_what_a_device_says_does_not_reach_the_terminal_as_orders(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings(["federation.rounds=1", "federation.evaluate-every=0"])

    def forge(sent: Message, reply: Message) -> list[Message]:
        told = Error(1, "\x1b]0;owned\x1b[2Jline\nnext")
        return [Message(told, reply_to=sent)] if sent.metadata.message_type == "train" else [reply]

    run_once(config, local_grid(config, nodes=2, tamper=forge))
    told = {e["reason"] for e in RunFolder(Path(config.out)).events() if e["event"] == "rejected"}
    assert told == {"no usable reply (\ufffd]0;owned\ufffd[2Jline\ufffdnext)"}


def test_a_reply_twice_and_a_strangers_update_count_once(config: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    config = config.with_settings(["federation.rounds=1", "federation.evaluate-every=0"])

    def doubled(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type != "train":
            return [reply]
        user = _users(reply)[0]
        stranger = next(other for other in range(12) if other != user)
        reply.content[update_key(99)] = _update(reply, user)
        reply.content[update_key(stranger + 100)] = _update(reply, user)
        return [reply, reply]

    bad = run_once(config, local_grid(config, nodes=2, tamper=doubled))
    plain = config.with_settings([f"out={tmp_path / 'plain'}"])
    assert bad["weights_sha256"] == run_once(plain, local_grid(plain, nodes=2))["weights_sha256"]
    assert bad["users_trained"] == 6
    rejected = [event for event in RunFolder(Path(config.out)).events() if event["event"] == "rejected"]
    assert all(" users who were not asked of it, or twice" in event["reason"] for event in rejected)
    assert not any("user" in event for event in rejected)


def test_a_reply_of_many_made_up_names_is_one_line_of_the_log(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings(["federation.rounds=1", "federation.evaluate-every=0"])

    def crowd(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train" and reply.metadata.src_node_id == 1000:
            for number in range(300):
                reply.content[metrics_key(10**6 + number)] = MetricRecord({"a": 1})
        return [reply]

    grid = local_grid(config, nodes=2, tamper=crowd)
    summary = run_once(config, grid)
    rejected = [event for event in RunFolder(Path(config.out)).events() if event["event"] == "rejected"]
    assert summary["users_trained"] == 6
    assert 1 <= len(rejected) <= 6  # of as many replies as name somebody
    assert {event["reason"] for event in rejected} == {
        "node 1000 speaks of 300 users who were not asked of it, or twice"
    }


def test_everybody_is_told_their_own_nodes_reason_or_flowers(config: RunConfig, local_grid: Grids) -> None:
    everybody = ["federation.users-per-round=12", "federation.rounds=1", "federation.evaluate-every=0"]
    config = config.with_settings(everybody)

    def away(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type != "train" or sent.metadata.dst_node_id == 1000:
            return [reply]
        gone = Message(Error(1, f"gone {sent.metadata.dst_node_id}"), reply_to=sent)
        if sent.metadata.dst_node_id == 1014:  # Flower answers for a node that it cannot reach
            gone = Message(Error(3, "unreachable"), reply_to=sent)
            gone.metadata.__dict__["_src_node_id"] = SUPERLINK_NODE_ID
        return [gone]

    run_once(config, local_grid(config, nodes=3, tamper=away))
    told = {e["user"]: e["reason"] for e in RunFolder(Path(config.out)).events() if e["event"] == "rejected"}
    assert told == {
        **dict.fromkeys(range(4, 8), "no usable reply (gone 1007)"),
        **dict.fromkeys(range(8, 12), "no usable reply (unreachable)"),
    }


def test_a_node_cannot_speak_for_a_user_of_another(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings(["federation.rounds=1", "federation.evaluate-every=0"])

    def posing(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train":
            reply.metadata.__dict__["_src_node_id"] = 1000 if reply.metadata.src_node_id == 1007 else 1007
        return [reply]

    summary = run_once(config, local_grid(config, nodes=2, tamper=posing))
    assert summary["users_trained"] == 0


HOMES: dict[str, tuple[dict[str, Any], str]] = {
    "everybody, others' users too": ({"first": 0, "users": 12}, "nodes 1007 and 1000|nodes 1000 and 1007"),
    "beyond the last": ({"first": 7}, "node 1007 .* 6 users from 7 of 12"),
    "below zero": ({"first": -6}, "node 1007 .* 6 users from -6"),
    "fewer than none": ({"users": -1}, "node 1007 .* -1 users"),
    "endlessly many": ({"users": 2**62, "population": 2**62 + 6}, "node 1007"),
    "another population": ({"population": 13}, "1000 of 12 and 1007 of 13"),
    "some nowhere": ({"first": 7, "users": 5, "evaluated": []}, "2 nodes host 11 of 12 users"),
    "strangers evaluated": ({"evaluated": [0]}, "node 1007"),
    "evaluated twice": ({"evaluated": [7, 7]}, "node 1007"),
    "not whole": ({"users": 5.5}, "node 1007"),
    "not even a list": ({"evaluated": 7}, "node 1007"),
}


@pytest.mark.parametrize("name", list(HOMES))
def test_homes_that_cannot_be_are_refused_and_the_nodes_named(config: RunConfig, local_grid: Grids, name: str) -> None:
    claim, line = HOMES[name]

    def lie(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "query" and sent.metadata.dst_node_id == 1007:
            reply.content.config_records["home"].update(claim)
        return [reply]

    with pytest.raises(ValueError, match=line) as caught:
        run_once(config, local_grid(config, nodes=2, tamper=lie))
    assert "\n" not in str(caught.value)


def test_a_round_without_any_usable_update_changes_nothing(config: RunConfig, local_grid: Grids) -> None:
    def failing(sent: Message, reply: Message) -> list[Message]:
        return [reply] if sent.metadata.message_type == "query" else [Message(Error(1, "gone"), reply_to=sent)]

    summary = run_once(config, local_grid(config, nodes=2, tamper=failing))
    rounds = [event for event in RunFolder(Path(config.out)).events() if event["event"] == "round"]
    assert [event["users"] for event in rounds] == [0, 0, 0]
    assert [event["rejected"] for event in rounds] == [6, 6, 6]
    assert summary["train_bits_per_piece"] is None
    start, final = (Path(folder, "model.safetensors") for folder in (config.model.start, Path(config.out) / "final"))
    assert start.read_bytes() == final.read_bytes()


def test_of_a_private_round_that_nobody_answers_no_bits_are_told(config: RunConfig, local_grid: Grids) -> None:
    """The model moves by the noise all the same."""

    def failing(sent: Message, reply: Message) -> list[Message]:
        return [Message(Error(1, "gone"), reply_to=sent)] if sent.metadata.message_type == "train" else [reply]

    config = config.with_settings(["privacy.method=central"])
    summary = run_once(config, local_grid(config, nodes=2, tamper=failing))
    rounds = [event for event in RunFolder(Path(config.out)).events() if event["event"] == "round"]
    assert [(event["users"], event["train_bits_per_piece"]) for event in rounds] == [(0, None)] * 3
    assert summary["train_bits_per_piece"] is None
    assert [_describe(event).count("bits") for event in rounds] == [0, 0, 0]


def test_what_the_start_cost_is_told_of_the_start_alone(config: RunConfig, local_grid: Grids) -> None:
    def late(sent: Message, reply: Message) -> list[Message]:
        first = sent.metadata.message_type == "evaluate" and not sent.content.config_records["task"]["round"]
        return [Message(Error(1, "gone"), reply_to=sent)] if first else [reply]

    summary = run_once(config, local_grid(config, nodes=2, tamper=late))
    after = summary["validation_bits_per_character"]
    assert (summary["validation_bits_per_character_at_start"], after > 0) == (None, True)
    assert f"validation messages: not measured before, {after:.3f} after" in _readable(summary)


def test_after_the_time_limit_a_round_goes_on_without_the_silent(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings(["federation.rounds=1", "federation.evaluate-every=0", "federation.timeout-s=3"])

    def silent(sent: Message, reply: Message) -> list[Message]:
        return [] if sent.metadata.message_type == "train" and sent.metadata.dst_node_id == 1000 else [reply]

    summary = run_once(config, local_grid(config, nodes=2, tamper=silent))
    assert 0 < summary["users_trained"] < 6
    assert summary["users_trained"] + summary["rejected"] == 6


def test_a_failing_device_tells_the_kind_of_error_and_not_its_words(
    config: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("meet me at the secret place")

    monkeypatch.setattr(device, "train_user", fail)
    grid = local_grid(config, nodes=2)
    run_once(config, grid)
    assert b"secret" not in b"".join(grid.wire)
    assert b"RuntimeError" in b"".join(grid.wire)


@pytest.mark.parametrize(("user", "refused"), [(11, True), (5, False)])
def test_a_device_refuses_to_act_for_users_of_another_node(
    config: RunConfig, local_grid: Grids, user: int, refused: bool
) -> None:
    model, _ = checkpoint.load(config.model.start)
    parameters = to_arrays({name: value.detach().numpy() for name, value in model.named_parameters()})
    task = {"round": 1, "users": [user], "cluster": 0, "accepted": [0], **config.client.model_dump(by_alias=True)}
    content = RecordDict({"task": ConfigRecord(task), "parameters": parameters})
    context = Context(1, 1000, {"partition-id": 0, "num-partitions": 2}, RecordDict(), {})
    reply = local_grid(config, nodes=2)._app(Message(content, 1000, "train"), context)
    assert reply.has_error() == refused
    assert not refused or reply.error.reason == "ValueError"


def _users(reply: Message) -> list[int]:
    return sorted(int(key.partition(".")[2]) for key in reply.content if isinstance(reply.content[key], MetricRecord))


def test_who_fails_on_a_device_takes_nobody_along(
    config: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy, "FEWEST_MESSAGES", 1)
    config = config.with_settings(["federation.users-per-round=12", "federation.rounds=1"])
    train = device.train_user

    def diverge(local: Local, *arguments: Any) -> Any:
        trained = train(local, *arguments)
        if not failed:
            failed.append(local)
            next(iter(trained.delta.values()))[...] = np.nan
        return trained

    failed: list[Local] = []
    monkeypatch.setattr(device, "train_user", diverge)
    summary = run_once(config, local_grid(config, nodes=2))
    assert (summary["users_trained"], summary["rejected"]) == (11, 1)


def test_whose_state_is_damaged_takes_nobody_along_in_an_evaluation(
    config: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategy, "FEWEST_MESSAGES", 1)
    asked = ["federation.evaluate-every=1", "federation.evaluate-users=12", "federation.users-per-round=12"]
    config = config.with_settings(["personal.method=fedper", "federation.rounds=1", *asked, *_two_blocks(config)])

    def damage(event: dict[str, Any]) -> None:
        if event["event"] == "round":
            (Path(config.out) / "devices" / "users" / "5" / "1.safetensors").write_bytes(b"cut")

    run_once(config, local_grid(config, nodes=1), observer=damage)
    start, *_, last = (e for e in RunFolder(Path(config.out)).events() if "validation_users" in e)
    assert last["validation_users"] == start["validation_users"] - 1 > 1


def _two_blocks(config: RunConfig) -> list[str]:
    """A start of two blocks, of which the upper one may be personal."""
    vocabulary, folder = checkpoint.read(Path(config.model.start)).vocabulary, Path(config.out).parent / "two"
    shape = ModelConfig(len(vocabulary), width=16, layers=2, heads=2, hidden=32)
    checkpoint.save(folder, LanguageModel(shape).initialise(0), vocabulary)
    return [f"model.start={folder}"]


def test_who_fails_in_the_search_for_n_grams_takes_nobody_along(
    config: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config.with_settings(["federation.rounds=1", "ngrams.least-users=2", "ngrams.buckets=4096"])
    count = ngram_counts.items
    failed: list[Any] = []

    def fail(*arguments: Any) -> Any:
        if not failed:
            failed.append(arguments)
            raise RuntimeError("this device is broken")
        return count(*arguments)

    monkeypatch.setattr(client, "items", fail)
    run_once(config, local_grid(config, nodes=1))
    levels = [event for event in RunFolder(Path(config.out)).events() if event["event"] == "ngrams"]
    assert [(event["users"], event["rejected"]) for event in levels] == [(11, 0), *[(12, 0)] * 4]
