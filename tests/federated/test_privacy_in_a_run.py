"""Runs with user-level central privacy: laws against plain runs, the ledger, and the budget."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message

from nextword.federation.clipping import norm
from nextword.federation.codec import Codec, Update
from nextword.federation.config import RunConfig
from nextword.federation.ledger import Gaussian, epsilon, gaussian_epsilon
from nextword.federation.records import metrics_key, update_key
from server import sampling
from server.accumulator import Accumulator
from server.app import run_once
from server.run_folder import RunFolder

Grids = Any
CENTRAL = ["privacy.method=central", "federation.evaluate-every=0"]
POISSON = [*CENTRAL, "federation.sampling=poisson", "privacy.clip-norm=0.05"]


PLAIN_STEP = ["server.optimizer=fedavg", "server.learning-rate=1", "server.schedule=constant"]


def _rounds(config: RunConfig) -> list[dict[str, Any]]:
    return [event for event in RunFolder(Path(config.out)).events() if event["event"] == "round"]


def _without_times(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in event.items() if k not in ("seconds", "messages")} for event in events]


@pytest.fixture
def same_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs draw the same noise, as one folder's do."""
    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 77)


@pytest.mark.parametrize("quantile", [0.0, 0.5])
@pytest.mark.parametrize("how", ["independent", "reshuffled"])
def test_without_noise_and_with_no_limit_a_run_is_a_plain_run(
    config: RunConfig, local_grid: Grids, tmp_path: Path, how: str, quantile: float
) -> None:
    config = config.with_settings([f"federation.sampling={how}"])
    plain = run_once(config, local_grid(config, nodes=2))
    free = ["privacy.method=central", "privacy.noise-multiplier=0", "privacy.clip-norm=1e5"]
    private = config.with_settings([*free, f"privacy.quantile={quantile}", f"out={tmp_path / 'private'}"])
    summary = run_once(private, local_grid(private, nodes=2))
    assert summary["weights_sha256"] == plain["weights_sha256"]
    assert plain["privacy"] is None
    assert summary["privacy"]["epsilon"] is None
    assert all(event["privacy"]["epsilon"] is None for event in _rounds(private))


@pytest.mark.parametrize(
    "settings",
    [
        ["update.codec=float32"],
        ["update.codec=int1"],
        ["update.codec=randomk:0.2+int2"],
        ["update.codec=topk:0.1+hadamard+int4", "update.feedback=true"],
    ],
    ids=lambda settings: settings[0],
)
def test_what_leaves_a_device_is_clipped_and_what_enters_the_sum_is_clipped_again(
    config: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch, settings: list[str]
) -> None:
    limit = 0.01
    config = config.with_settings([*CENTRAL, f"privacy.clip-norm={limit}", *settings])
    encoded: list[float] = []
    added: list[tuple[float, int]] = []
    encode, add = Codec.encode, Accumulator.add

    def watch_encode(self: Codec, update: Update, key: Any) -> Any:
        encoded.append(norm(update))
        return encode(self, update, key)

    def watch_add(self: Accumulator, update: Update, weight: int) -> None:
        added.append((norm(update), weight))
        add(self, update, weight)

    monkeypatch.setattr(Codec, "encode", watch_encode)
    monkeypatch.setattr(Accumulator, "add", watch_add)
    assert run_once(config, local_grid(config, nodes=2))["rejected"] == 0
    assert len(encoded) == len(added) == 18
    assert 0.99 * limit < min(encoded) <= max(encoded) <= limit  # training goes further than that
    assert max(length for length, _ in added) <= limit
    assert {weight for _, weight in added} == {1}


def test_a_device_that_does_not_clip_is_clipped_by_the_server(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    """One user sends a hundred times their update: it counts as the clipped one would."""
    config = config.with_settings([*CENTRAL, "federation.rounds=1", "privacy.noise-multiplier=0"])
    config = config.with_settings([*PLAIN_STEP, "privacy.clip-norm=0.05", "federation.users-per-round=12"])

    def longer(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train" and update_key(3) in reply.content:
            record = reply.content.array_records[update_key(3)]
            floats = record["float32"].numpy().view(np.float32) * np.float32(100)
            record["float32"] = Array(floats.view(np.uint8))
        return [reply]

    other = config.with_settings([f"out={tmp_path / 'other'}"])
    for run, tamper in ((config, None), (other, longer)):
        grid = local_grid(run, nodes=2, **({"tamper": tamper} if tamper else {}))
        assert run_once(run, grid)["rejected"] == 0
    mine, theirs = (RunFolder(Path(run.out)).load().parameters for run in (config, other))
    assert all(np.allclose(values, theirs[name], rtol=0, atol=1e-5) for name, values in mine.items())


@pytest.mark.usefixtures("same_secret")
@pytest.mark.parametrize("stop_after", [1, 3])
@pytest.mark.parametrize("quantile", [0.0, 0.3])
def test_a_run_that_is_resumed_has_the_noise_and_the_figures_of_the_unbroken_one(
    config: RunConfig, local_grid: Grids, tmp_path: Path, stop_after: int, quantile: float
) -> None:
    config = config.with_settings([*POISSON, f"privacy.quantile={quantile}", "federation.rounds=4"])
    whole = run_once(config, local_grid(config, nodes=2))
    cut = config.with_settings([f"out={tmp_path / 'cut'}"])

    def crash(event: dict[str, Any]) -> None:
        if event["round"] == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(cut, local_grid(cut, nodes=3), observer=crash)
    resumed = run_once(cut, local_grid(cut, nodes=2), resume=True)
    assert resumed["weights_sha256"] == whole["weights_sha256"]
    assert _without_times(_rounds(cut)) == _without_times(_rounds(config))
    assert resumed["privacy"] == whole["privacy"]
    norms = {event["privacy"]["clip_norm"] for event in _rounds(config)}
    assert len(norms) == (4 if quantile else 1)


def test_who_knows_the_settings_knows_neither_noise_nor_sample(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    config = config.with_settings([*POISSON, "federation.rounds=8"])
    runs = [config, config.with_settings([f"out={tmp_path / 'other'}"])]
    grids = [local_grid(run, nodes=2) for run in runs]
    summaries = [run_once(run, grid) for run, grid in zip(runs, grids, strict=True)]
    assert summaries[0]["weights_sha256"] != summaries[1]["weights_sha256"]
    assert [event["users"] for event in _rounds(runs[0])] != [event["users"] for event in _rounds(runs[1])]
    secret = RunFolder(Path(config.out)).secret()
    wire = b"".join(grids[0].wire)
    assert all(secret.to_bytes(16, order) not in wire for order in ("big", "little"))
    assert str(secret).encode() not in wire


@pytest.mark.usefixtures("same_secret")
def test_a_round_that_asks_nobody_is_noise_and_counts(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*POISSON, "federation.users-per-round=1", "federation.rounds=6"])
    run_once(config, local_grid(config, nodes=2))
    empty = [event["round"] for event in _rounds(config) if not event["users"]]
    assert empty, "none of these rounds was empty: choose another secret"
    assert len(_rounds(config)) == 6
    epsilons = [event["privacy"]["epsilon"] for event in _rounds(config)]
    assert epsilons == sorted(epsilons)
    assert len(set(epsilons)) == 6


def test_who_did_not_arrive_changes_neither_noise_nor_account(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    config = config.with_settings([*POISSON, "federation.users-per-round=12", "federation.rounds=1"])
    config = config.with_settings([*PLAIN_STEP, "privacy.noise-multiplier=0"])

    def lose(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train":
            for key in (update_key(3), metrics_key(3)):
                if key in reply.content:
                    del reply.content[key]
        return [reply]

    other = config.with_settings([f"out={tmp_path / 'other'}"])
    assert run_once(config, local_grid(config, nodes=2))["rejected"] == 0
    assert run_once(other, local_grid(other, nodes=2, tamper=lose))["rejected"] == 1
    assert _rounds(config)[0]["privacy"] == _rounds(other)[0]["privacy"]
    mine, theirs = (RunFolder(Path(run.out)).load().parameters for run in (config, other))
    # Their clipped update is missing from the sum, over the same twelve users.
    assert norm({name: mine[name] - theirs[name] for name in mine}) == pytest.approx(0.05 / 12, rel=1e-3)


def test_who_has_nothing_to_train_on_moves_the_clip_norm_as_little_as_who_did_not_arrive(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    """Neighbours have nothing in place of a user's data, so from there the count may move by a half at most."""
    config = config.with_settings([*POISSON, "federation.users-per-round=12", "federation.rounds=1"])
    config = config.with_settings(["privacy.noise-multiplier=0", "privacy.quantile=0.3"])

    def without(numbers: dict[str, int | float]) -> Any:
        def tamper(sent: Message, reply: Message) -> list[Message]:
            if sent.metadata.message_type == "train" and update_key(3) in reply.content:
                reply.content[update_key(3)] = ArrayRecord()
                reply.content.metric_records[metrics_key(3)].update(numbers)
            return [reply]

        return tamper

    empty: dict[str, int | float] = {"num-messages": 0, "num-pieces": 0, "bits-per-piece": 0.0, "within": 1}
    norms = []
    for name, numbers in (("empty", empty), ("lost", {"num-messages": -1})):
        run = config.with_settings([f"out={tmp_path / name}"])
        rejected = run_once(run, local_grid(run, nodes=2, tamper=without(numbers)))["rejected"]
        assert rejected == (name == "lost")
        norms.append(RunFolder(Path(run.out)).load().clip_norm)
    assert norms[0] == norms[1] != config.privacy.clip_norm


def test_the_ledger_is_a_computation_by_hand(config: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    by_poisson = config.with_settings([*POISSON, "privacy.noise-multiplier=0.8"])
    summary = run_once(by_poisson, local_grid(by_poisson, nodes=2))["privacy"]
    assert summary["epsilon"] == epsilon([Gaussian(0.8, 6 / 12, 3)], 1e-5, "prv")
    assert (summary["unit"], summary["accountant"], summary["rounds"]) == ("user", "prv", 3)
    assert summary["sampling"] == "poisson 0.5"
    for name in ("independent", "reshuffled", "cyclic"):
        fixed = config.with_settings([*CENTRAL, f"federation.sampling={name}", "federation.rounds=5"])
        fixed = fixed.with_settings([f"out={tmp_path / name}", "federation.users-per-round=5"])
        summary = run_once(fixed, local_grid(fixed, nodes=2))["privacy"]
        draw = sampling.SAMPLINGS[name]
        asked = Counter(user for r in range(1, 6) for user in draw(range(12), 5, r, (fixed.seed, 1)))
        most = max(asked.values())
        assert 1 < most <= 5
        assert summary["epsilon"] == pytest.approx(gaussian_epsilon(1 / math.sqrt(most), 1e-5))
        assert summary["accountant"] == "gaussian"
        assert f"at most {most} rounds" in summary["sampling"]


@pytest.mark.parametrize(("first", "within"), [(1e-4, 0.0), (100.0, 1.0)])
def test_the_clip_norm_moves_towards_what_devices_send(
    config: RunConfig, local_grid: Grids, first: float, within: float
) -> None:
    """By the share that was within it, which the devices tell: here nobody's update, or everybody's."""
    config = config.with_settings([*CENTRAL, "privacy.noise-multiplier=0", f"privacy.clip-norm={first}"])
    config = config.with_settings(["privacy.quantile=0.3", "privacy.quantile-rate=0.5", "federation.rounds=1"])
    run_once(config, local_grid(config, nodes=2))
    state = RunFolder(Path(config.out)).load()
    assert state is not None
    assert state.clip_norm == pytest.approx(first * math.exp(-0.5 * (within - 0.3)))


def test_projections_are_labelled_and_keep_the_noise_on_the_mean(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*POISSON, "privacy.noise-multiplier=0.5"])
    private = run_once(config, local_grid(config, nodes=2))["privacy"]
    projections = private["projections_not_measured"]
    assert [one["projected_population"] for one in projections] == [100_000, 1_000_000]
    assert [one["delta"] for one in projections] == [1e-7, 1e-8]
    for one in projections:
        assert one["noise_multiplier"] / one["cohort"] == pytest.approx(0.5 / 6)
        rate = one["cohort"] / one["projected_population"]
        assert one["epsilon"] == epsilon([Gaussian(one["noise_multiplier"], rate, 3)], one["delta"], "prv")
        assert one["epsilon"] < private["epsilon"]


def _budget(config: RunConfig, rounds: int) -> float:
    """Enough for so many rounds, and not for one more."""
    costs = [epsilon([Gaussian(1.0, 6 / 12, n)], config.privacy.delta, "prv") for n in (rounds, rounds + 1)]
    return sum(costs) / 2


@pytest.mark.usefixtures("same_secret")
def test_a_run_stops_before_the_round_that_would_exceed_its_budget(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    config = config.with_settings([*POISSON, "federation.rounds=5", f"privacy.epsilon-budget={_budget(config, 2)}"])
    config = config.with_settings(["federation.evaluate-every=5"])
    summary = run_once(config, local_grid(config, nodes=2))
    assert summary["rounds"] == 2
    assert summary["privacy"]["stopped_before_round"] == 3
    assert summary["privacy"]["epsilon"] <= config.privacy.epsilon_budget
    *_, stop, measured = RunFolder(Path(config.out)).events()
    assert (stop["event"], stop["round"]) == ("budget", 3)
    assert (measured["event"], measured["round"]) == ("evaluation", 2)
    assert summary["validation_bits_per_character"] == measured["validation_bits_per_character"]
    assert stop["privacy"]["epsilon"] <= stop["epsilon_budget"] < stop["epsilon_with_this_round"]
    cut = config.with_settings([f"out={tmp_path / 'cut'}"])

    def crash(event: dict[str, Any]) -> None:
        if event["event"] == "budget":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(cut, local_grid(cut, nodes=2), observer=crash)
    resumed = run_once(cut, local_grid(cut, nodes=2), resume=True)
    assert resumed["privacy"] == summary["privacy"]
    assert resumed["weights_sha256"] == summary["weights_sha256"]
    assert sum(event["event"] == "budget" for event in RunFolder(Path(cut.out)).events()) == 1


def test_a_budget_for_no_round_at_all_is_refused_with_one_that_would_do(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*POISSON, "privacy.epsilon-budget=0.1"])
    with pytest.raises(ValueError, match=r"too little for one round.*set privacy\.epsilon-budget=\d") as caught:
        run_once(config, local_grid(config, nodes=2))
    assert "\n" not in str(caught.value)


def test_n_grams_and_training_are_one_account(config: RunConfig, local_grid: Grids) -> None:
    searching = ["ngrams.least-users=2", "ngrams.noise=4", "ngrams.buckets=1024", "ngrams.items=8"]
    config = config.with_settings([*POISSON, *searching, "federation.rounds=2"])
    summary = run_once(config, local_grid(config, nodes=2))
    training, ngrams = Gaussian(1.0, 6 / 12, 2), Gaussian(4.0, 1.0, 5)
    assert summary["privacy"]["epsilon"] == epsilon([training, ngrams], 1e-5, "prv")
    assert summary["ngrams"]["epsilon"] == pytest.approx(gaussian_epsilon(4 / math.sqrt(5), 1e-5))
    assert _rounds(config)[-1]["privacy"]["epsilon"] == epsilon([training], 1e-5, "prv")
    assert "n-grams" in summary["privacy"]["sampling"]
    both = summary["privacy"]["epsilon"]
    config = config.with_settings([f"out={config.out}-2", f"privacy.epsilon-budget={both - 0.01}"])
    stopped = run_once(config, local_grid(config, nodes=2))
    assert stopped["rounds"] == 1  # what the search will cost is put by
    assert stopped["privacy"]["epsilon"] <= both - 0.01


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (["federation.weighting=messages"], "federation.weighting=users"),
        (["federation.checkpoint-every=2"], "federation.checkpoint-every=1"),
        (["clusters.number=2", "federation.rounds=30"], "clusters.number=1"),
        (["ngrams.least-users=3"], "ngrams.noise=1"),
        (["privacy.epsilon-budget=3", "privacy.noise-multiplier=0"], "privacy.noise-multiplier=1"),
    ],
)
def test_what_cannot_be_accounted_is_refused_with_the_nearest_setting_that_works(
    config: RunConfig, settings: list[str], hint: str
) -> None:
    assert config.with_settings(CENTRAL).privacy.method == "central"
    with pytest.raises(ValueError, match=hint):
        config.with_settings([*CENTRAL, *settings])
