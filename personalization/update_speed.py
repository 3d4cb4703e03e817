"""How fast and how small updates are, measured in a process of its own: `python -m personalization.update_speed`.

JSON in and out. A model is trained for some steps on messages, and its update goes through each codec. In the same
process its peers: copying as many bytes, and Flower's record of the update as it is.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from flwr.app import Array, ArrayRecord

from nextword import checkpoint
from nextword.federation.codec import Codec, Update
from nextword.text import normalise
from nextword.training import TrainConfig, fit

CODECS = (
    "float32", "rows", "int8", "int4", "int2", "int1", "hadamard+int4", "hadamard+int2", "hadamard+int1",
    "hadamard+eden4", "hadamard+eden2", "hadamard+eden1", "ternary", "sign", "lowrank:4+int8", "randomk:0.1+int8",
    "topk:0.1+int8", "topk:0.1+int4", "topk:0.15+hadamard+int4:1024", "topk:0.2+hadamard+eden2", "topk:0.03+int4",
    "topk:0.01+sign",
)  # fmt: skip
_TRAINING = TrainConfig(learning_rate=0.7, optimizer="sgd", batch_messages=8)  # about as in the published runs
_TRIALS = 11
_KEY = (0, 1, 0)

Result = TypeVar("Result")


def main() -> None:
    """Read {"model", "messages", "codecs"}; write what was measured."""
    job = json.load(sys.stdin)
    print(json.dumps(measure(Path(job["model"]), job["messages"], job["codecs"])))


def measure(folder: Path, messages: Sequence[str], codecs: Sequence[str]) -> dict[str, Any]:
    """Of each codec the bytes, MB of float32 a second (the best of some trials) and the relative error (Euclidean).

    `ratio_to_memcpy` is the time of copying the update over that of encoding it, `ratio_to_training` that of one pass
    over the messages over that of encoding and decoding. Raises ValueError for a codec that cannot be.
    """
    made = [(name, Codec(name)) for name in codecs]
    torch.set_num_threads(1)
    update, training_s = _trained(folder, messages)
    shapes = {name: array.shape for name, array in update.items()}
    whole_bytes = sum(array.nbytes for array in update.values())

    def mb_s(seconds: float) -> float:
        return whole_bytes / 1e6 / seconds

    copy_s, _ = _timed(lambda: {name: array.copy() for name, array in update.items()})
    written_s, record = _timed(lambda: ArrayRecord({name: Array(array) for name, array in update.items()}))
    read_s, _ = _timed(lambda: {name: array.numpy() for name, array in record.items()})
    record_bytes = _wire_bytes(update)
    rows: list[dict[str, Any]] = []
    for name, codec in made:
        encode_s, encoded = _timed(partial(codec.encode, update, _KEY))
        decode_s, read = _timed(partial(codec.decode, encoded, shapes, _KEY))
        upload_bytes = _wire_bytes(encoded)
        rows.append(
            {
                "name": name,
                "upload_bytes": upload_bytes,
                "ratio_to_float32": whole_bytes / upload_bytes,
                "encode_mb_s": mb_s(encode_s),
                "decode_mb_s": mb_s(decode_s),
                "ratio_to_memcpy": copy_s / encode_s,
                "ratio_to_training": training_s / (encode_s + decode_s),
                "relative_error": _distance(read, update) / _distance(update),
            }
        )
    return {
        "parameters": sum(array.size for array in update.values()),
        "float32_bytes": whole_bytes,
        "training_s": training_s,
        "training_messages": len(messages),
        "memcpy_mb_s": mb_s(copy_s),
        "record": {"upload_bytes": record_bytes, "encode_mb_s": mb_s(written_s), "decode_mb_s": mb_s(read_s)},
        "codecs": rows,
    }


def _trained(folder: Path, messages: Sequence[str]) -> tuple[Update, float]:
    """What the messages change in the model, and how many seconds that took."""
    model, vocabulary = checkpoint.load(folder)
    before = {name: value.copy() for name, value in model.weights().items()}
    pieces = [vocabulary.encode(normalise(text)) for text in messages]
    fit(copy.deepcopy(model), pieces[: _TRAINING.batch_messages], _TRAINING, np.random.default_rng(0))  # warm
    start = time.perf_counter()
    fit(model, pieces, _TRAINING, np.random.default_rng(0))
    seconds = time.perf_counter() - start
    return {name: value - before[name] for name, value in model.weights().items()}, seconds


def _wire_bytes(arrays: dict[str, Any]) -> int:
    """As Flower's record carries them, which is what a run counts."""
    return sum(len(Array(array).data) for array in arrays.values())


def _distance(update: Update, other: Update | None = None) -> float:
    squares = (np.square(array - other[name] if other else array, dtype=np.float64) for name, array in update.items())
    return float(np.sqrt(sum(float(square.sum()) for square in squares)))


def _timed(call: Callable[[], Result]) -> tuple[float, Result]:
    """The time of the best of some trials, which nothing else on the machine has slowed, and the result."""
    times: list[float] = []
    for _ in range(_TRIALS):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result


if __name__ == "__main__":
    main()
