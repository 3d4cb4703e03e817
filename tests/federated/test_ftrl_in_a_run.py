"""Runs whose noise is correlated over rounds: laws against central and plain runs, resuming, the ledger, the budget."""

from __future__ import annotations

import json
import math
import secrets
from pathlib import Path
from typing import Any

import pytest
from flwr.app import Message

from nextword.federation.config import RunConfig
from nextword.federation.ledger import Gaussian, epsilon, gaussian_epsilon
from nextword.federation.ngrams import LEVELS
from nextword.federation.records import metrics_key, update_key
from server.app import run_once
from server.run_folder import CHECKPOINT, EVENTS, SECRET, RunFolder, State
from server.sampling import cyclic
from server.spending import Spending

Grids = Any
# Twelve people, so everybody is asked again after three rounds.
CYCLIC = ["federation.sampling=cyclic", "federation.users-per-round=4", "federation.evaluate-every=0"]
FTRL = [*CYCLIC, "privacy.method=ftrl", "privacy.clip-norm=0.05", "federation.rounds=5"]


def _rounds(config: RunConfig) -> list[dict[str, Any]]:
    told = [event for event in RunFolder(Path(config.out)).events() if event["event"] == "round"]
    return [{k: v for k, v in event.items() if k not in ("seconds", "messages")} for event in told]


@pytest.fixture
def same_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs draw the same noise, as one folder's do."""
    monkeypatch.setattr(secrets, "randbits", lambda bits: 2**bits - 77)


def _lose(user: int, in_round: int) -> Any:
    """What makes a user's reply to a round's task get lost."""

    def tamper(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "train" and sent.content.config_records["task"]["round"] == in_round:
            for key in (update_key(user), metrics_key(user)):
                if key in reply.content:
                    del reply.content[key]
        return [reply]

    return tamper


def test_without_noise_and_with_no_limit_a_run_is_a_plain_run(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    config = config.with_settings([*CYCLIC, "federation.rounds=4"])
    plain = run_once(config, local_grid(config, nodes=2))
    free = ["privacy.method=ftrl", "privacy.noise-multiplier=0", "privacy.clip-norm=1e5", f"out={tmp_path / 'private'}"]
    private = config.with_settings(free)
    summary = run_once(private, local_grid(private, nodes=3))
    assert summary["weights_sha256"] == plain["weights_sha256"]
    assert summary["privacy"]["epsilon"] is None


@pytest.mark.usefixtures("same_secret")
@pytest.mark.parametrize("quantile", [0.0, 0.5])
def test_with_a_band_of_one_a_run_is_that_of_central_privacy(
    config: RunConfig, local_grid: Grids, tmp_path: Path, quantile: float
) -> None:
    config = config.with_settings([*FTRL, "privacy.band=1", f"privacy.quantile={quantile}"])
    ftrl = run_once(config, local_grid(config, nodes=2))
    central = config.with_settings(["privacy.method=central", "privacy.band=0", f"out={tmp_path / 'central'}"])
    summary = run_once(central, local_grid(central, nodes=2))
    assert ftrl["weights_sha256"] == summary["weights_sha256"]
    assert _rounds(config) == _rounds(central)
    assert (ftrl["privacy"].pop("band"), summary["privacy"].pop("band")) == (1, None)
    assert ftrl["privacy"] == summary["privacy"]
    wider = config.with_settings(["privacy.band=0", f"out={tmp_path / 'wider'}"])
    assert run_once(wider, local_grid(wider, nodes=2))["weights_sha256"] != ftrl["weights_sha256"]


@pytest.mark.usefixtures("same_secret")
@pytest.mark.parametrize("written", ["event", "secret"])
@pytest.mark.parametrize(("stop_in", "quantile"), [(1, 0.0), (4, 0.0), (4, 0.3)])
def test_a_run_that_is_resumed_ends_where_the_unbroken_one_does(
    config: RunConfig,
    local_grid: Grids,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop_in: int,
    quantile: float,
    written: str,
) -> None:
    """It is cut off in a round of which the event, or that and the sum's digest, but no checkpoint was written."""
    config = config.with_settings([*FTRL, f"privacy.quantile={quantile}"])
    whole = run_once(config, local_grid(config, nodes=2))
    cut = config.with_settings([f"out={tmp_path / 'cut'}"])
    save, keep = RunFolder.save, RunFolder.keep_digests

    def crash_in_save(self: RunFolder, state: State) -> None:
        if state.server_round == stop_in:
            raise KeyboardInterrupt
        save(self, state)

    def crash_in_keep(self: RunFolder, digests: Any) -> None:
        if len(digests) == stop_in:
            raise KeyboardInterrupt
        keep(self, digests)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "save", crash_in_save)
        if written == "event":
            patch.setattr(RunFolder, "keep_digests", crash_in_keep)
        with pytest.raises(KeyboardInterrupt):
            run_once(cut, local_grid(cut, nodes=3))
    assert len(_rounds(cut)) == stop_in
    resumed = run_once(cut, local_grid(cut, nodes=2), resume=True)
    assert resumed["weights_sha256"] == whole["weights_sha256"]
    assert _rounds(cut) == _rounds(config)
    assert resumed["privacy"] == whole["privacy"]


@pytest.mark.usefixtures("same_secret")
def test_a_round_done_again_with_another_sum_is_as_if_the_first_had_never_been(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    config = config.with_settings(FTRL)
    cut = config.with_settings([f"out={tmp_path / 'cut'}"])

    def crash(event: dict[str, Any]) -> None:
        if event["event"] == "round" and event["round"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(cut, local_grid(cut, nodes=2), observer=crash)
    asked = cyclic(range(12), 4, 2, (config.seed, 1))[0]
    resumed = run_once(cut, local_grid(cut, nodes=2, tamper=_lose(asked, 2)), resume=True)
    assert resumed["rejected"] == 1
    unbroken = run_once(config, local_grid(config, nodes=2, tamper=_lose(asked, 2)))
    assert resumed["weights_sha256"] == unbroken["weights_sha256"]
    digests = [RunFolder(Path(run.out)).digests(5) for run in (config, cut)]
    assert digests[0] == digests[1]


def test_what_noise_was_drawn_for_is_with_the_secret_alone_and_not_to_be_lost(
    config: RunConfig, local_grid: Grids
) -> None:
    config = config.with_settings(FTRL)
    grid = local_grid(config, nodes=2)

    def crash(event: dict[str, Any]) -> None:
        if event["round"] == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(config, grid, observer=crash)
    folder = Path(config.out)
    kept = json.loads((folder / SECRET).read_text())
    assert len(kept["digests"]) == len(set(kept["digests"])) == 3
    assert (folder / SECRET).stat().st_mode & 0o077 == 0
    told = (folder / CHECKPOINT).read_bytes() + (folder / EVENTS).read_bytes() + b"".join(grid.wire)
    for digest in kept["digests"]:
        assert digest.encode() not in told
        assert bytes.fromhex(digest) not in told
    (folder / SECRET).unlink()
    with pytest.raises(ValueError, match=r"tells of 0 of 3 rounds .* start a new run") as caught:
        run_once(config, local_grid(config, nodes=2), resume=True)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("same_secret")
def test_noise_spans_no_more_rounds_than_there_are(config: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    """A wider one would be longer for nobody's sake."""
    config = config.with_settings([*FTRL, "federation.rounds=2"])
    widest = run_once(config, local_grid(config, nodes=2))
    assert widest["privacy"]["band"] == 2
    given = config.with_settings(["privacy.band=2", f"out={tmp_path / 'given'}"])
    assert run_once(given, local_grid(given, nodes=2))["weights_sha256"] == widest["weights_sha256"]


def test_the_ledger_is_a_computation_by_hand(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*FTRL, "privacy.noise-multiplier=0.8"])
    private = run_once(config, local_grid(config, nodes=2))["privacy"]
    costs = [gaussian_epsilon(0.8, 1e-5)] * 3 + [gaussian_epsilon(0.8 / math.sqrt(2), 1e-5)] * 2
    assert [event["privacy"]["epsilon"] for event in _rounds(config)] == pytest.approx(costs)
    assert [event["privacy"]["participations"] for event in _rounds(config)] == [1, 1, 1, 2, 2]
    assert private["epsilon"] == pytest.approx(costs[-1])
    assert (private["unit"], private["accountant"], private["rounds"], private["band"]) == ("user", "gaussian", 5, 3)
    assert private["sampling"] == "cyclic, not amplified, a user in at most 2 rounds"
    for one in private["projections_not_measured"]:
        assert one["noise_multiplier"] / one["cohort"] == pytest.approx(0.8 / 4)
        assert one["epsilon"] == epsilon([Gaussian(one["noise_multiplier"], 1.0, 1)], one["delta"], "gaussian")
        assert one["sampling"] == "cyclic, a user in at most 1 rounds"
    counted = config.with_settings(["ngrams.least-users=2", "ngrams.noise=2"])
    spending = Spending(counted, 12, lambda server_round: range(4), [{"participations": 1, "cohort": 4}])
    for one in spending.projections():  # the noise of n-grams hides a user of however many
        both = [Gaussian(one["noise_multiplier"], 1.0, 1), Gaussian(2.0, 1.0, LEVELS)]
        assert one["epsilon"] == epsilon(both, one["delta"], "gaussian")
        assert one["sampling"] == "cyclic, a user in at most 1 rounds, and 5 levels of n-grams"


@pytest.mark.usefixtures("same_secret")
def test_a_run_stops_before_the_round_that_would_exceed_its_budget(
    config: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    """Each deal costs as much as its first round does."""
    between = (gaussian_epsilon(1.0, 1e-5) + gaussian_epsilon(1 / math.sqrt(2), 1e-5)) / 2
    config = config.with_settings([*FTRL, f"privacy.epsilon-budget={between}", "server.schedule=constant"])
    summary = run_once(config, local_grid(config, nodes=2))
    assert (summary["rounds"], summary["privacy"]["stopped_before_round"]) == (3, 4)
    assert summary["privacy"]["epsilon"] <= between
    shorter = config.with_settings(["federation.rounds=3", f"out={tmp_path / 'shorter'}"])
    assert run_once(shorter, local_grid(shorter, nodes=2))["weights_sha256"] == summary["weights_sha256"]


def test_a_band_in_which_a_user_is_asked_again_is_refused_at_start(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings([*FTRL, "privacy.band=4"])
    with pytest.raises(ValueError, match=r"asked again after 3 rounds: set privacy\.band=3"):
        run_once(config, local_grid(config, nodes=2))
    assert not RunFolder(Path(config.out)).events()


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        (["federation.sampling=poisson"], "federation.sampling=cyclic, or privacy.method=central"),
        (["federation.sampling=reshuffled"], "federation.sampling=cyclic"),
        (["federation.sampling=independent"], "federation.sampling=cyclic"),
        (["federation.weighting=messages"], "federation.weighting=users"),
        (["federation.checkpoint-every=2"], "federation.checkpoint-every=1"),
        (["clusters.number=2", "clusters.warm-rounds=2"], "clusters.number=1"),
        (["ngrams.least-users=3"], "ngrams.noise=1"),
        (["privacy.noise-multiplier=101"], "privacy.noise-multiplier=100"),
        (["privacy.method=central", "privacy.band=2"], "privacy.method=ftrl, or privacy.band=0"),
    ],
)
def test_what_cannot_be_accounted_is_refused_with_the_nearest_setting_that_works(
    config: RunConfig, settings: list[str], hint: str
) -> None:
    assert config.with_settings(FTRL).privacy.method == "ftrl"
    with pytest.raises(ValueError, match=hint):
        config.with_settings([*FTRL, *settings])
