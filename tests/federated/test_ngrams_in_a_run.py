"""The n-grams that many people use, found in a run: from sums alone, wherever users live, whatever a device sends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ConfigRecord, Error, Message

from nextword import checkpoint
from nextword.federation import records
from nextword.federation.config import RunConfig
from nextword.federation.ledger import gaussian_epsilon
from nextword.federation.ngrams import LEVELS, Growth, Sketching
from nextword.text import normalise, tokens
from personalization import device
from personalization.ngram_counts import items
from server.app import run_once
from server.run_folder import RunFolder

Grids = Any


@pytest.fixture
def searching(config: RunConfig) -> RunConfig:
    """Two people are enough in so small a corpus."""
    return config.with_settings(
        ["federation.rounds=1", "ngrams.least-users=2", "ngrams.buckets=4096", "ngrams.items=200"]
    )


def _found(config: RunConfig) -> Growth:
    return Growth.load(RunFolder(Path(config.out)).ngrams, checkpoint.read(Path(config.model.start)).vocabulary)


def test_a_search_through_flower_equals_one_by_hand(
    searching: RunConfig, people: tuple[Any, ...], local_grid: Grids
) -> None:
    grid = local_grid(searching, nodes=3)
    summary = run_once(searching, grid)
    by_hand = Growth(checkpoint.read(Path(searching.model.start)).vocabulary)
    sketching = Sketching.of(searching)
    for level in range(LEVELS):
        total = np.zeros((sketching.rows, sketching.buckets), np.int64)
        for split in people:
            texts = device.contribution(split, hold_back=searching.corpus.hold_back)
            found = items(by_hand, [tokens(normalise(text)) for text in texts])
            total += sketching.sketch(found, level, by_hand.parents, by_hand.symbols)
        by_hand.grow(total, sketching, 2)
    through_flower = _found(searching)
    for name, array in by_hand.arrays().items():
        np.testing.assert_array_equal(through_flower.arrays()[name], array)
    assert summary["ngrams"]["found"] == [len(level) for level in by_hand.levels]
    assert summary["ngrams"]["epsilon"] is None
    assert min(summary["ngrams"]["found"][3:]) > 0
    words = {word for split in people for text in split.history for word in tokens(normalise(text)) if len(word) > 5}
    wire = b"\n".join(grid.wire)
    assert words
    assert not any(word.encode() in wire for word in words)


def test_where_users_live_does_not_matter(searching: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    other = searching.model_copy(update={"out": str(tmp_path / "other")})
    run_once(searching, local_grid(searching, nodes=1))
    run_once(other, local_grid(other, nodes=5))
    for name, array in _found(searching).arrays().items():
        np.testing.assert_array_equal(_found(other).arrays()[name], array)


def test_noise_has_a_price_and_a_threshold(searching: RunConfig, local_grid: Grids) -> None:
    noisy = searching.with_settings(["ngrams.noise=0.5", "ngrams.items=4"])
    summary = run_once(noisy, local_grid(noisy, nodes=2))
    spent = summary["ngrams"]
    assert (spent["unit"], spent["accountant"], spent["delta"]) == ("user", "gaussian", 1e-5)
    assert spent["epsilon"] == pytest.approx(gaussian_epsilon(0.5 / 5**0.5, 1e-5))
    assert all((level.people >= 3 * 0.5 * (3 * 4) ** 0.5).all() for level in _found(noisy).levels)


def test_noise_is_as_loud_as_its_price_says(
    searching: RunConfig, local_grid: Grids, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many times what one user can change: each of `rows` numbers by one, for each of `items`."""
    sums: dict[str, list[np.ndarray]] = {}
    grow = Growth.grow

    def watch(growth: Growth, total: np.ndarray, *arguments: Any) -> None:
        sums.setdefault(name, []).append(total)
        grow(growth, total, *arguments)

    monkeypatch.setattr(Growth, "grow", watch)
    for name, noise in (("quiet", 0.0), ("noisy", 0.5)):
        settings = [f"ngrams.noise={noise}", "ngrams.items=4", f"out={tmp_path / name}"]
        config = searching.with_settings(settings)
        run_once(config, local_grid(config, nodes=2))
    added = sums["noisy"][0] - sums["quiet"][0]  # at the first level, where all are asked the same
    assert added.size == 3 * 4096
    assert added.std() == pytest.approx(0.5 * (3 * 4) ** 0.5, rel=0.05)
    assert added.mean() == pytest.approx(0, abs=0.1)


def test_noise_is_the_servers_secret_and_a_resumed_run_has_the_same(
    searching: RunConfig, local_grid: Grids, tmp_path: Path
) -> None:
    noisy = searching.with_settings(["ngrams.noise=0.01"])
    grid = local_grid(noisy, nodes=2)
    run_once(noisy, grid)
    folder = RunFolder(Path(noisy.out))
    before = _found(noisy).arrays()
    assert (before["0.people"] % 1 > 0).any()
    assert str(folder.secret()).encode() not in b"".join(grid.wire)
    assert (folder.path / "secret.json").stat().st_mode & 0o077 == 0
    run_once(noisy, local_grid(noisy, nodes=2), resume=True)
    for name, array in before.items():
        np.testing.assert_array_equal(_found(noisy).arrays()[name], array)
    again = noisy.model_copy(update={"out": str(tmp_path / "again")})
    run_once(again, local_grid(again, nodes=2))  # the same seed, which every device knows
    assert any(not np.array_equal(_found(again).arrays()[name], array) for name, array in before.items())


def test_a_search_that_was_cut_off_goes_on_and_shows_nobody_a_level_twice(
    searching: RunConfig, local_grid: Grids
) -> None:
    """Though who answers has changed: another sum under another noise would be another release."""
    noisy = searching.with_settings(["ngrams.noise=0.01"])
    shown: list[set[bytes]] = [set() for _ in range(LEVELS)]
    asked: list[int] = []

    def watch(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type != "query.ngrams":
            return [reply]
        arrays = {name: array.numpy() for name, array in sent.content.array_records[records.PARAMETERS].items()}
        levels = len(arrays) // 3
        asked.append(levels + 1)
        for level in range(levels):
            shown[level].add(arrays[f"{level}.people"].tobytes())
        lost = sent.metadata.dst_node_id == 1007 and broken
        return [Message(Error(1, "gone"), reply_to=sent)] if lost else [reply]

    def crash(event: dict[str, Any]) -> None:
        if event["event"] == "ngrams" and event["level"] == 3:
            raise KeyboardInterrupt

    broken = False
    with pytest.raises(KeyboardInterrupt):
        run_once(noisy, local_grid(noisy, nodes=2, tamper=watch), observer=crash)
    broken = True
    asked.clear()
    summary = run_once(noisy, local_grid(noisy, nodes=2, tamper=watch), resume=True)
    assert sorted(set(asked)) == [3, 4, 5]  # the third was told and not kept, so nobody was shown it
    assert [len(each) for each in shown] == [1] * (LEVELS - 1) + [0]
    told = [event for event in RunFolder(Path(noisy.out)).events() if event["event"] == "ngrams"]
    assert [(event["level"], event["users"] == 12) for event in told] == [
        (level, level < 3) for level in range(1, LEVELS + 1)
    ]
    asked.clear()
    before = _found(noisy).arrays()
    again = run_once(noisy, local_grid(noisy, nodes=2, tamper=watch), resume=True)
    assert (asked, again["ngrams"], again["rejected"]) == ([], summary["ngrams"], summary["rejected"])
    assert all(np.array_equal(_found(noisy).arrays()[name], array) for name, array in before.items())


def test_without_the_setting_nothing_is_looked_for(config: RunConfig, local_grid: Grids) -> None:
    config = config.with_settings(["federation.rounds=1"])
    assert run_once(config, local_grid(config, nodes=2))["ngrams"] is None
    assert not RunFolder(Path(config.out)).ngrams.exists()


def _sketch(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Message], None]:
    def spoil(reply: Message) -> None:
        record = reply.content.array_records[records.SKETCH]
        record[records.SKETCH] = Array(change(record[records.SKETCH].numpy().copy()))

    return spoil


def _sketch_under_false_words(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Message], None]:
    """Other numbers, of which the record says that they have the right shape and type."""

    def spoil(reply: Message) -> None:
        record = reply.content.array_records[records.SKETCH]
        said = record[records.SKETCH]
        record[records.SKETCH] = Array(said.dtype, said.shape, said.stype, Array(np.asarray(change(said.numpy()))).data)

    return spoil


def _somebody_else(reply: Message) -> None:
    reply.content[records.TASK] = ConfigRecord({records.USERS: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]})


@pytest.mark.parametrize(
    "spoil",
    [
        _sketch(lambda a: a[:, :8]),
        _sketch(lambda a: a.astype(np.float32)),
        _sketch(lambda a: a + 100),
        _sketch(lambda a: np.ones_like(a)),
        _sketch_under_false_words(lambda a: np.full(a.shape, -(10**9), np.int64)),
        _sketch_under_false_words(lambda a: np.full(a.shape, np.nan)),
        _sketch_under_false_words(lambda a: np.array(0, np.uint16)),
        _somebody_else,
        lambda reply: reply.content.pop(records.SKETCH),
    ],
    ids=["shape", "type", "too much", "too many", "negative", "not a number", "one number", "others", "nothing"],
)
def test_a_bad_sketch_is_left_out_and_told(
    searching: RunConfig, local_grid: Grids, spoil: Callable[[Message], None]
) -> None:
    def tamper(sent: Message, reply: Message) -> list[Message]:
        if sent.metadata.message_type == "query.ngrams" and sent.metadata.dst_node_id == 1000:
            spoil(reply)
        return [reply]

    summary = run_once(searching, local_grid(searching, nodes=2, tamper=tamper))
    events = RunFolder(Path(searching.out)).events()
    assert [event["rejected"] for event in events if event["event"] == "ngrams"] == [1] * LEVELS
    assert any("n-grams" in event.get("reason", "") for event in events)
    assert all(event["users"] < 12 for event in events if event["event"] == "ngrams")
    assert summary["ngrams"]["levels"] == LEVELS


def test_a_sketch_that_comes_twice_counts_once(searching: RunConfig, local_grid: Grids, tmp_path: Path) -> None:
    twice = searching.model_copy(update={"out": str(tmp_path / "twice")})
    run_once(searching, local_grid(searching, nodes=2))

    def tamper(sent: Message, reply: Message) -> list[Message]:
        return [reply, reply] if sent.metadata.message_type == "query.ngrams" else [reply]

    run_once(twice, local_grid(twice, nodes=2, tamper=tamper))
    for name, array in _found(searching).arrays().items():
        np.testing.assert_array_equal(_found(twice).arrays()[name], array)


def test_ngrams_of_another_vocabulary_are_refused(searching: RunConfig, local_grid: Grids, vocabulary: Any) -> None:
    run_once(searching, local_grid(searching, nodes=1))
    path = RunFolder(Path(searching.out)).ngrams
    with pytest.raises(ValueError, match="another vocabulary"):
        Growth.load(path, vocabulary)
    path.write_bytes(b"cut")
    with pytest.raises(ValueError, match="cannot be read"):
        Growth.load(path, vocabulary)
