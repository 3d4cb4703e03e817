from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword import checkpoint
from nextword.eightbit import quantize, restore
from nextword.model import LanguageModel
from nextword.model_config import OUTPUT_BIAS, ModelConfig
from nextword.runtime import Cache, Floats, Runtime
from nextword.vocabulary import Vocabulary


def _random(seed: int, width: int = 64, heads: int = 2) -> LanguageModel:
    config = ModelConfig(vocabulary=90, width=width, layers=2, heads=heads, hidden=96)
    model = LanguageModel(config).initialise(seed).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8)
    return model


def _all(runtime: Runtime, pieces: list[int], past: Cache | None = None) -> tuple[Floats, Cache]:
    logp, _, cache = runtime.read(np.array([pieces], np.int64), np.arange(len(pieces), dtype=np.int64), past)
    return logp, cache


@given(st.integers(0, 1000), st.sampled_from([(16, 2), (64, 2), (48, 4)]), st.integers(1, 20), st.integers(1, 3))
@settings(max_examples=20)
def test_the_runtime_computes_what_the_model_computes(seed: int, shape: tuple[int, int], T: int, B: int) -> None:
    model = _random(seed, *shape)
    pieces = np.random.default_rng(seed).integers(0, 90, (B, T))
    logp, _, _ = Runtime(model.config, model.weights()).read(pieces, np.arange(B * T, dtype=np.int64))
    with torch.no_grad():
        expected = model(torch.from_numpy(pieces)).log_softmax(-1).flatten(0, 1)
    np.testing.assert_allclose(logp, expected.numpy(), atol=2e-4)


@pytest.mark.parametrize("eight_bit", [False, True])
def test_the_runtime_knows_an_output_bias(tmp_path: Path, vocabulary: Vocabulary, eight_bit: bool) -> None:
    config = ModelConfig(len(vocabulary), width=16, layers=1, heads=2, hidden=24)
    plain = LanguageModel(config).initialise(0)
    biased = LanguageModel(dataclasses.replace(config, output_bias=True)).initialise(0)
    assert not biased.weights()[OUTPUT_BIAS].any()
    biased.set_weights(plain.weights() | {OUTPUT_BIAS: np.linspace(-3, 3, len(vocabulary), dtype=np.float32)})
    assert biased.config.num_parameters == plain.config.num_parameters + len(vocabulary)
    checkpoint.save(tmp_path, biased, vocabulary, eight_bit=eight_bit)
    found = checkpoint.read(tmp_path)
    assert found.config == biased.config
    pieces = [1, 5, 9]
    bare = quantize(plain.weights()) if eight_bit else plain.weights()
    (with_bias, _), (without, _) = (
        _all(Runtime(found.config, found.stored), pieces),
        _all(Runtime(config, bare), pieces),
    )
    expected = without + biased.weights()[OUTPUT_BIAS]
    expected -= np.log(np.exp(expected).sum(1, keepdims=True))
    np.testing.assert_allclose(with_bias, expected, atol=1e-4)


def test_eight_bit_weights_compute_nearly_what_their_rounded_values_do() -> None:
    model = _random(3)
    stored = quantize(model.weights())
    pieces = [1, 5, 9, 40, 41, 7]
    eight, _ = _all(Runtime(model.config, stored), pieces)
    rounded, _ = _all(Runtime(model.config, restore(stored)), pieces)
    divergence = (np.exp(rounded) * (rounded - eight)).sum(1)
    assert np.abs(eight - rounded).max() > 0
    assert divergence.max() < 0.01


@pytest.mark.parametrize("eight_bit", [False, True])
@given(st.lists(st.integers(4, 89), min_size=2, max_size=12), st.data())
@settings(max_examples=20)
def test_reading_in_parts_is_reading_at_once(eight_bit: bool, pieces: list[int], data: st.DataObject) -> None:
    model = _random(1)
    # A hair's breadth may round an activation to the next of its eight-bit steps.
    atol = 0.05 if eight_bit else 1e-4
    runtime = Runtime(model.config, quantize(model.weights()) if eight_bit else model.weights())
    cut = data.draw(st.integers(1, len(pieces) - 1))
    whole, cache = _all(runtime, pieces)
    first, past = _all(runtime, pieces[:cut])
    rest, grown = _all(runtime, pieces[cut:], past)
    np.testing.assert_allclose(np.concatenate([first, rest]), whole, atol=atol)
    again, _ = _all(runtime, pieces[cut:], cache.first(cut))
    np.testing.assert_allclose(again, rest, atol=atol)
    assert grown.num_pieces == len(pieces)


@pytest.mark.parametrize("eight_bit", [False, True])
def test_branches_read_over_a_cache_equal_whole_readings(eight_bit: bool) -> None:
    model = _random(2)
    runtime = Runtime(model.config, quantize(model.weights()) if eight_bit else model.weights())
    context = [1, 30, 31, 32, 33, 34, 35]
    _, cache = _all(runtime, context)
    # branches begun after 5 and after 7 pieces of the context, and a second piece on the first of them
    pieces, positions = np.array([[11, 12, 13]]), np.array([[5, 7, 6]])
    visible = np.zeros((1, 3, 10), bool)
    visible[0, 0, :5] = visible[0, 0, 7] = visible[0, 1, :7] = visible[0, 1, 8] = True
    visible[0, 2, :5] = visible[0, 2, 7] = visible[0, 2, 9] = True
    one, other, deeper = runtime.branches(pieces, np.array([0, 1, 2]), cache, positions, visible)
    first_whole, _ = _all(runtime, [*context[:5], 11, 13])
    other_whole, _ = _all(runtime, [*context, 12])
    for have, want in ((one, first_whole[5]), (other, other_whole[7]), (deeper, first_whole[6])):
        np.testing.assert_allclose(have, want, atol=1e-4)


def test_some_rows_of_a_cache_are_gone_on_from_alone() -> None:
    runtime = Runtime((model := _random(4)).config, model.weights())
    _, _, cache = runtime.read(np.array([[1, 20, 21], [1, 22, 23], [1, 24, 25]]), np.array([2]))
    _, _, grown = runtime.read(np.array([[40], [41]]), np.array([0, 1]), cache.rows([0, 2]))
    _, expected = _all(runtime, [1, 24, 25, 41])
    for have, want in zip(grown.rows([1]).layers, expected.layers, strict=True):
        np.testing.assert_allclose(have, want, atol=1e-5)
    assert (grown.num_rows, grown.num_pieces) == (2, 4)


@pytest.mark.parametrize("eight_bit", [False, True])
def test_a_runtime_stays_as_it_was_whatever_becomes_of_the_weights(eight_bit: bool) -> None:
    model = _random(5)
    stored = quantize(model.weights()) if eight_bit else model.weights()
    runtime = Runtime(model.config, stored)
    before, _ = _all(runtime, [1, 5, 9])
    for values in stored.values():
        values[:] = 0
    del stored, values
    after, _ = _all(runtime, [1, 5, 9])
    assert np.array_equal(after, before)


def test_weights_of_another_shape_are_refused() -> None:
    model = _random(0)
    with pytest.raises(ValueError, match="do not fit the model: blocks.1"):
        Runtime(model.config, {n: x for n, x in model.weights().items() if not n.startswith("blocks.1")})


def test_eight_bit_weights_that_do_not_fit_are_refused_and_mixed_ones_are_taken() -> None:
    model = _random(0)
    stored = quantize(model.weights())
    broken = {name: value for name, value in stored.items() if name != "blocks.0.mlp.up.weight.scale"}
    with pytest.raises(ValueError, match=r"mlp\.up\.weight have no scales"):
        Runtime(model.config, broken)
    mixed = {**stored, "blocks.0.attention.key.weight": model.weights()["blocks.0.attention.key.weight"]}
    del mixed["blocks.0.attention.key.weight.scale"]
    pieces = [1, 5, 9]
    have, want = (_all(Runtime(model.config, weights), pieces)[0] for weights in (mixed, restore(mixed)))
    assert (np.exp(want) * (want - have)).sum(1).max() < 0.01


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell what is resident")
def test_a_batch_takes_little_memory_and_keeps_none() -> None:
    """In a process of its own; an arena for each session would take twice as much, one for all keep that."""
    told = subprocess.run([sys.executable, "-c", _BATCH], check=True, capture_output=True, text=True).stdout.split()
    alone, has_read, is_gone = map(int, told)
    assert has_read - alone < 80
    assert is_gone - alone < 40


_BATCH = """
import ctypes, gc
from pathlib import Path
import numpy as np
from nextword.predictor import Predictor

def resident():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

keyboard = Predictor.load(eight_bit=True)
keyboard.suggest("see you at the")
print(resident())
words = "see you at the station tomorrow morning i think it is fine to go there with my friend".split()
rng = np.random.default_rng(0)
other = Predictor.load(eight_bit=True)
other.states.of([rng.choice(words, size).tolist() for size in rng.integers(3, 41, 100)])
print(resident())
del other
print(resident())
"""


def test_nothing_is_kept_for_or_told_to_those_who_made_the_runtime(tmp_path: Path) -> None:
    asked = "from nextword.predictor import Predictor; from nextword.checkpoint import BUNDLED; "
    asked += "assert Predictor.load(BUNDLED).suggest('see you')"
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    home.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", asked], env=home, check=True)
    assert list(tmp_path.rglob("*")) == []
