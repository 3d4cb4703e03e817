"""A checkpoint is a folder: `model.safetensors`, `vocabulary.model`, `casing.txt` and `config.json`, which holds the
hashes of the others. A checkpoint of which the forms of words are not known has no `casing.txt`.

The model that comes with nextword is one too, its weights in eight bits.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors
import safetensors.numpy

from nextword import eightbit
from nextword.casing import Casing
from nextword.files import replace_folder, sync
from nextword.model_config import ModelConfig
from nextword.vocabulary import Vocabulary

if TYPE_CHECKING:
    from nextword.model import LanguageModel

BUNDLED = Path(__file__).parent / "bundled"
_FORMAT = 1
_CASING = "casing.txt"


def save(
    folder: Path,
    model: LanguageModel,
    vocabulary: Vocabulary,
    *,
    extra: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] | None = None,
    eight_bit: bool = False,
) -> None:
    """Write a checkpoint, whole or not at all; what stood in `folder` before is replaced.

    `extra` is kept under "about" in config.json: text, steps, seed, licence. `files`, by their names, go with the
    others. With `eight_bit` the weights' file is a quarter as large, and they are rounded.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    building.mkdir()
    try:
        weights = model.weights()
        stored = eightbit.quantize(weights) if eight_bit else weights
        safetensors.numpy.save_file(stored, building / "model.safetensors")
        (building / "vocabulary.model").write_bytes(vocabulary.model)
        if vocabulary.casing.forms:
            (building / _CASING).write_text(vocabulary.casing.write(), encoding="utf-8")
        for name, content in (files or {}).items():
            (building / name).write_bytes(content)
        config = {
            "format": _FORMAT,
            "model": model.config.to_dict(),
            "sha256": {path.name: _sha256(path) for path in sorted(building.iterdir())},
            "about": dict(extra or {}),
        }
        (building / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        for path in building.iterdir():
            sync(path)
        replace_folder(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: the model's shape, its weights as they are stored, and its vocabulary."""

    config: ModelConfig
    stored: eightbit.Stored
    vocabulary: Vocabulary


def read(folder: Path | str) -> Checkpoint:
    """Read a checkpoint. A folder that is none, or whose files are damaged or mixed, is refused in one line."""
    folder = Path(folder)
    config = read_config(folder)
    for name, expected in config["sha256"].items():
        if not (folder / name).is_file():
            raise FileNotFoundError(f"{folder}: {name} is missing from the checkpoint")
        if _sha256(folder / name) != expected:
            raise ValueError(f"{folder}: {name} is damaged or from another checkpoint (its sha256 differs)")
    casing = Casing.read((folder / _CASING).read_text(encoding="utf-8")) if _CASING in config["sha256"] else None
    vocabulary = Vocabulary((folder / "vocabulary.model").read_bytes(), casing=casing)
    shape = ModelConfig(**config["model"])
    if shape.vocabulary != len(vocabulary):
        raise ValueError(
            f"{folder}: the model has {shape.vocabulary} pieces, its vocabulary {len(vocabulary)}: another vocabulary"
        )
    try:
        stored = safetensors.numpy.load_file(folder / "model.safetensors")
    except safetensors.SafetensorError as error:
        raise ValueError(f"{folder}: model.safetensors cannot be read ({error})") from error
    return Checkpoint(shape, stored, vocabulary)


def load(folder: Path | str) -> tuple[LanguageModel, Vocabulary]:
    """Read a checkpoint as a model that can be trained; raises as `read` does."""
    from nextword.model import LanguageModel  # torch takes seconds to import, and a keyboard does without

    found = read(folder)
    model = LanguageModel(found.config)
    model.set_weights(eightbit.restore(found.stored))
    return model.eval(), found.vocabulary


def read_config(folder: Path) -> dict[str, Any]:
    """The parsed config.json of a checkpoint."""
    path = Path(folder) / "config.json"
    if not path.is_file():
        raise FileNotFoundError(f"{folder}: no checkpoint there (no config.json); give a folder written by nextword")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        version = config["format"]
        if version == _FORMAT:
            ModelConfig(**config["model"])
            dict(config["sha256"]), dict(config["about"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path}: not a checkpoint's config.json") from error
    if version != _FORMAT:
        raise ValueError(f"{path}: a checkpoint of format {version}; this version reads format {_FORMAT}")
    return dict(config)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
