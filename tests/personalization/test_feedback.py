"""What the encoding of updates loses is not lost, whatever becomes of the updates on their way."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nextword.federation.codec import Codec
from nextword.federation.config import RunConfig
from personalization import feedback
from personalization.store import DeviceStore

SHAPES = {"w": (40, 30), "v": (25,)}
CODECS = [
    "topk:0.05",
    "topk:0.1+sign",
    "sign",
    "lowrank:2",
    "int5",
    "topk:0.2+hadamard+int4",
    "topk:0.2+hadamard+eden2",
]


def _delta(number: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(number)
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in SHAPES.items()}


def _zeros() -> dict[str, np.ndarray]:
    return {name: np.zeros(shape, np.float32) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("written", CODECS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counted=st.lists(st.booleans(), min_size=1, max_size=12), every=st.integers(1, 5))
def test_what_counted_and_the_residual_sum_to_what_was_trained(
    tmp_path_factory: pytest.TempPathFactory, written: str, counted: list[bool], every: int
) -> None:
    store, codec = DeviceStore(tmp_path_factory.mktemp("device")), Codec(written)
    accepted, received, truth = 0, _zeros(), _zeros()
    for server_round, counts in enumerate(counted, 1):
        key = (0, server_round, 7)
        delta = _delta(server_round)
        encoded, residual = feedback.encode(codec, feedback.with_residual(delta, store.after(7, accepted)), key)
        store.save(7, server_round, residual, base=accepted, checkpoint=(server_round - 1) // every * every)
        if counts:
            accepted = server_round
            read = codec.decode(encoded, SHAPES, key)
            received = {name: received[name] + read[name] for name in SHAPES}
            truth = {name: truth[name] + delta[name] for name in SHAPES}
    left = store.after(7, accepted) or _zeros()
    assert (accepted > 0) == any(counted)
    for name in SHAPES:
        assert np.allclose(received[name] + left[name], truth[name], atol=1e-5)


def _length(arrays: dict[str, np.ndarray]) -> float:
    return math.sqrt(sum(float((array.astype(np.float64) ** 2).sum()) for array in arrays.values()))


def _longest_residual(written: str, rounds: int) -> float:
    """In lengths of the update, which is the same in all rounds."""
    residual: dict[str, np.ndarray] | None = None
    longest = 0.0
    for server_round in range(1, rounds + 1):
        _, residual = feedback.encode(Codec(written), feedback.with_residual(_delta(0), residual), (0, server_round, 7))
        longest = max(longest, _length(residual) / _length(_delta(0)))
    return longest


@pytest.mark.parametrize("written", CODECS)
def test_a_residual_does_not_grow_without_end(written: str) -> None:
    assert _longest_residual(written, 120) < 20


@pytest.mark.parametrize("written", ["int1", "randomk:0.1"])
def test_with_the_codecs_that_are_refused_it_would(written: str) -> None:
    assert _longest_residual(written, 30) > 1000


@pytest.mark.parametrize(
    "written", ["randomk:0.1", "int1", "topk:0.1+int2", "ternary", "int4", "int5:65536", "lowrank:2+int8"]
)
def test_feedback_is_refused_where_it_would_grow(written: str) -> None:
    instead = "lowrank itself" if written.startswith("lowrank") else r"hadamard\+int4 or sign"
    with pytest.raises(
        ValueError, match=f"update.feedback = true: .*set update.feedback=false, or end with {instead}$"
    ):
        RunConfig().with_settings([f"update.codec={written}", "update.feedback=true"])
    RunConfig().with_settings([f"update.codec={written}"])


def test_feedback_is_refused_with_several_clusters() -> None:
    with pytest.raises(ValueError, match=r"set update.feedback=false or clusters.number=1$"):
        RunConfig().with_settings(["update.codec=sign", "update.feedback=true", "clusters.number=2"])


def test_a_wrong_codec_is_refused_with_its_setting() -> None:
    with pytest.raises(ValueError, match=r"update.codec = 'tokp:0.1': .*did you mean topk\?"):
        RunConfig().with_settings(["update.codec=tokp:0.1"])


def test_states_that_the_run_may_fall_back_to_are_kept(tmp_path: Path) -> None:
    store = DeviceStore(tmp_path)

    def kept() -> list[int]:
        return sorted(int(path.stem) for path in tmp_path.rglob("*.safetensors"))

    def save(server_round: int, accepted: int) -> None:
        checkpoint = (server_round - 1) // 5 * 5
        store.save(3, server_round, {"w": np.zeros(1, np.float32)}, base=accepted, checkpoint=checkpoint)

    save(2, 0)
    save(4, 2)
    assert kept() == [2, 4]
    save(6, 4)  # the checkpoint of round 5 knows that 4 counted
    assert kept() == [4, 6]
    save(8, 6)  # and to it the run may go back
    assert kept() == [4, 6, 8]
    save(9, 6)
    save(11, 6)  # neither 8 nor 9 counted
    assert kept() == [6, 11]
