"""Updates on the wire: what a message of several stages keeps, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nextword.federation import download
from nextword.federation.codec import Codec, Update
from nextword.federation.codecs import STAGES
from nextword.federation.records import metrics_key, spread, update_key, users_in

KEY = (1, 2, 3)
LOSSLESS = ("float32", "rows", "rows+float32", "topk:1", "randomk:1")
LOSSY = (
    *(f"int{bits}" for bits in range(1, 9)),
    "int4:7",
    *(f"hadamard+eden{bits}" for bits in range(1, 5)),
    "topk:0.3+hadamard+eden2:100",
    "sign",
    "sign:33",
    "ternary",
    "hadamard",
    "hadamard+int2",
    "topk:0.3",
    "topk:0.1+sign",
    "randomk:0.25+int8",
    "lowrank:2",
    "rows+topk:0.5+hadamard+int4",
    "rows+lowrank:1+int4",
)
SPIKY = np.concatenate([np.float32([9, -8]), np.random.default_rng(0).normal(0, 0.1, 1022).astype(np.float32)])


def _shapes(update: Update) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in update.items()}


def _back(written: str, update: Update, key: tuple[int, ...] = KEY) -> Update:
    return Codec(written).decode(Codec(written).encode(update, key), _shapes(update), key)


@st.composite
def _updates(draw: st.DrawFn) -> Update:
    shapes = draw(st.lists(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=9), max_size=4))
    numbers = st.floats(-30, 30, width=32, allow_subnormal=True) | st.just(0.0)
    arrays = [draw(hnp.arrays(np.float32, shape, elements=numbers)) for shape in shapes]
    return {f"p{number}": array for number, array in enumerate(arrays)}


def test_every_codec_is_tried_here() -> None:
    assert set(STAGES) == {term.partition(":")[0] for written in LOSSLESS + LOSSY for term in written.split("+")}


@pytest.mark.parametrize("written", LOSSLESS + LOSSY)
@settings(max_examples=30, deadline=None)
@given(update=_updates())
def test_an_update_of_any_shape_comes_back_in_its_shapes(written: str, update: Update) -> None:
    back = _back(written, update)
    assert _shapes(back) == _shapes(update)
    assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in back.values())
    if written in LOSSLESS:
        assert all(np.array_equal(back[name], update[name]) for name in update)


@pytest.mark.parametrize("written", LOSSLESS + LOSSY)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_change_of_a_parameter_is_refused(written: str, bad: float) -> None:
    with pytest.raises(ValueError, match="a is not finite, or changes by more"):
        Codec(written).encode({"a": np.array([[1, bad]], np.float32)}, KEY)


@pytest.mark.parametrize("written", LOSSLESS + LOSSY)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_spoiled_bytes_are_refused_or_read_as_finite_numbers(written: str, data: st.DataObject) -> None:
    update = {"a": SPIKY[:600].reshape(30, 20), "b": SPIKY[600:640]}
    encoded = Codec(written).encode(update, KEY)
    name = data.draw(st.sampled_from(sorted(encoded)))
    raw = bytearray(encoded[name].tobytes())
    for place in data.draw(st.lists(st.integers(0, max(0, len(raw) - 1)), max_size=8)):
        raw[place : place + 1] = data.draw(st.binary(max_size=2))
    spoiled = data.draw(st.sampled_from([bytes(raw), data.draw(st.binary(max_size=40)), bytes(raw)[:-1], bytes(2000)]))
    try:
        back = Codec(written).decode(encoded | {name: np.frombuffer(spoiled, np.uint8)}, _shapes(update), KEY)
    except ValueError:
        return  # and nothing else is ever raised
    assert _shapes(back) == _shapes(update)
    assert all(np.isfinite(array).all() for array in back.values())


@pytest.mark.parametrize("written", ["rows+int8", "topk:0.1+int4", "sign", "ternary", "int3"])
def test_a_frame_that_would_burst_is_refused_before_it_is_opened(written: str) -> None:
    update = {"a": SPIKY.reshape(32, 32)}
    encoded = Codec(written).encode(update, KEY)
    whole = zstandard.ZstdCompressor().compress(bytes(2**28))
    stream = zstandard.ZstdCompressor().compressobj()
    unsaid = stream.compress(bytes(2**20)) + stream.flush()
    for frame in (whole[:1000], unsaid):  # the beginning says how much it holds, or nothing does
        for name in encoded:
            with pytest.raises(ValueError, match=r"do not hold|bytes are not"):
                Codec(written).decode(encoded | {name: np.frombuffer(frame, np.uint8)}, _shapes(update), KEY)


@pytest.mark.parametrize(
    ("written", "part", "numbers", "reason"),
    [
        ("float32", "float32", np.float32([np.nan] * 4).view(np.uint8), "not finite"),
        ("int8:4", "int8", np.uint8([0xC0, 0x7F, 1, 2, 3, 4, 0, 0, 0, 0]), "not finite"),
        ("int8:4", "int8", np.uint8([0x00, 0x80, 1, 2, 3, 4, 0, 0, 0, 0]), "negative"),
        ("ternary:4", "ternary", np.uint8([0, 0, 243]), "243"),
        ("rows", "rows", np.uint8([0xFF]), "rows that no matrix has"),
        ("topk:0.5", "topk", np.uint8([0b1000_0000]), "places that are not 2 of 4"),
        ("topk:0.5", "topk", np.uint8([0b0100_1000]), "places that are not 2 of 4"),
        ("hadamard", "hadamard", np.uint8([0]), "nothing to tell"),
        ("float32", "float32", np.zeros(4, np.float32), "not bytes"),
        ("float32", "float32", np.zeros((4, 4), np.uint8), "not bytes"),
        ("float32", "other", np.zeros(4, np.uint8), "parts of the message"),
    ],
)
def test_what_cannot_have_been_written_is_refused(written: str, part: str, numbers: np.ndarray, reason: str) -> None:
    update = {"a": np.float32([[1, -2], [3, 4]])}
    encoded = Codec(written).encode(update, KEY)
    with pytest.raises(ValueError, match=reason):
        Codec(written).decode(encoded | {part: numbers}, _shapes(update), KEY)
    with pytest.raises(ValueError, match="parts of the message"):
        Codec(written).decode({}, _shapes(update), KEY)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("topk:0.1+rows", r"write rows\+topk:0.1$"),
        ("int4+topk:0.1+hadamard", r"write topk:0.1\+hadamard\+int4$"),
        ("int4+sign", "int4 and sign cannot stand in one pipeline"),
        ("topk:0.1+topk:0.2", "topk and topk cannot"),
        ("lowrank:2+topk:0.1", "of lowrank's factors no number can be left out"),
        ("lowrank:2+randomk:0.1+int4", "of lowrank's factors"),
        ("lowrank:4+hadamard+int8", r"leave out hadamard: lowrank:4\+int8$"),
        ("eden2", r"eden2 takes what a rotation has made normal: write hadamard\+eden2$"),
        ("topk:0.2+eden2:4096", r"write topk:0.2\+hadamard\+eden2:4096$"),
        ("lowrank:4+eden1", "lowrank's factors are not: end with int8"),
        ("eden5", "did you mean eden"),
        ("hadamard+eden2:0", "whole number from 1 to 65536, as in eden2:4096, not '0'"),
        ("rows+hadamard+lowrank:4", r"leave out hadamard: rows\+lowrank:4$"),
        ("tokp:0.1", "no codec 'tokp'; did you mean topk?"),
        ("int9", "did you mean int"),
        ("zip", "the codecs are rows, "),
        ("", "no codec ''"),
        ("topk", "topk takes a share above 0 and up to 1, as in topk:0.1, not ''"),
        ("topk:1.5", "not '1.5'"),
        ("randomk:nan", "not 'nan'"),
        ("int4:0", "whole number from 1 to 65536, as in int4:128, not '0'"),
        ("lowrank", "as in lowrank:4, not ''"),
        ("rows:3", "rows takes nothing after it, not '3'"),
    ],
)
def test_a_pipeline_that_cannot_work_is_refused_in_one_line(written: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint) as caught:
        Codec(written)
    assert "\n" not in str(caught.value)


def test_the_same_key_gives_the_same_bytes_and_another_gives_others() -> None:
    update = {"a": SPIKY}
    for written in ("int2", "ternary", "randomk:0.5", "hadamard+int8", "hadamard+eden1", "lowrank:2"):
        arrays = {"a": SPIKY.reshape(32, 32)} if written.startswith("lowrank") else update
        first, again, other = (
            b"".join(part.tobytes() for part in Codec(written).encode(arrays, key).values())
            for key in (KEY, KEY, (1, 2, 4))
        )
        assert first == again != other


def test_the_model_goes_down_in_a_quarter_of_its_bytes_and_each_row_within_half_a_step(weights: Update) -> None:
    sent = download.write(weights, "int8")
    whole = sum(array.nbytes for array in weights.values())
    assert 4 * sum(array.nbytes for array in sent.values()) <= whole
    back = download.read(sent, "int8", whole)
    assert _shapes(back) == _shapes(weights)
    for name, array in weights.items():
        largest = np.abs(array).max(axis=-1, keepdims=True)
        assert (np.abs(back[name] - array) <= largest / 127 * 0.501).all()
    assert download.read(download.write(weights, "float32"), "float32", whole).keys() == weights.keys()
    for spoiled, most in ((sent, whole // 100), ({"int8": sent["int8"][:-9]}, whole), ({}, whole)):
        with pytest.raises(ValueError, match="parameters"):
            download.read(spoiled, "int8", most)


@pytest.fixture(scope="module")
def weights() -> Update:
    """Those of the bundled model."""
    from nextword import checkpoint
    from nextword.eightbit import restore

    return restore(checkpoint.read(checkpoint.BUNDLED).stored)


def test_the_users_of_a_reply_are_read_from_its_keys() -> None:
    assert users_in([update_key(3), metrics_key(3), metrics_key(12), "other", "update.x", "update.-1"]) == {3, 12}


def test_spreading_gives_everyone_a_home() -> None:
    for population in range(1, 40):
        for nodes in range(1, 12):
            assert spread(population, nodes, 0) * nodes >= population
    assert spread(100, 4, 3) == 3
