"""What is a person's own never travels, is not touched by the server, and survives a crash."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from nextword import checkpoint
from nextword.federation.config import RunConfig
from nextword.federation.folders import DEVICES
from nextword.federation.groups import TOP
from nextword.model import LanguageModel
from nextword.model_config import ModelConfig
from personalization import device
from personalization.methods import METHODS, base
from personalization.store import DeviceStore
from server.app import run_once
from server.run_folder import CHECKPOINT

Grids = Any


@pytest.fixture
def layered(config: RunConfig, tmp_path: Path) -> RunConfig:
    """With two blocks, of which the upper one is personal."""
    vocabulary = checkpoint.read(Path(config.model.start)).vocabulary
    shape = ModelConfig(len(vocabulary), width=16, layers=2, heads=2, hidden=32)
    checkpoint.save(tmp_path / "two", LanguageModel(shape).initialise(0), vocabulary)
    return config.with_settings([f"model.start={tmp_path / 'two'}", "personal.method=fedper", "federation.rounds=3"])


def _states(config: RunConfig) -> dict[str, bytes]:
    folder = Path(config.out) / DEVICES
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.safetensors")}


@pytest.mark.parametrize("method", ["fedper", "fedrep"])
def test_personal_parameters_never_travel_and_the_server_leaves_them(
    layered: RunConfig, local_grid: Grids, method: str
) -> None:
    layered = layered.with_settings([f"personal.method={method}"])
    grid = local_grid(layered, nodes=2)
    summary = run_once(layered, grid)
    wire = b"\n".join(grid.wire)
    assert b"blocks.0.mlp.up.weight" in wire
    assert b"blocks.1." not in wire
    assert b"norm.weight" not in wire.replace(b"_norm.weight", b"")
    states = [DeviceStore(Path(layered.out) / DEVICES).load(user) for user in range(14)]
    kept = [state["blocks.1.mlp.up.weight"] for state in states if state]
    assert len(kept) > 3
    assert not any(array.tobytes() in wire for array in kept)
    start, final = (checkpoint.load(folder)[0].weights() for folder in (layered.model.start, summary["model"]))
    for name in start:
        assert np.array_equal(start[name], final[name]) == name.startswith(("blocks.1.", "norm."))
    assert summary["shared_parameters"] < summary["parameters"]


@pytest.mark.parametrize("method", ["fedper", "fedrep", "adapters", "ditto", "apfl"])
def test_nothing_that_a_device_keeps_for_its_person_travels(layered: RunConfig, local_grid: Grids, method: str) -> None:
    layered = layered.with_settings([f"personal.method={method}", "client.optimizer=sgd", "client.learning-rate=0.1"])
    grid = local_grid(layered, nodes=2)
    run_once(layered, grid)
    wire = b"\n".join(grid.wire)
    states = [DeviceStore(Path(layered.out) / DEVICES).load(user) for user in range(14)]
    kept = [array.tobytes() for state in states if state for array in state.values() if array.any()]
    assert len(kept) > 3
    assert not any(array in wire for array in kept)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"per-fedavg"}))
def test_a_frozen_embedding_is_neither_trained_nor_sent_by_any_method(
    layered: RunConfig, local_grid: Grids, method: str
) -> None:
    plain = ["client.optimizer=sgd", "client.learning-rate=0.1"]
    layered = layered.with_settings([f"personal.method={method}", "update.frozen=embedding", *plain])
    grid = local_grid(layered, nodes=2)
    summary = run_once(layered, grid)
    wire = b"\n".join(grid.wire)
    assert b"blocks.0.mlp.up.weight" in wire
    assert b"embedding.weight" not in wire
    start, final = (checkpoint.load(folder)[0].weights() for folder in (layered.model.start, summary["model"]))
    assert np.array_equal(start["embedding.weight"], final["embedding.weight"])
    assert np.abs(start["blocks.0.mlp.up.weight"] - final["blocks.0.mlp.up.weight"]).max() > 0
    assert summary["rejected"] == 0


@pytest.mark.parametrize("frozen", ["embedding", "all-but-norms"])
@pytest.mark.parametrize("private", [False, True])
def test_what_is_never_sent_is_trained_only_where_it_is_personal(
    layered: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch, frozen: str, private: bool
) -> None:
    """Else it would take its part of a clipped gradient, and what is sent would fit to what nobody has."""
    trained: list[set[str]] = []

    def watch(name: str) -> None:
        plain = getattr(base, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            trained.append(set(kwargs["only"]))
            return plain(*args, **kwargs)

        monkeypatch.setattr(base, name, wrapped)

    watch("fit_privately" if private else "fit")
    more = ["dpsgd.noise-multiplier=0.5", "federation.evaluate-every=0"] if private else []
    layered = layered.with_settings([f"update.frozen={frozen}", *more])
    run_once(layered, local_grid(layered, nodes=2))
    names = set(checkpoint.load(Path(layered.model.start))[0].weights())
    own = {name for name in names if name.startswith("blocks.1.")}
    norms = {name for name in names if name.endswith("norm.weight")}
    wanted = norms | own if frozen == "all-but-norms" else names - {"embedding.weight"}
    assert trained
    assert all(each == wanted for each in trained)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"per-fedavg"}))
def test_norms_alone_are_trained_and_sent_by_any_method(layered: RunConfig, local_grid: Grids, method: str) -> None:
    """By methods whose topmost block is personal, those below it."""
    plain = ["client.optimizer=sgd", "client.learning-rate=0.1"]
    layered = layered.with_settings([f"personal.method={method}", "update.frozen=all-but-norms", *plain])
    summary = run_once(layered, local_grid(layered, nodes=2))
    start, final = (checkpoint.load(folder)[0].weights() for folder in (layered.model.start, summary["model"]))
    norms = {name for name in start if name.endswith("norm.weight")}
    shared = {name for name in norms if method not in TOP or name.startswith("blocks.0.")}
    assert {name for name in start if not np.array_equal(start[name], final[name])} == shared
    assert summary["shared_parameters"] == sum(start[name].size for name in shared)
    assert summary["rejected"] == 0


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"per-fedavg", "fedper", "fedrep"}))
@pytest.mark.parametrize("codec", ["float32", "topk:0.5+int8"])
def test_one_part_a_round_moves_and_the_others_stay(
    layered: RunConfig, local_grid: Grids, method: str, codec: str
) -> None:
    """Two blocks and what is in none have their turns in three rounds; a fourth begins anew."""
    plain = ["client.optimizer=sgd", "client.learning-rate=0.1", "federation.rounds=4", f"update.codec={codec}"]
    layered = layered.with_settings([f"personal.method={method}", "update.frozen=all-but-one", *plain])
    before: dict[str, np.ndarray] = dict(checkpoint.load(Path(layered.model.start))[0].weights())
    turns: list[set[str]] = []

    def note(event: dict[str, Any]) -> None:
        if event["event"] == "round" and event["round"] > 1:  # the checkpoint of the round before is there
            kept = safetensors.numpy.load_file(Path(layered.out) / CHECKPOINT)
            now = {name: kept[f"parameters/{name}"] for name in before}
            turns.append({name for name, value in now.items() if not np.array_equal(value, before[name])})
            before.update(now)

    summary = run_once(layered, local_grid(layered, nodes=2), observer=note)
    final = checkpoint.load(summary["model"])[0].weights()
    turns.append({name for name, value in final.items() if not np.array_equal(value, before[name])})
    first, second = ({name for name in before if name.startswith(f"blocks.{number}.")} for number in (0, 1))
    parts = [first, second, set(before) - first - second, first]
    assert all(turn and turn <= part for turn, part in zip(turns, parts, strict=True))
    assert turns == parts or codec != "float32"
    assert summary["rejected"] == 0


def test_what_is_frozen_is_refused_where_it_must_move() -> None:
    either = ("personal.method=per-fedavg", "clusters.number=2")
    feedback, privacy = "update.feedback=true", "privacy.method=central"
    for frozen, settings in (
        ("embedding", either),
        ("all-but-norms", either),
        ("all-but-one", (*either, feedback, privacy)),
    ):
        for setting in settings:
            more = ["update.codec=sign"] if setting == feedback else []
            with pytest.raises(ValueError, match=rf"^update.frozen = {frozen}: .*: set update.frozen=nothing or "):
                RunConfig().with_settings([f"update.frozen={frozen}", setting, *more])


@pytest.mark.parametrize("method", sorted(METHODS))
def test_every_method_runs_through_rounds_and_a_crash_changes_nothing(
    layered: RunConfig, local_grid: Grids, tmp_path: Path, method: str
) -> None:
    layered = layered.with_settings([f"personal.method={method}", "client.optimizer=sgd", "client.learning-rate=0.1"])
    whole = run_once(layered, local_grid(layered, nodes=1))
    cut = layered.model_copy(update={"out": str(tmp_path / "cut")})

    def crash(event: dict[str, Any]) -> None:
        if event["round"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):  # after the devices' second round, before the server's checkpoint of it
        run_once(cut, local_grid(cut, nodes=3), observer=crash)
    resumed = run_once(cut, local_grid(cut, nodes=3), resume=True)
    assert resumed["weights_sha256"] == whole["weights_sha256"]
    if (Path(cut.out) / DEVICES).is_dir():
        assert _states(cut) == _states(layered)
    else:
        assert method in ("fedavg", "per-fedavg")


@pytest.mark.parametrize("method", ["fedper", "adapters", "ditto", "apfl"])
def test_what_went_astray_once_is_not_what_a_person_goes_on_with(
    layered: RunConfig, local_grid: Grids, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    settings = [f"personal.method={method}", "client.optimizer=sgd", "client.learning-rate=0.1"]
    layered = layered.with_settings([*settings, "federation.users-per-round=12", "federation.rounds=2"])
    train = device.train_user
    astray: list[Any] = []

    def diverge(*arguments: Any) -> Any:
        trained = train(*arguments)
        if trained.state and not astray:
            astray.append(next(iter(trained.state.values())))
            astray[0][...] = np.nan
        return trained

    monkeypatch.setattr(device, "train_user", diverge)
    assert run_once(layered, local_grid(layered, nodes=1))["rejected"] == 0
    assert astray
    states = [DeviceStore(Path(layered.out) / DEVICES).load(user) for user in range(12)]
    kept = [state for state in states if state]
    assert len(kept) > 3
    assert all(np.isfinite(array).all() for state in kept for array in state.values())


def test_a_store_keeps_the_state_before_the_last(tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "devices")
    assert store.load(3) is None
    for number in (1, 4, 9):
        store.save(3, number, {"w": np.full(2, number, np.float32)})
    store.save(33, 2, {"w": np.zeros(2, np.float32)})
    newest, before = store.load(3), store.load(3, before=9)
    assert newest is not None
    assert before is not None
    assert (newest["w"][0], before["w"][0]) == (9, 4)
    assert store.load(3, before=4) is None
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "devices").rglob("*.safetensors"))
    (tmp_path / "devices" / "users" / "3" / "9.safetensors").write_bytes(b"cut")
    with pytest.raises(ValueError, match="cannot be read"):
        store.load(3)
    (tmp_path / "devices" / "3-9.safetensors").touch()
    with pytest.raises(ValueError, match="an earlier version kept these states"):
        DeviceStore(tmp_path / "devices")


def test_a_crash_while_a_state_is_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DeviceStore(tmp_path / "devices")
    store.save(3, 1, {"w": np.ones(2, np.float32)})

    def crash(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", crash)
    for server_round in (2, 1):  # the next one, and one that is made again
        with pytest.raises(KeyboardInterrupt):
            store.save(3, server_round, {"w": np.zeros(2, np.float32)})
        left = store.load(3)
        assert left is not None
        assert left["w"].tolist() == [1, 1]


def test_impossible_layers_are_refused_before_anything_starts(layered: RunConfig) -> None:
    from server.start import check_start

    with pytest.raises(ValueError, match="one at least must be shared"):
        check_start(layered.with_settings(["personal.layers=2"]))
