"""How an update is written for the way to the server, and read back there.

An update is the change of the shared parameters by name. What is read comes from an untrusted device.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Update = dict[str, npt.NDArray[np.float32]]
Shapes = Mapping[str, tuple[int, ...]]


class Codec(Protocol):
    """Writes an update as arrays. `decode` raises ValueError for anything that `encode` cannot have written."""

    def encode(self, update: Update) -> dict[str, npt.NDArray[Any]]: ...

    def decode(self, encoded: Mapping[str, npt.NDArray[Any]], shapes: Shapes) -> Update: ...


class Float32:
    """The plain one: each array as it is, four bytes a parameter."""

    def encode(self, update: Update) -> dict[str, npt.NDArray[Any]]:
        return dict(update)

    def decode(self, encoded: Mapping[str, npt.NDArray[Any]], shapes: Shapes) -> Update:
        wrong = sorted(set(encoded) ^ set(shapes))
        if wrong:
            raise ValueError(f"parameters missing or unknown: {len(wrong)}")
        for name, shape in shapes.items():
            if encoded[name].shape != shape:
                raise ValueError(f"{name} has shape {encoded[name].shape}, not {shape}")
            if encoded[name].dtype != np.float32:
                raise ValueError(f"{name} is {encoded[name].dtype}, not float32")
        return {name: encoded[name] for name in shapes}


CODECS: dict[str, Codec] = {"float32": Float32()}
