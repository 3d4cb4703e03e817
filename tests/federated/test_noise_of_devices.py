"""Runs whose devices add the noise: local privacy of updates, and distributed privacy of their sums."""

from __future__ import annotations

import json
import math
import secrets
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, Message

from nextword.federation.clipping import norm
from nextword.federation.config import RunConfig
from nextword.federation.folders import DEVICES
from nextword.federation.ledger import curve_epsilon, gaussian_epsilon
from nextword.federation.noise import Secret
from nextword.federation.privacy_config import PrivacyConfig
from nextword.federation.records import BITS_PER_PIECE, COHORT, NUM_MESSAGES, NUM_PIECES, TASK, metrics_key, update_key
from nextword.federation.skellam import Scheme
from nextword.federation.skellam_cost import Skellam, curve
from personalization import own_noise
from personalization.app import OF_USERS
from personalization.spending import Account
from server.accumulator import Accumulator
from server.app import run_once
from server.run_folder import RunFolder
from server.sampling import independent
from server.spending import Spending
from server.strategy import FederatedTraining

Grids = Any
LOCAL = ["privacy.method=local", "federation.evaluate-every=0", "privacy.clip-norm=0.05"]
SHARED = ["privacy.method=distributed", "federation.evaluate-every=0", "privacy.clip-norm=0.05", "privacy.bits=18"]
PLAIN_STEP = ["server.optimizer=fedavg", "server.learning-rate=1", "server.schedule=constant"]
WITHOUT = ["privacy.noise-multiplier=0"]


def _rounds(config: RunConfig) -> list[dict[str, Any]]:
    return [event for event in RunFolder(Path(config.out)).events() if event["event"] == "round"]


def _weights(config: RunConfig) -> dict[str, np.ndarray]:
    state = RunFolder(Path(config.out)).load()
    assert state is not None
    return state.parameters


def _without_times(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in event.items() if k not in ("seconds", "messages")} for event in events]


@pytest.fixture
def same_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The devices of two runs have the same secrets, as those of one folder have."""
    monkeypatch.setattr(secrets, "token_bytes", lambda size: bytes(range(size)))


def _lose(user: int) -> Any:
    """A grid on which one user's updates are lost."""

    def tamper(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train":
            for key in (update_key(user), metrics_key(user)):
                if key in reply.content:
                    del reply.content[key]
        return [reply]

    return tamper


def test_local_without_noise_and_with_no_limit_is_a_plain_run(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    plain = run_once(config, local_grid(config, nodes=2))
    free = config.with_settings(["privacy.method=local", *WITHOUT, "privacy.clip-norm=1e5", f"out={tmp_path / 'free'}"])
    summary = run_once(free, local_grid(free, nodes=2))
    assert summary["weights_sha256"] == plain["weights_sha256"]
    assert summary["privacy"]["epsilon"] is None


@pytest.mark.parametrize("rotate", [False, True])
def test_distributed_without_noise_and_with_no_limit_is_a_plain_run_within_the_grid(
    config: RunConfig, local_grid: Grids, tmp_path: Path, rotate: bool
) -> None:
    config = config.with_settings([*PLAIN_STEP, "federation.rounds=1"])
    run_once(config, local_grid(config, nodes=2))
    free = ["privacy.method=distributed", *WITHOUT, "privacy.clip-norm=8", "privacy.bits=32"]
    summed = config.with_settings([*free, f"privacy.rotate={rotate}", f"out={tmp_path / 'summed'}"])
    assert run_once(summed, local_grid(summed, nodes=3))["privacy"]["epsilon"] is None
    plain, found = _weights(config), _weights(summed)
    scale = _rounds(summed)[0]["privacy"]["scale"]
    size = sum(values.size for values in plain.values())
    off = norm({name: found[name] - plain[name] for name in plain})
    moved = norm({name: plain[name] - values for name, values in _start(config).items()})
    assert off < 1.2 * math.sqrt(size) / scale
    assert off < 1e-3 * moved


def _start(config: RunConfig) -> dict[str, np.ndarray]:
    from nextword.checkpoint import read
    from nextword.eightbit import restore

    return restore(read(Path(config.model.start)).stored)


def test_the_server_meets_local_updates_with_noise_alone(
    config: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their length is the noise's, wrong by chance once in a million each, and they are as they came in the sum."""
    from scipy import stats

    config = config.with_settings([*LOCAL, "privacy.noise-multiplier=2"])
    added: list[dict[str, np.ndarray]] = []
    add = Accumulator.add

    def watch(self: Accumulator, update: Any, weight: int) -> None:
        assert weight == 1
        added.append(update)
        add(self, update, weight)

    monkeypatch.setattr(Accumulator, "add", watch)
    assert run_once(config, local_grid(config, nodes=2))["rejected"] == 0
    assert len(added) == 18
    size = sum(values.size for values in added[0].values())
    for update in added:
        # A noncentral chi-square number: what was clipped adds at most its squared length over the variance.
        squares = (norm(update) / (2 * 0.05)) ** 2
        assert stats.chi2.ppf(5e-7, size) < squares < stats.ncx2.ppf(1 - 5e-7, size, 1 / 4)
    flat = [np.concatenate([update[name].ravel() for name in sorted(update)]) for update in added]
    pairs = np.corrcoef(flat)[np.triu_indices(len(flat), 1)]
    assert np.abs(pairs).max() < stats.norm.isf(5e-7 / len(pairs)) / math.sqrt(size - 3) + 0.01
    assert norm(added[0]) < 1e3


@pytest.mark.parametrize(
    ("codec", "clip_norm"),
    [
        ("int8", 0.05),
        ("topk:0.1+hadamard+int4", 0.05),
        ("randomk:0.1", 0.333),
        ("hadamard+int1", 3.333),
        ("lowrank:2+int1", 3.333),
    ],
)
def test_local_updates_take_any_codec(config: RunConfig, local_grid: Grids, codec: str, clip_norm: float) -> None:
    """At the longest that the settings let pass, too."""
    config = config.with_settings([*LOCAL, f"update.codec={codec}", f"privacy.clip-norm={clip_norm}"])
    assert run_once(config, local_grid(config, nodes=2))["rejected"] == 0


@pytest.mark.parametrize("mode", [LOCAL, SHARED], ids=["local", "distributed"])
@pytest.mark.parametrize(
    "settings",
    [
        ["personal.method=adapters"],
        ["update.frozen=embedding"],
        ["dpsgd.noise-multiplier=1", "dpsgd.secure=true"],
        ["federation.sampling=cyclic"],
    ],
    ids=lambda settings: settings[0],
)
def test_it_goes_with_what_the_settings_say_it_goes_with(
    config: RunConfig, local_grid: Grids, mode: list[str], settings: list[str]
) -> None:
    config = config.with_settings([*mode, *settings, "federation.evaluate-every=3"])
    summary = run_once(config, local_grid(config, nodes=2))
    assert summary["rejected"] == 0
    assert summary["users_trained"] == 18
    assert summary["privacy"]["epsilon"] > 0


@pytest.mark.parametrize("mode", [LOCAL, SHARED], ids=["local", "distributed"])
def test_nothing_without_noise_travels_beside_an_update(
    config: RunConfig, local_grid: Grids, tmp_path: Path, mode: list[str]
) -> None:
    """The numbers are everybody's, one person without any text included, and no secret is on the wire."""
    corpus = tmp_path / "corpus.jsonl"
    lines = Path(config.corpus.name).read_text().splitlines()
    silent = json.dumps({"user": "+650", "text": "\u200b"})
    corpus.write_text("\n".join([*lines, silent]) + "\n")
    config = config.with_settings([*mode, f"corpus.name={corpus}", "federation.users-per-round=100"])
    told: list[dict[str, Any]] = []

    def look(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train":
            told.extend(dict(record) for record in reply.content.metric_records.values())
        return [reply]

    without = ["privacy.method=none", "privacy.bits=20", "privacy.clip-norm=1"]
    plain = config.with_settings([*without, "federation.rounds=1", f"out={tmp_path / 'plain'}"])
    run_once(plain, local_grid(plain, nodes=2, tamper=look))
    assert min(one[NUM_MESSAGES] for one in told) == 0  # whom noise must hide
    told.clear()
    grid = local_grid(config, nodes=2, tamper=look)
    summary = run_once(config, grid)
    assert summary["rejected"] == 0
    assert {(one[NUM_MESSAGES], one[NUM_PIECES], one[BITS_PER_PIECE]) for one in told} == {(1, 0, 0.0)}
    assert all(event["users"] == event["privacy"]["cohort"] for event in _rounds(config))
    assert summary["train_bits_per_piece"] is None
    secrets = list((Path(config.out) / "devices" / "secrets").glob("*.key"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert len(secrets) == summary["privacy"].get("cohort", _rounds(config)[0]["users"])
    assert len({path.read_bytes() for path in secrets}) == len(secrets)
    wire = b"".join(grid.wire)
    assert not any(path.read_bytes() in wire or path.read_bytes().hex().encode() in wire for path in secrets)


@pytest.mark.parametrize("mode", [LOCAL, SHARED], ids=["local", "distributed"])
def test_whose_training_goes_astray_answers_as_everybody_does(
    config: RunConfig, local_grid: Grids, tmp_path: Path, mode: list[str]
) -> None:
    astray = config.with_settings(["client.optimizer=sgd", "client.learning-rate=1e38", "client.clip-norm=1e38"])
    plain = astray.with_settings(["federation.rounds=1", f"out={tmp_path / 'plain'}", "federation.evaluate-every=0"])
    assert run_once(plain, local_grid(plain, nodes=2))["rejected"] > 0
    astray = astray.with_settings(mode)
    summary = run_once(astray, local_grid(astray, nodes=2))
    assert (summary["rejected"], summary["users_trained"]) == (0, 18)
    assert all(np.isfinite(values).all() for values in _weights(astray).values())


@pytest.mark.parametrize("mode", [LOCAL, SHARED], ids=["local", "distributed"])
def test_who_knows_the_settings_does_not_know_the_noise(
    config: RunConfig, local_grid: Grids, tmp_path: Path, mode: list[str]
) -> None:
    config = config.with_settings(mode)
    other = config.with_settings([f"out={tmp_path / 'other'}"])
    found = [run_once(run, local_grid(run, nodes=2))["weights_sha256"] for run in (config, other)]
    assert found[0] != found[1]


@pytest.mark.usefixtures("same_secrets")
@pytest.mark.parametrize("mode", [LOCAL, SHARED], ids=["local", "distributed"])
@pytest.mark.parametrize("stop_after", [1, 3])
def test_a_run_that_is_resumed_has_the_noise_and_the_figures_of_the_unbroken_one(
    config: RunConfig, local_grid: Grids, tmp_path: Path, mode: list[str], stop_after: int
) -> None:
    """The crash comes after the round was told and before its checkpoint, so the round is done twice."""
    config = config.with_settings([*mode, "federation.rounds=4"])
    whole = run_once(config, local_grid(config, nodes=2))
    cut = config.with_settings([f"out={tmp_path / 'cut'}"])

    def crash(event: dict[str, Any]) -> None:
        if event["round"] == stop_after:
            raise KeyboardInterrupt

    sent: list[dict[str, bytes]] = [{}, {}]

    def watch(number: int) -> Any:
        def tamper(asked: Message, reply: Message) -> list[Message]:
            if asked.metadata.message_type == "train" and asked.content[TASK]["round"] == stop_after:
                for key, record in reply.content.array_records.items():
                    sent[number][key] = b"".join(array.data for array in record.values())
            return [reply]

        return tamper

    with pytest.raises(KeyboardInterrupt):
        run_once(cut, local_grid(cut, nodes=3, tamper=watch(0)), observer=crash)
    resumed = run_once(cut, local_grid(cut, nodes=2, tamper=watch(1)), resume=True)
    assert sent[0] == sent[1]  # what is done twice tells nothing new, and is paid once
    assert sent[0]
    assert resumed["weights_sha256"] == whole["weights_sha256"]
    assert _without_times(_rounds(cut)) == _without_times(_rounds(config))
    assert resumed["privacy"] == whole["privacy"]


def _most_asked(config: RunConfig, rounds: int) -> int:
    asked = Counter(u for r in range(1, rounds + 1) for u in independent(range(12), 6, r, (config.seed, 1)))
    return max(asked.values())


def test_local_epsilon_is_that_of_the_user_asked_most_often_by_hand(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*LOCAL, "privacy.noise-multiplier=3", "federation.rounds=4"])
    found = run_once(config, local_grid(config, nodes=2))["privacy"]
    most = _most_asked(config, 4)
    assert 1 < most <= 4
    assert found["epsilon"] == pytest.approx(gaussian_epsilon(3 / 2 / math.sqrt(most), 1e-5))
    assert (found["unit"], found["accountant"], found["rounds"]) == ("user", "gaussian", 4)
    assert "not amplified" in found["sampling"]
    assert found["projections_not_measured"] == []
    epsilons = [event["privacy"]["epsilon"] for event in _rounds(config)]
    assert epsilons == sorted(epsilons)


def test_local_epsilon_is_of_any_two_updates_not_of_one_and_none(config: RunConfig, local_grid: Grids) -> None:
    """Local privacy hides which of two texts a user has, and what they send may be as far apart as two clip norms."""
    config = config.with_settings([*LOCAL, "privacy.noise-multiplier=3"])
    local_grid(config, nodes=1).ask(9, 1)
    far = {"w": np.ones(50, np.float32)}
    one, other = (
        own_noise.with_noise(update, config.privacy.clip_norm, 0.0, Secret(bytes(32)))["w"]
        for update in (far, {"w": -far["w"]})
    )
    apart = float(np.linalg.norm(one - other)) / (3 * config.privacy.clip_norm)  # in deviations of the noise
    assert _own_accounts(config)[9].spent(1e-5).epsilon == pytest.approx(gaussian_epsilon(1 / apart, 1e-5), rel=1e-4)


def _own_accounts(config: RunConfig) -> dict[int, Account]:
    folder = Path(config.out) / DEVICES / OF_USERS
    return {int(path.stem): Account(path, "user") for path in folder.glob("*.json")}


def test_each_device_counts_what_it_has_sent(config: RunConfig, local_grid: Grids) -> None:
    """The account of whom the server has asked most often is the server's figure, to the digit."""
    config = config.with_settings([*LOCAL, "privacy.noise-multiplier=3", "federation.rounds=4"])
    told = run_once(config, local_grid(config, nodes=2))["privacy"]
    asked = Counter(u for r in range(1, 5) for u in independent(range(12), 6, r, (config.seed, 1)))
    found = {user: account.spent(1e-5) for user, account in _own_accounts(config).items()}
    assert {user: spent.rounds for user, spent in found.items()} == dict(asked)
    assert max(spent.epsilon for spent in found.values()) == told["epsilon"]
    assert {(spent.unit, spent.accountant, spent.sampling) for spent in found.values()} == {
        ("user", "gaussian", "not amplified")
    }


def test_what_is_asked_out_of_turn_is_another_release_and_counted(config: RunConfig, local_grid: Grids) -> None:
    """As often as the device sends other bytes."""
    config = config.with_settings([*LOCAL, "personal.method=adapters"])
    grid = local_grid(config, nodes=1)
    sent: set[bytes] = set()
    for server_round in (10, 10, 5, 10, 5):
        update = grid.ask(9, server_round).content.array_records["update.9"]
        sent.add(b"".join(array.data for array in update.values()))
    assert _own_accounts(config)[9].spent(1e-5).rounds == len(sent) == 3


def test_other_noise_for_a_round_that_was_done_is_paid(config: RunConfig, local_grid: Grids) -> None:
    """As where somebody edits the settings of a run that goes on."""
    config = config.with_settings(LOCAL)
    for noise in (8, 1, 1):
        local_grid(config.with_settings([f"privacy.noise-multiplier={noise}"]), nodes=1).ask(9, 1)
    spent = _own_accounts(config)[9].spent(1e-5)
    assert spent.epsilon == pytest.approx(gaussian_epsilon(1 / 2 / math.sqrt(1 + 1 / 64), 1e-5))


@pytest.mark.parametrize("tell", ["another round", "other parameters"])
def test_a_server_that_asks_beyond_the_budget_gets_nothing(
    config: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch, tell: str
) -> None:
    """One that keeps its own account too low, and begins rounds that it should not."""
    everybody = ["federation.users-per-round=12", "federation.rounds=4"]
    config = config.with_settings([*LOCAL, "privacy.noise-multiplier=3", *everybody])
    budget = (gaussian_epsilon(3 / 2 / math.sqrt(2), 1e-5) + gaussian_epsilon(3 / 2 / math.sqrt(3), 1e-5)) / 2
    config = config.with_settings([f"privacy.epsilon-budget={budget}"])
    monkeypatch.setattr(Spending, "affordable", lambda self, server_round: True)
    sent: dict[int, set[str]] = {}

    def listen(asked: Message, reply: Message) -> list[Message]:
        if asked.metadata.message_type == "train" and reply.has_content():
            number = int(asked.content[TASK]["round"])
            sent.setdefault(number, set()).update(key for key in reply.content.array_records)
        return [reply]

    def lie(self: FederatedTraining, *args: Any, **kwargs: Any) -> Any:
        messages = list(ask(self, *args, **kwargs))
        for message in messages:
            message.content.config_records[TASK]["round"] = 1
        return messages

    ask = FederatedTraining.configure_train
    if tell == "other parameters":  # all of them as if in the first round
        monkeypatch.setattr(FederatedTraining, "configure_train", lie)
    run_once(config, local_grid(config, nodes=2, tamper=listen))
    assert {account.spent(1e-5).rounds for account in _own_accounts(config).values()} == {2}
    if tell == "another round":
        assert {number: len(keys) for number, keys in sent.items()} == {1: 12, 2: 12}


def test_distributed_epsilon_is_a_computation_by_hand(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*SHARED, "federation.rounds=4"])
    found = run_once(config, local_grid(config, nodes=2))["privacy"]
    size = sum(values.size for values in _weights(config).values())
    one = curve(Skellam.of(Scheme.of(config.privacy, size, 6), 6))
    assert found["epsilon"] == pytest.approx(curve_epsilon(_most_asked(config, 4) * one, 1e-5))
    assert (found["unit"], found["accountant"], found["rounds"]) == ("user", "rdp", 4)
    assert "of the sums alone" in found["sampling"]
    epsilons = [event["privacy"]["epsilon"] for event in _rounds(config)]
    assert epsilons == sorted(epsilons)
    assert all(event["privacy"]["answered"] == 6 for event in _rounds(config))


def test_who_does_not_answer_takes_their_noise_along_and_the_ledger_tells(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    config = config.with_settings([*SHARED, "federation.rounds=1", "federation.users-per-round=12"])
    summary = run_once(config, local_grid(config, nodes=2))
    short = config.with_settings([f"out={tmp_path / 'short'}"])
    lost = run_once(short, local_grid(short, nodes=2, tamper=_lose(3)))
    assert lost["rejected"] == 1
    told, all_told = _rounds(short)[0]["privacy"], _rounds(config)[0]["privacy"]
    assert (told["answered"], told["cohort"], all_told["answered"]) == (11, 12, 12)
    assert told["noise_multiplier"] == pytest.approx(all_told["noise_multiplier"] * math.sqrt(11 / 12))
    assert lost["privacy"]["epsilon"] > summary["privacy"]["epsilon"]
    tolerant = config.with_settings(["privacy.enough=0.9", f"out={tmp_path / 'tolerant'}"])
    enough = run_once(tolerant, local_grid(tolerant, nodes=2, tamper=_lose(3)))
    assert enough["privacy"]["epsilon"] == pytest.approx(summary["privacy"]["epsilon"], rel=1e-3)


def test_a_round_that_nobody_answers_releases_nothing(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*SHARED, "federation.rounds=1"])

    def nobody(sent: Message, reply: Message) -> list[Message]:
        return [] if sent.metadata.message_type == "train" else [reply]

    config = config.with_settings(["federation.timeout-s=0.2"])
    assert run_once(config, local_grid(config, nodes=2, tamper=nobody))["privacy"]["epsilon"] == 0


def test_what_is_told_of_bytes_is_what_was_sent(config: RunConfig, local_grid: Grids) -> None:
    sent: list[int] = []

    def weigh(asked: Message, reply: Message) -> list[Message]:
        if asked.metadata.message_type == "train":
            sent.extend(len(a.data) for record in reply.content.array_records.values() for a in record.values())
        return [reply]

    config = config.with_settings(SHARED)
    assert run_once(config, local_grid(config, nodes=2, tamper=weigh))["upload_bytes"] == sum(sent)
    size = sum(values.size for values in _weights(config).values())
    header = sent[0] - -(-size // 1024) * 1024 * 18 // 8
    assert 0 < header <= 128
    assert set(sent) == {sent[0]}


def test_a_bad_message_is_no_part_of_the_sum(config: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    """As if it had not come, and the noise that it would have brought is not counted."""
    config = config.with_settings([*SHARED, *WITHOUT, "federation.rounds=1", "federation.users-per-round=12"])

    def spoil(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train" and update_key(3) in reply.content:
            record = reply.content.array_records[update_key(3)]
            record["skellam"] = Array(record["skellam"].numpy()[:-1])
        return [reply]

    missing = config.with_settings([f"out={tmp_path / 'missing'}"])
    assert run_once(config, local_grid(config, nodes=2, tamper=spoil))["rejected"] == 1
    run_once(missing, local_grid(missing, nodes=2, tamper=_lose(3)))
    assert [event["privacy"]["answered"] for event in _rounds(config)] == [11]
    mine, theirs = _weights(config), _weights(missing)
    assert norm({name: mine[name] - theirs[name] for name in mine}) < 1e-3


def test_a_device_does_not_share_noise_with_more_than_the_settings_say(
    config: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that speaks of more users would have each add less noise."""
    from server.distributed import SummedTraining

    config = config.with_settings([*SHARED, "federation.rounds=1"])
    monkeypatch.setattr(SummedTraining, "_terms", lambda self: {COHORT: 600})
    run_once(config, local_grid(config, nodes=2))
    assert _rounds(config)[0]["users"] == 0


def test_too_few_bits_are_told_before_anything_is_asked(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*SHARED, "privacy.bits=8"])
    with pytest.raises(ValueError, match=r"too few.*set privacy\.bits=\d+") as caught:
        run_once(config, local_grid(config, nodes=2))
    assert "\n" not in str(caught.value)
    assert not _rounds(config)


def test_too_few_bits_for_a_smaller_round_are_told_before_anything_is_asked(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    """Of 13 people rounds ask 5, 4 and 4. With enough = 0.5 there is more noise among 4, by 2 shares of theirs."""
    corpus = tmp_path / "corpus.jsonl"
    more = json.dumps({"user": "+650", "text": "see you"})
    corpus.write_text("\n".join([*Path(config.corpus.name).read_text().splitlines(), more]) + "\n")
    size = sum(values.size for values in _start(config).values())

    def works(noise: float, users: int) -> bool:
        asked = PrivacyConfig(method="distributed", bits=12, enough=0.5, clip_norm=0.05, noise_multiplier=noise)
        try:
            return Scheme.of(asked, size, users).bits == 12
        except ValueError:
            return False

    noise = next(z for z in np.geomspace(0.01, 10, 1000) if works(z, 5) and not works(z, 4))
    cyclic = ["federation.sampling=cyclic", "federation.users-per-round=5", f"corpus.name={corpus}"]
    given = ["privacy.bits=12", "privacy.enough=0.5", f"privacy.noise-multiplier={noise}"]
    config = config.with_settings([*SHARED, *cyclic, *given])
    with pytest.raises(ValueError, match="are too few for sums of 4 updates"):
        run_once(config, local_grid(config, nodes=2))
    assert not _rounds(config)


@pytest.mark.parametrize("mode", [LOCAL, SHARED], ids=["local", "distributed"])
@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (["federation.weighting=messages"], "federation.weighting=users"),
        (["federation.checkpoint-every=2"], "federation.checkpoint-every=1"),
        (["federation.sampling=poisson"], "federation.sampling=reshuffled"),
        (["clusters.number=2", "federation.rounds=30"], "clusters.number=1"),
        (["ngrams.least-users=3"], "ngrams.least-users=0"),
        (["ngrams.least-users=3", "ngrams.noise=1"], "ngrams.least-users=0"),
        (["update.feedback=true"], "update.feedback=false"),
        (["privacy.quantile=0.5"], "privacy.quantile=0"),
        (["privacy.epsilon-budget=3", "privacy.noise-multiplier=0"], "privacy.noise-multiplier=1"),
    ],
)
def test_what_cannot_work_is_refused_with_the_nearest_setting_that_does(
    config: RunConfig, mode: list[str], settings: list[str], hint: str
) -> None:
    assert config.with_settings(mode).privacy.by_devices
    with pytest.raises(ValueError, match=hint) as caught:
        config.with_settings([*mode, *settings])
    assert "\n" not in str(caught.value)


def test_what_one_of_the_two_cannot_do_is_refused(config: RunConfig) -> None:
    with pytest.raises(ValueError, match=r"update\.codec=float32"):
        config.with_settings([*SHARED, "update.codec=int8"])
    with pytest.raises(ValueError, match=r"set privacy\.clip-norm=0\.367") as caught:
        config.with_settings([*LOCAL, "privacy.clip-norm=1", "privacy.noise-multiplier=10"])
    with pytest.raises(ValueError, match=r"set privacy\.clip-norm=0\.333"):
        config.with_settings([*LOCAL, "privacy.clip-norm=1", "update.codec=randomk:0.1"])
    nearest = str(caught.value).rpartition(" ")[2]
    assert config.with_settings([*LOCAL, nearest, "privacy.noise-multiplier=10"]).privacy.clip_norm == 0.367


@pytest.mark.parametrize("method", ["none", "central", "ftrl", "local"])
@pytest.mark.parametrize(("setting", "default"), [("bits=21", "20"), ("rotate=false", "true"), ("enough=0.9", "1.0")])
def test_what_is_of_shared_noise_is_refused_elsewhere(method: str, setting: str, default: str) -> None:
    given = [f"privacy.method={method}", "federation.sampling=cyclic"]
    instead = f"privacy.{setting.partition('=')[0]}={default}"
    with pytest.raises(ValueError, match=f"set privacy.method=distributed, or {instead}") as caught:
        RunConfig().with_settings([*given, f"privacy.{setting}"])
    assert "\n" not in str(caught.value)
    assert RunConfig().with_settings([*given, instead]).privacy.method == method
    assert RunConfig().with_settings(["privacy.method=distributed", f"privacy.{setting}"])


@pytest.mark.parametrize("mode", [LOCAL, SHARED], ids=["local", "distributed"])
def test_a_budget_ends_the_run(config: RunConfig, local_grid: Grids, mode: list[str]) -> None:
    config = config.with_settings([*mode, "federation.rounds=8", "privacy.noise-multiplier=2"])
    summary = run_once(config, local_grid(config, nodes=2))
    costs = [event["privacy"]["epsilon"] for event in _rounds(config)]
    budget = (costs[1] + costs[-1]) / 2
    short = config.with_settings([f"privacy.epsilon-budget={budget}", f"out={config.out}-short"])
    stopped = run_once(short, local_grid(short, nodes=2))
    assert 2 <= stopped["rounds"] < summary["rounds"]
    assert stopped["privacy"]["epsilon"] <= budget
    assert stopped["privacy"]["stopped_before_round"] == stopped["rounds"] + 1
