"""Several models for people who are alike: grouped by their updates, then chosen on the device."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import ArrayRecord, Message
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from nextword import checkpoint
from nextword.federation.clusters import packed, unpacked
from nextword.federation.config import RunConfig
from nextword.federation.folders import DEVICES
from nextword.federation.published import Published
from nextword.federation.records import metrics_key, update_key
from nextword.statistics import adjusted_rand_index
from scripts.compare import Compared
from server import clustering
from server.app import run_once
from server.clustering import Projection, groups
from server.optimizers import OPTIMIZERS
from server.pooling import pooled
from server.run_folder import RunFolder

Grids = Any


@pytest.fixture
def two_kinds(config: RunConfig, tmp_path: Path) -> RunConfig:
    """Twelve people of whom every other one uses other words; fast learning, two clusters."""
    rng = np.random.default_rng(0)
    kinds = [["bada", "dofu", "gami", "kelu"], ["zito", "vopa", "rune", "seki"]]
    with (tmp_path / "kinds.jsonl").open("w") as file:
        for person in range(12):
            for _ in range(40):
                text = " ".join(rng.choice(kinds[person % 2], 5))
                file.write(json.dumps({"user": f"p{person:02d}", "text": text, "group": str(person % 2)}) + "\n")
    return config.with_settings(
        [
            *(f"corpus.name={tmp_path / 'kinds.jsonl'}", "corpus.newcomer-share=0.0", "federation.rounds=6"),
            *("federation.users-per-round=12", "server.learning-rate=0.03"),
            *("clusters.number=2", "clusters.warm-rounds=1", "clusters.settle-rounds=2"),
        ]
    )


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["update.codec=topk:0.3+int8", "update.download=int8"],
        ["personal.method=ditto"],
        ["personal.method=apfl", "client.optimizer=sgd", "client.learning-rate=0.5"],
        ["personal.method=adapters"],
    ],
    ids=["whole", "small", "ditto", "apfl", "adapters"],
)
@pytest.mark.parametrize("method", ["ifca", "updates"])
def test_people_of_two_kinds_find_each_other(
    two_kinds: RunConfig, local_grid: Grids, method: str, settings: list[str]
) -> None:
    two_kinds = two_kinds.with_settings([f"clusters.method={method}", *settings])
    summary = run_once(two_kinds, local_grid(two_kinds, nodes=3))
    labels = RunFolder(Path(two_kinds.out)).clusters()
    assert adjusted_rand_index([labels[user] for user in range(12)], [user % 2 for user in range(12)]) == 1
    assert summary["cluster_sizes"] == [6, 6]
    first, second = (checkpoint.load(Path(two_kinds.out) / "clusters" / number)[0].weights() for number in "01")
    final = checkpoint.load(Path(two_kinds.out) / "final")[0].weights()
    assert not np.array_equal(first["embedding.weight"], second["embedding.weight"])
    assert np.array_equal(first["embedding.weight"], final["embedding.weight"])
    events = RunFolder(Path(two_kinds.out)).events()
    assert [event["sizes"] for event in events if event["event"] == "split"] == [[6, 6]]
    assert [event["stayed_share"] for event in events if event["event"] == "clusters"] == [1.0]
    told = {event["round"]: event["stayed_share"] for event in events if "stayed_share" in event}
    assert told == (dict.fromkeys((4, 5, 6, 7), 1.0) if method == "ifca" else {7: 1.0})


def test_what_is_held_back_chooses_no_cluster(two_kinds: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    """Everybody's validation messages are in the words of the other kind, and longer than all that trains."""
    words, rng = ["bada dofu gami kelu".split(), "zito vopa rune seki".split()], np.random.default_rng(0)
    with (tmp_path / "turned.jsonl").open("w") as file:
        for person in range(12):
            short = rng.permutation([" ".join(three) for three in itertools.product(words[person % 2], repeat=3)])
            long = [" ".join(rng.choice(words[1 - person % 2], 100)) for _ in range(3)]
            for text in [*short[:29], *long, *short[29:37]]:
                file.write(json.dumps({"user": f"p{person:02d}", "text": text}) + "\n")
    turned = two_kinds.with_settings(
        [f"corpus.name={tmp_path / 'turned.jsonl'}", "corpus.hold-back=true", "client.max-pieces=256"]
    )
    assert run_once(turned, local_grid(turned, nodes=3))["cluster_sizes"] == [6, 6]
    events = RunFolder(Path(turned.out)).events()
    assert [event["stayed_share"] for event in events if event["event"] == "clusters"] == [1.0]


def test_one_cluster_is_a_run_without_clusters(config: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    one = config.with_settings(["clusters.method=ifca", "clusters.warm-rounds=1", f"out={tmp_path / 'one'}"])
    plain, clustered = run_once(config, local_grid(config, nodes=2)), run_once(one, local_grid(one, nodes=2))
    assert plain["weights_sha256"] == clustered["weights_sha256"]
    assert clustered["cluster_sizes"] is None


@pytest.mark.parametrize(("optimizer", "method"), [("fedavg", "fedavg"), ("fedadam", "fedavg"), ("fedadam", "ditto")])
@pytest.mark.parametrize("stop_after", [1, 2, 5])
def test_a_clustered_run_cut_off_resumes_to_identical_weights(
    two_kinds: RunConfig, local_grid: Grids, tmp_path: Path, stop_after: int, optimizer: str, method: str
) -> None:
    two_kinds = two_kinds.with_settings(
        [f"server.optimizer={optimizer}", f"personal.method={method}", "federation.users-per-round=3"]
    )
    whole = run_once(two_kinds, local_grid(two_kinds, nodes=1))
    cut = two_kinds.model_copy(update={"out": str(tmp_path / "cut")})

    def crash(event: dict[str, Any]) -> None:
        if event["round"] == stop_after and event["event"] == "round":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(cut, local_grid(cut, nodes=4), observer=crash)
    resumed = run_once(cut, local_grid(cut, nodes=4), resume=True)
    assert resumed["weights_sha256"] == whole["weights_sha256"]
    assert RunFolder(Path(cut.out)).clusters() == RunFolder(Path(two_kinds.out)).clusters()
    states = [
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.safetensors")}
        for folder in (Path(config.out) / DEVICES for config in (cut, two_kinds))
    ]
    assert states[0] == states[1]
    assert not any(name.endswith("/0.safetensors") for name in states[0])  # grouping leaves people as they are
    assert bool(states[0]) == (method == "ditto")


@given(st.integers(1, 30), st.floats(0.1, 100))
def test_pooling_counts_everybodys_mean_as_so_many_users_more(users: int, pooling: float) -> None:
    own, everyone = {"w": np.float32([3.0, -1.0])}, {"w": np.float32([1.0, 2.0])}
    found = pooled(own, everyone, users, pooling)
    assert found is not None
    np.testing.assert_allclose(found["w"] * (users + pooling), users * own["w"] + pooling * everyone["w"], 1e-5, 1e-4)


def test_without_pooling_a_cluster_learns_from_its_own_people_alone() -> None:
    own, everyone = {"w": np.float32([3.0])}, {"w": np.float32([1.0])}
    assert pooled(own, everyone, 2, 0.0) == own
    assert pooled(None, everyone, 0, 0.0) is None
    assert pooled(None, everyone, 0, 4.0) == everyone


def test_in_the_end_everybody_chooses_whatever_group_they_were_in(two_kinds: RunConfig, local_grid: Grids) -> None:
    two_kinds = two_kinds.with_settings(["clusters.method=updates", "clusters.pooling=0"])

    first: list[ArrayRecord] = []

    def mistake(sent: Message, reply: Message) -> list[Message]:
        """When people are grouped, the second sends the update of the first, who is of the other kind."""
        if sent.metadata.message_type == "train" and sent.content.config_records["task"]["round"] == 0:
            if update_key(0) in reply.content:
                first.append(reply.content.array_records[update_key(0)])
            elif update_key(1) in reply.content:
                reply.content[update_key(1)] = first[0]
        return [reply]

    run_once(two_kinds, local_grid(two_kinds, nodes=1, tamper=mistake))
    (last,) = (event for event in RunFolder(Path(two_kinds.out)).events() if event["event"] == "clusters")
    assert last["sizes"] == [6, 6]
    assert last["stayed_share"] == pytest.approx(11 / 12, abs=1e-3)


def test_what_all_download_for_their_last_choice_is_told(two_kinds: RunConfig, local_grid: Grids) -> None:
    sent_bytes: list[int] = []

    def watch(sent: Message, reply: Message) -> list[Message]:
        task = sent.content.config_records.get("task")
        if task and task["round"] == two_kinds.federation.rounds + 1:
            size = sum(len(array.data) for array in sent.content.array_records["parameters"].values())
            sent_bytes.append(size * len(task["users"]))
        return [reply]

    summary = run_once(two_kinds, local_grid(two_kinds, nodes=2, tamper=watch))
    events = RunFolder(Path(two_kinds.out)).events()
    (last,) = (event for event in events if event["event"] == "clusters")
    assert last["download_bytes"] == sum(sent_bytes) > 0
    told = [event["download_bytes"] for event in events if event["event"] in ("round", "split", "clusters")]
    assert summary["download_bytes"] == sum(told)


def test_grouping_people_is_counted_among_trainings_and_seconds(two_kinds: RunConfig, local_grid: Grids) -> None:
    """Of those who sent an update for it."""

    def lose(sent: Message, reply: Message) -> list[Message]:
        if (task := sent.content.config_records.get("task")) and task["round"] == 0 and update_key(3) in reply.content:
            del reply.content[update_key(3)]
        return [reply]

    summary = run_once(two_kinds, local_grid(two_kinds, nodes=2, tamper=lose))
    events = RunFolder(Path(two_kinds.out)).events()
    rounds, [split] = ([event for event in events if event["event"] == kind] for kind in ("round", "split"))
    assert (split["users"], sum(split["sizes"])) == (11, 12)
    assert summary["users_trained"] == sum(event["users"] for event in rounds) + 11
    assert summary["seconds"] == pytest.approx(sum(event["seconds"] for event in (*rounds, split)))
    assert Compared.at(Path(two_kinds.out)).about(Compared.at(Path(two_kinds.out)))["grouping"] == {
        "trainings": 11,
        "trainings_in_rounds": 72,
        "upload_bytes": split["upload_bytes"],
        "download_bytes": split["download_bytes"] + events[-1]["download_bytes"],
    }


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
@pytest.mark.parametrize("method", ["ifca", "updates"])
def test_clusters_that_pool_all_are_the_run_of_one_model(
    two_kinds: RunConfig, local_grid: Grids, tmp_path: Path, method: str, optimizer: str
) -> None:
    """Through the split, the rounds that are held and those of choice: weights and the optimizer's moments."""
    several = two_kinds.with_settings(
        [
            *("clusters.pooling=1e12", f"clusters.method={method}", "clusters.warm-rounds=2"),
            *(f"server.optimizer={optimizer}", "server.learning-rate=0.1", "federation.users-per-round=3"),
        ]
    )
    one = several.with_settings(["clusters.number=1", f"out={tmp_path / 'one'}"])
    for config in (several, one):
        run_once(config, local_grid(config, nodes=2))
    states = [RunFolder(Path(config.out)).load() for config in (several, one)]
    assert states[0] is not None
    assert states[1] is not None
    for packed_ones, plain in [
        (states[0].parameters, states[1].parameters),
        *zip(states[0].moments.values(), states[1].moments.values(), strict=True),
    ]:
        models = unpacked(packed_ones)
        assert len(models) == 2
        for model in models:
            for name, values in plain.items():
                np.testing.assert_allclose(model[name], values, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["ifca", "updates"])
def test_who_is_held_in_a_cluster_downloads_its_model_alone(
    two_kinds: RunConfig, local_grid: Grids, method: str
) -> None:
    sent: dict[int, set[int]] = {}  # by round: models in a message

    def watch(message: Message, reply: Message) -> list[Message]:
        if task := message.content.config_records.get("task"):
            arrays = message.content.array_records["parameters"]
            sent.setdefault(int(str(task["round"])), set()).add(sum("embedding" in name for name in arrays))
        return [reply]

    two_kinds = two_kinds.with_settings([f"clusters.method={method}"])
    run_once(two_kinds, local_grid(two_kinds, nodes=2, tamper=watch))
    choosing = 2 if method == "ifca" else 1
    assert sent == {0: {1}, 1: {1}, 2: {1}, 3: {1}, 4: {choosing}, 5: {choosing}, 6: {choosing}, 7: {2}}


def test_a_cluster_that_is_none_is_rejected(two_kinds: RunConfig, local_grid: Grids) -> None:
    def tamper(sent: Message, reply: Message) -> list[Message]:
        for user in range(12) if sent.metadata.message_type == "train" and reply.has_content() else ():
            if metrics_key(user) in reply.content and user == 3:
                reply.content.metric_records[metrics_key(user)]["cluster"] = 7
        return [reply]

    run_once(two_kinds, local_grid(two_kinds, nodes=2, tamper=tamper))
    events = RunFolder(Path(two_kinds.out)).events()
    rejected = [event for event in events if event["event"] == "rejected"]
    assert {event["user"] for event in rejected} == {3}
    assert all("cluster" in event["reason"] for event in rejected)


def test_a_cluster_that_nobody_chose_in_the_end_is_dropped(two_kinds: RunConfig, local_grid: Grids) -> None:
    """Of three the second; the final model is that of the largest."""

    def tamper(sent: Message, reply: Message) -> list[Message]:
        if (task := sent.content.config_records.get("task")) and task["round"] == 7:
            for user in (user for user in range(12) if metrics_key(user) in reply.content):
                reply.content.metric_records[metrics_key(user)]["cluster"] = 0 if user < 5 else 2
        return [reply]

    three = two_kinds.with_settings(["clusters.number=3"])
    summary = run_once(three, local_grid(three, nodes=2, tamper=tamper))
    assert summary["cluster_sizes"] == [5, 0, 7]
    published = Published.at(Path(three.out))
    assert [folder.name for folder in published.clusters] == ["0", "2"]
    weights = {folder.name: checkpoint.load(folder)[0].weights()["embedding.weight"] for folder in published.clusters}
    final = checkpoint.load(published.final)[0].weights()["embedding.weight"]
    assert np.array_equal(final, weights["2"])
    assert not np.array_equal(final, weights["0"])


@pytest.mark.parametrize("method", ["ifca", "updates"])
def test_who_is_held_in_a_cluster_sends_for_no_other(two_kinds: RunConfig, local_grid: Grids, method: str) -> None:
    """Who chooses may go where they like."""

    def tamper(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train" and reply.has_content() and metrics_key(3) in reply.content:
            numbers = reply.content.metric_records[metrics_key(3)]
            if int(str(sent.content.config_records["task"]["round"])) > 3:
                numbers["cluster"] = 1 - int(str(numbers["cluster"]))
        return [reply]

    two_kinds = two_kinds.with_settings([f"clusters.method={method}", "federation.users-per-round=12"])
    run_once(two_kinds, local_grid(two_kinds, nodes=2, tamper=tamper))
    events = RunFolder(Path(two_kinds.out)).events()
    told = [(event["user"], event["round"], event["reason"]) for event in events if event["event"] == "rejected"]
    assert {user for user, _, _ in told} == ({3} if method == "updates" else set())
    assert all("in which the user is not held" in reason for _, _, reason in told)


@given(st.integers(1, 4))
def test_models_packed_together_come_back_apart(number: int) -> None:
    models = [{"blocks.0.up": cluster, "norm.weight": -cluster} for cluster in range(number)]
    assert unpacked(packed(models)) == models
    with pytest.raises(ValueError, match="not numbered"):
        unpacked({"0/w": 1, "2/w": 1})


def test_distances_are_those_between_each_two() -> None:
    rows = np.random.default_rng(0).normal(size=(600, 30)).astype(np.float32)
    rows[7] = rows[3]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert clustering._distances(rows) == pytest.approx(pdist(rows.astype(np.float64)), abs=1e-3)


def test_a_projection_keeps_angles() -> None:
    rng = np.random.default_rng(0)
    one, noise = (_rows_of_length_one(rng.normal(0, 1, (200, 80))) for _ in range(2))
    other = _rows_of_length_one(one + 0.5 * noise)
    projection = Projection((200, 80), seed=0)
    cosine = float((one * other).sum()) / 200
    assert projection.of(one) @ projection.of(other) == pytest.approx(cosine, abs=0.03)
    assert abs(projection.of(one) @ projection.of(noise)) < 0.03
    assert not projection.of(np.zeros((200, 80), np.float32)).any()


def test_a_projection_compares_rows_by_the_roots_of_their_lengths() -> None:
    rng = np.random.default_rng(0)
    rows = _rows_of_length_one(rng.normal(0, 1, (200, 80)))
    lengths = rng.uniform(0.1, 100, (200, 1)).astype(np.float32)
    projection = Projection((200, 80), seed=0)
    cosine = float(np.sqrt(lengths).sum() / np.sqrt(200 * lengths.sum()))
    assert cosine < 0.98
    assert projection.of(rows) @ projection.of(lengths * rows) == pytest.approx(cosine, abs=0.01)


def _rows_of_length_one(values: np.ndarray) -> np.ndarray:
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def test_groups_are_of_those_who_point_the_same_way_the_largest_first() -> None:
    rng = np.random.default_rng(1)
    common, ways = 5 * rng.normal(0, 1, 50), rng.normal(0, 1, (2, 50))
    kinds = np.array([1, 0, 0, 1, 0, 0, 0])
    found = groups(common + ways[kinds] + rng.normal(0, 0.2, (7, 50)), 2)
    assert found.tolist() == kinds.tolist()
    assert groups(np.zeros((1, 50)), 3).tolist() == [0]
    assert groups(np.zeros((0, 50)), 3).tolist() == []
