"""Updates on the wire."""

from __future__ import annotations

import numpy as np
import pytest

from nextword.federation.codec import CODECS
from nextword.federation.records import metrics_key, spread, update_key, users_in

UPDATE = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float32)}
SHAPES = {name: array.shape for name, array in UPDATE.items()}


def test_float32_is_lossless() -> None:
    decoded = CODECS["float32"].decode(CODECS["float32"].encode(UPDATE), SHAPES)
    assert all(np.array_equal(decoded[name], UPDATE[name]) for name in UPDATE)


@pytest.mark.parametrize(
    "encoded",
    [
        {"a": UPDATE["a"]},
        UPDATE | {"c": UPDATE["b"]},
        UPDATE | {"b": np.ones(5, np.float32)},
        UPDATE | {"b": np.ones((2, 2), np.float32)},
        UPDATE | {"b": np.ones(4, np.float64)},
        UPDATE | {"b": np.ones(4, ">f4")},
        UPDATE | {"b": np.array(["a", "b", "c", "d"])},
    ],
)
def test_what_cannot_be_an_update_is_refused(encoded: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="."):
        CODECS["float32"].decode(encoded, SHAPES)


def test_the_users_of_a_reply_are_read_from_its_keys() -> None:
    assert users_in([update_key(3), metrics_key(3), metrics_key(12), "other", "update.x", "update.-1"]) == {3, 12}


def test_spreading_gives_everyone_a_home() -> None:
    for population in range(1, 40):
        for nodes in range(1, 12):
            assert spread(population, nodes, 0) * nodes >= population
    assert spread(100, 4, 3) == 3
